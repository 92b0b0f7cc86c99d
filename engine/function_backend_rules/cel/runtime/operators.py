"""The operators over values of any type: what the exact path calls, and the fast path where types are not known."""

from __future__ import annotations

import math
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS, NUMBERS, PLAIN
from function_backend_rules.cel.runtime.messages import has_field, read_field
from function_backend_rules.cel.runtime.times import in_duration_range, in_time_range
from function_backend_rules.cel.values import (
    INT_MAX,
    INT_MIN,
    NONE,
    UINT_MAX,
    Duration,
    OptionalValue,
    Timestamp,
    UInt,
)

_ANY = "google.protobuf.Any"
_DOUBLES = frozenset({FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT})


def overflow() -> EvaluationError:
    """The error of a result that int or uint cannot hold."""
    return EvaluationError("the result is out of the range of 64-bit integers")


# Equality.


def equal(one: Any, other: Any) -> bool:
    """Whether two values are equal; those of different kinds are not, save numbers."""
    kind, its = type(one), type(other)
    if kind is its and kind in PLAIN:
        return bool(one == other)
    if kind in NUMBERS and its in NUMBERS:
        one, other = _alike(one, other)
        return bool(one == other)
    if kind in LISTS:
        return its in LISTS and len(one) == len(other) and all(map(equal, one, other))
    if kind in MAPS:
        return its in MAPS and len(one) == len(other) and all(_same_entry(key, one[key], other) for key in one)
    if kind is OptionalValue:
        if its is not OptionalValue or one.present != other.present:
            return False
        return not one.present or equal(one.value, other.value)
    if isinstance(one, Message):
        return isinstance(other, Message) and _same_message(one, other)
    return False


def _same_entry(key: object, value: object, other: Any) -> bool:
    found = find(other, key)
    return found is not _MISSING and equal(value, found)


def _same_message(one: Message, other: Message) -> bool:
    if one.DESCRIPTOR.full_name != other.DESCRIPTOR.full_name:
        return False
    if len(UnknownFieldSet(one)) or len(UnknownFieldSet(other)):  # Of what nobody knows, the bytes count.
        return one.SerializeToString(deterministic=True) == other.SerializeToString(deterministic=True)
    if not _needs_care(one):
        return bool(one == other)
    fields = one.ListFields()
    if [field.name for field, _ in fields] != [field.name for field, _ in other.ListFields()]:
        return False
    return all(_same_field(one, other, field) for field, _ in fields)


def _same_field(one: Any, other: Any, field: Any) -> bool:
    if field.message_type is not None and field.message_type.full_name == _ANY and not field.is_repeated:
        held, its = getattr(one, field.name), getattr(other, field.name)
        if not held.type_url or not its.type_url:  # Nobody knows what is in them: the bytes count.
            return bool(held.type_url == its.type_url and held.value == its.value)
    return equal(read_field(one, field.name), read_field(other, field.name))


def _needs_care(message: Message) -> bool:
    """Whether `==` of Python may differ: NaN is never equal, and an Any equals by what it holds."""
    return any(field.type in _DOUBLES or field.message_type is not None for field, _ in message.ListFields())


def not_equal(one: object, other: object) -> bool:
    """The opposite of `equal`."""
    return not equal(one, other)


# Order.


def _alike(one: Any, other: Any) -> tuple[Any, Any]:
    """Two numbers as the language compares them: beside a double, an integer is turned into one, which may round."""
    if (type(one) is float) != (type(other) is float):
        return float(one), float(other)
    return one, other


def _comparable(function: str, one: Any, other: Any) -> tuple[Any, Any]:
    kind, its = type(one), type(other)
    if kind in NUMBERS and its in NUMBERS:
        return _alike(one, other)
    if kind is its and kind in {bool, str, bytes, Timestamp, Duration}:
        return one, other
    raise no_overload(function, one, other)


def less(one: Any, other: Any) -> bool:
    """`one < other`."""
    one, other = _comparable("_<_", one, other)
    return bool(one < other)


def less_equal(one: Any, other: Any) -> bool:
    """`one <= other`."""
    one, other = _comparable("_<=_", one, other)
    return bool(one <= other)


def greater(one: Any, other: Any) -> bool:
    """`one > other`."""
    one, other = _comparable("_>_", one, other)
    return bool(one > other)


def greater_equal(one: Any, other: Any) -> bool:
    """`one >= other`."""
    one, other = _comparable("_>=_", one, other)
    return bool(one >= other)


# Arithmetic.


def to_int(value: int) -> int:
    """The number when int can hold it.

    Raises:
        EvaluationError: it cannot.
    """
    if INT_MIN <= value <= INT_MAX:
        return value
    raise overflow()


def to_uint(value: int) -> UInt:
    """The number when uint can hold it.

    Raises:
        EvaluationError: it cannot.
    """
    if 0 <= value <= UINT_MAX:
        return UInt(value)
    raise overflow()


