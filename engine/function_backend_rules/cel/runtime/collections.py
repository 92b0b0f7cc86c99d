"""The extensions for sets, lists, optionals and encoders."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from google.protobuf.message import Message

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS
from function_backend_rules.cel.runtime.operators import equal, less
from function_backend_rules.cel.values import NONE, Duration, OptionalValue, Timestamp

_LARGEST_RANGE = 1_000_000


def _lists(function: str, *values: Any) -> None:
    for value in values:
        if type(value) not in LISTS:
            raise no_overload(function, *values)


def _includes(items: Any, item: Any) -> bool:
    return any(equal(item, other) for other in items)


def sets_contains(budget: Budget, items: Any, part: Any) -> bool:
    """`sets.contains(items, part)`: whether all of `part` is in `items`."""
    _lists("sets.contains", items, part)
    budget.take_elements(len(items) * len(part))
    return all(_includes(items, item) for item in part)


def sets_equivalent(budget: Budget, one: Any, other: Any) -> bool:
    """`sets.equivalent(one, other)`: whether each holds all of the other."""
    return sets_contains(budget, one, other) and sets_contains(budget, other, one)


def sets_intersects(budget: Budget, one: Any, other: Any) -> bool:
    """`sets.intersects(one, other)`: whether they share an element."""
    _lists("sets.intersects", one, other)
    budget.take_elements(len(one) * len(other))
    return any(_includes(one, item) for item in other)


def numbers_to(budget: Budget, count: Any) -> list[int]:
    """`lists.range(count)`: 0 to `count` - 1."""
    if type(count) is not int:
        raise no_overload("lists.range", count)
    if count > _LARGEST_RANGE:
        raise EvaluationError(f"lists.range makes at most {_LARGEST_RANGE} numbers")
    budget.take_elements(max(0, count))
    return list(range(count))


def part_of(budget: Budget, items: Any, start: Any, end: Any) -> list[Any]:
    """`items.slice(start, end)`."""
    _lists("slice", items)
    if type(start) is not int or type(end) is not int:
        raise no_overload("slice", items, start, end)
    if not 0 <= start <= end <= len(items):
        raise EvaluationError(f"index out of range: slice({start}, {end}) of a list of {len(items)}")
    budget.take_elements(end - start)
    return list(items[start:end])


def flatten(budget: Budget, items: Any, depth: Any = 1) -> list[Any]:
    """`items.flatten(depth)`."""
    _lists("flatten", items)
    if type(depth) is not int:
        raise no_overload("flatten", items, depth)
    if depth < 0:
        raise EvaluationError("flatten: level must be non-negative")
    found: list[Any] = []
    budget.take_elements(len(items))
    for item in items:
        if type(item) in LISTS and depth > 0:
            found.extend(flatten(budget, item, depth - 1))
        else:
            found.append(item)
    return found


def distinct(budget: Budget, items: Any) -> list[Any]:
    """`items.distinct()`: the first of each, in order."""
    _lists("distinct", items)
    found: list[Any] = []
    for item in items:
        budget.take_elements(len(found) + 1)
        if not _includes(found, item):
            found.append(item)
    return found


def reverse(budget: Budget, value: Any) -> Any:
    """`value.reverse()` of a list or a string."""
    if type(value) is str:
        budget.take(len(value))
        return value[::-1]
    _lists("reverse", value)
    budget.take_elements(len(value))
    return list(value)[::-1]


def first(items: Any) -> OptionalValue:
    """`items.first()`."""
    _lists("first", items)
    return OptionalValue(items[0]) if len(items) else NONE


def last(items: Any) -> OptionalValue:
    """`items.last()`."""
    _lists("last", items)
    return OptionalValue(items[-1]) if len(items) else NONE


def in_order(budget: Budget, items: Any) -> list[Any]:
    """`items.sort()`."""
    _lists("sort", items)
    return sort_by(budget, list(items), list(items))


def sort_by(budget: Budget, items: list[Any], keys: list[Any]) -> list[Any]:
    """The items in the order of their keys.

    Raises:
        EvaluationError: the keys have no order, as those of different types.
    """
    count = len(items)
    budget.take_elements(count * max(1, count.bit_length()))
    if count > 1:
        for key in keys:
            if type(key) is not type(keys[0]):
                raise no_overload("sort", keys[0], key)
        less(keys[0], keys[1])
    order = sorted(range(count), key=keys.__getitem__)
    return [items[at] for at in order]


# Optionals.


def optional_of(value: Any) -> OptionalValue:
    """`optional.of(value)`."""
    return OptionalValue(value)


def optional_none() -> OptionalValue:
    """`optional.none()`."""
    return NONE


def _is_zero(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, Message):
        return not value.ListFields()
    kind = type(value)
    if kind in LISTS or kind in MAPS or kind in {str, bytes}:
        return len(value) == 0
    if kind in {Timestamp, Duration}:
        return int(value) == 0
    if kind is OptionalValue:
        return not value.present
    return not value


def optional_of_non_zero(value: Any) -> OptionalValue:
    """`optional.ofNonZeroValue(value)`."""
    return NONE if _is_zero(value) else OptionalValue(value)


def _optional(function: str, value: Any) -> OptionalValue:
    if type(value) is not OptionalValue:
        raise no_overload(function, value)
    return value


def has_value(value: Any) -> bool:
    """`value.hasValue()`."""
    return _optional("hasValue", value).present


def value_of(value: Any) -> Any:
    """`value.value()`."""
    optional = _optional("value", value)
    if not optional.present:
        raise EvaluationError("optional.none() dereference")
    return optional.value


def unwrap(items: Any) -> list[Any]:
    """`optional.unwrap(items)`: the values of those that are present."""
    _lists("optional.unwrap", items)
    return [item.value for item in items if _optional("optional.unwrap", item).present]


# Encoders.


def base64_encode(budget: Budget, value: Any) -> str:
    """`base64.encode(value)`."""
    if type(value) is not bytes:
        raise no_overload("base64.encode", value)
    budget.take(2 * len(value))
    return base64.b64encode(value).decode()


def base64_decode(budget: Budget, text: Any) -> bytes:
    """`base64.decode(text)`; padding may be missing."""
    if type(text) is not str:
        raise no_overload("base64.decode", text)
    budget.take(len(text))
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise EvaluationError("the text is not base64") from None