def add(budget: Budget, one: Any, other: Any) -> Any:
    """`one + other`."""
    kind, its = type(one), type(other)
    if kind is its:
        if kind is int:
            return to_int(one + other)
        if kind is UInt:
            return to_uint(int(one) + int(other))
        if kind is float:
            return one + other
        if kind in {str, bytes}:
            budget.take(len(one) + len(other))
            return one + other
        if kind is Duration:
            return in_duration_range(int(one) + int(other))
    if kind in LISTS and its in LISTS:
        budget.take_elements(len(one) + len(other))
        return [*one, *other]
    if {kind, its} == {Timestamp, Duration}:
        return in_time_range(int(one) + int(other))
    raise no_overload("_+_", one, other)


def subtract(one: Any, other: Any) -> Any:
    """`one - other`."""
    kind, its = type(one), type(other)
    if kind is its:
        if kind is int:
            return to_int(one - other)
        if kind is UInt:
            return to_uint(int(one) - int(other))
        if kind is float:
            return one - other
        if kind in {Duration, Timestamp}:
            return in_duration_range(int(one) - int(other))
    if kind is Timestamp and its is Duration:
        return in_time_range(int(one) - int(other))
    raise no_overload("_-_", one, other)


def multiply(one: Any, other: Any) -> Any:
    """`one * other`."""
    kind = type(one)
    if kind is type(other):
        if kind is int:
            return to_int(one * other)
        if kind is UInt:
            return to_uint(int(one) * int(other))
        if kind is float:
            return one * other
    raise no_overload("_*_", one, other)


def divide(one: Any, other: Any) -> Any:
    """`one / other`; integers are cut towards zero."""
    kind = type(one)
    if kind is type(other):
        if kind is int:
            return divide_int(one, other)
        if kind is UInt:
            if other == 0:
                raise EvaluationError("division by zero")
            return UInt(int(one) // int(other))
        if kind is float:
            return divide_double(one, other)
    raise no_overload("_/_", one, other)


def divide_int(one: int, other: int) -> int:
    """`one / other`, cut towards zero."""
    if other == 0:
        raise EvaluationError("division by zero")
    quotient = abs(one) // abs(other)
    return to_int(quotient if (one < 0) == (other < 0) else -quotient)


def divide_double(one: float, other: float) -> float:
    """`one / other`, infinite or NaN for a division by zero."""
    if other != 0:
        return one / other
    if one == 0 or math.isnan(one):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, other)


def modulo(one: Any, other: Any) -> Any:
    """`one % other`, with the sign of `one`."""
    kind = type(one)
    if kind is type(other) and kind in {int, UInt}:
        if other == 0:
            raise EvaluationError("modulus by zero")
        if kind is UInt:
            return UInt(int(one) % int(other))
        if one == INT_MIN and other == -1:
            raise overflow()
        rest = abs(one) % abs(other)
        return -rest if one < 0 else rest
    raise no_overload("_%_", one, other)


def negate(value: Any) -> Any:
    """`-value`."""
    kind = type(value)
    if kind is int:
        return to_int(-value)
    if kind is float:
        return -value
    if kind is Duration:
        return in_duration_range(-int(value))
    raise no_overload("-_", value)


def invert(value: object) -> bool:
    """`!value`."""
    if type(value) is bool:
        return not value
    raise no_overload("!_", value)


def as_bool(value: object) -> bool:
    """The value when it is a bool.

    Raises:
        EvaluationError: it is not.
    """
    if type(value) is bool:
        return value
    raise no_overload("a condition", value)


# Lists, maps and fields.

_MISSING = object()


def find(container: Any, key: Any) -> Any:
    """The value under a key of a map, or a mark that it is missing. Numbers of all kinds find each other."""
    kind = type(key)
    if kind in {bool, int, UInt, float} and len(container):
        # To Python, True is 1; in the language it is not. No map mixes them.
        if (type(next(iter(container))) is bool) != (kind is bool):
            return _MISSING
        if kind is float:
            if not key.is_integer():
                return _MISSING
            key = int(key)
    elif kind is not str:
        return _MISSING
    try:
        # Of map fields `[]` would insert what is missing.
        return container[key] if key in container else _MISSING  # noqa: SIM401 - see above
    except (TypeError, ValueError, OverflowError):
        return _MISSING  # A map field is asked for a key of another type.


def _position(items: Any, index: Any) -> int:
    kind = type(index)
    if kind is float and index.is_integer():
        index = int(index)
    elif kind not in {int, UInt}:
        raise no_overload("_[_]", items, index)
    if not 0 <= index < len(items):
        raise EvaluationError(f"index out of bounds: {int(index)} of a list of {len(items)}")
    return int(index)


def index(container: Any, key: Any) -> Any:
    """`container[key]`."""
    kind = type(container)
    if kind in LISTS:
        return container[_position(container, key)]
    if kind in MAPS:
        found = find(container, key)
        if found is _MISSING:
            raise EvaluationError(f"no such key: {key!r}")
        return found
    if kind is OptionalValue:
        return optional_index(container, key)
    raise no_overload("_[_]", container, key)


def index_list(items: Any, at: int) -> Any:
    """`items[at]` of a list and an int."""
    if 0 <= at < len(items):
        return items[at]
    raise EvaluationError(f"index out of bounds: {at} of a list of {len(items)}")


def index_text_map(container: Any, key: str) -> Any:
    """`container[key]` of a map whose keys are strings."""
    if key in container:
        return container[key]
    raise EvaluationError(f"no such key: {key!r}")


def optional_index(container: Any, key: Any) -> OptionalValue:
    """`container[?key]`."""
    if type(container) is OptionalValue:
        if not container.present:
            return NONE
        container = container.value
    kind = type(container)
    if kind in LISTS:
        if type(key) not in {int, UInt, float}:
            raise no_overload("_[?_]", container, key)
        return OptionalValue(container[int(key)]) if key == int(key) and 0 <= key < len(container) else NONE
    if kind in MAPS:
        found = find(container, key)
        return NONE if found is _MISSING else OptionalValue(found)
    raise no_overload("_[?_]", container, key)


def contained(budget: Budget, item: Any, container: Any) -> bool:
    """`item in container`."""
    kind = type(container)
    if kind in LISTS:
        budget.take_elements(len(container))
        return any(equal(item, other) for other in container)
    if kind in MAPS:
        return find(container, item) is not _MISSING
    raise no_overload("@in", item, container)


def select(operand: Any, name: str) -> Any:
    """`operand.name`."""
    if isinstance(operand, Message):
        return read_field(operand, name)
    kind = type(operand)
    if kind in MAPS:
        found = find(operand, name)
        if found is _MISSING:
            raise EvaluationError(f"no such key: {name!r}")
        return found
    if kind is OptionalValue:
        return optional_select(operand, name)
    raise EvaluationError(f"no such field: a value of type {kind.__name__} has no {name!r}")


def has(operand: Any, name: str) -> bool:
    """`has(operand.name)`."""
    if isinstance(operand, Message):
        return has_field(operand, name)
    kind = type(operand)
    if kind in MAPS:
        return find(operand, name) is not _MISSING
    if kind is OptionalValue:
        return operand.present and has(operand.value, name)
    raise EvaluationError(f"no such field: a value of type {kind.__name__} has no {name!r}")


def optional_select(operand: Any, name: str) -> OptionalValue:
    """`operand.?name`."""
    if type(operand) is OptionalValue:
        if not operand.present:
            return NONE
        operand = operand.value
    if not has(operand, name):
        return NONE
    found = select(operand, name)
    return found if type(found) is OptionalValue else OptionalValue(found)


# Making lists, maps and messages.


def make_optional_list(budget: Budget, elements: list[Any], optional: frozenset[int]) -> list[Any]:
    """The elements, where those at `optional` are optionals and are left out when absent."""
    budget.take_elements(len(elements))
    found = []
    for at, element in enumerate(elements):
        if at not in optional:
            found.append(element)
            continue
        if type(element) is not OptionalValue:
            raise no_overload("[?_]", element)
        if element.present:
            found.append(element.value)
    return found


def make_map(budget: Budget, entries: list[tuple[Any, Any]], optional: frozenset[int] = frozenset()) -> dict[Any, Any]:
    """The map of these entries.

    Raises:
        EvaluationError: a key is twice there, or is no key.
    """
    budget.take_elements(2 * len(entries))
    found: dict[Any, Any] = {}
    for at, (key, value) in enumerate(entries):
        if at in optional:
            if type(value) is not OptionalValue:
                raise no_overload("{?_: _}", value)
            if not value.present:
                continue
            value = value.value  # noqa: PLW2901 - from here on it is like any other
        put(found, key, value)
    return found


def put(target: dict[Any, Any], key: Any, value: Any) -> None:
    """Adds an entry to a map.

    Raises:
        EvaluationError: the key is there, or is no key.
    """
    kind = type(key)
    if kind not in {bool, int, UInt, str}:
        raise EvaluationError(f"a value of type {kind.__name__} is not a key of a map")
    if target and kind is not str and (type(next(iter(target))) is bool) != (kind is bool):
        raise EvaluationError("the keys of one map may not be both bool and others")
    if key in target:
        raise EvaluationError(f"the key {key!r} is there twice")
    target[key] = value


def elements(value: Any) -> Any:
    """What a loop with one variable goes over: the elements of a list, the keys of a map."""
    if type(value) in LISTS or type(value) in MAPS:
        return value
    raise EvaluationError(f"a value of type {type(value).__name__} is neither list nor map, and cannot be looped over")


def pairs(value: Any) -> list[tuple[Any, Any]]:
    """What a loop with two variables goes over: index and element, or key and value."""
    if type(value) in LISTS:
        return list(enumerate(value))
    if type(value) in MAPS:
        return [(key, value[key]) for key in value]
    raise EvaluationError(f"a value of type {type(value).__name__} is neither list nor map, and cannot be looped over")


def message_class(pool: Any, name: str) -> Any:
    """The class of a message."""
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
