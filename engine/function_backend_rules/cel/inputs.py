"""What a program is given: by name, of the declared types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import message_factory
from google.protobuf.message import Message

from function_backend_rules.cel.descriptors import Contract
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS
from function_backend_rules.cel.runtime.messages import from_message
from function_backend_rules.cel.types import Type
from function_backend_rules.cel.values import (
    DURATION_LIMIT,
    INT_MAX,
    INT_MIN,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    UINT_MAX,
    Duration,
    OptionalValue,
    Timestamp,
    TypeValue,
    UInt,
)


class InputError(ValueError):
    """An input is missing, unknown or of another type."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        """The name of the input, with what is inside of it, such as `tags[3]`."""
        self.message = message


_RANGES: dict[str, tuple[type[int], int, int]] = {
    "int": (int, INT_MIN, INT_MAX),
    "uint": (UInt, 0, UINT_MAX),
    "timestamp": (Timestamp, TIMESTAMP_MIN, TIMESTAMP_MAX),
    "duration": (Duration, -DURATION_LIMIT, DURATION_LIMIT),
}
_MAX_DEPTH = 100
_NOT_FINITE = {"inf": "'Infinity'", "-inf": "'-Infinity'", "nan": "'NaN'"}
_EXACT: dict[str, type] = {"bool": bool, "double": float, "bytes": bytes, "type": TypeValue, "null": type(None)}


def checked(value: Any, kind: Type, path: str) -> Any:
    """The value as the run time takes it.

    Raises:
        InputError: it is not of the type.
    """
    name = kind.kind
    if name == "message":
        if isinstance(value, Message) and value.DESCRIPTOR.full_name == kind.name:
            return value
        raise InputError(path, f"{_shown(value)} is not a message {kind}")
    if name in _RANGES:
        wanted, low, high = _RANGES[name]
        if isinstance(value, Message):
            value = from_message(value)
        if type(value) is wanted and low <= value <= high:
            return value
        if name == "uint" and type(value) is int and 0 <= value <= UINT_MAX:
            return UInt(value)
        raise InputError(path, f"{_shown(value)} is not a value of type {kind}")
    if name == "string":
        return _text(value, path)
    if name in _EXACT:
        if type(value) is _EXACT[name]:
            return value
        raise InputError(path, f"{_shown(value)} is not a value of type {kind}")
    if name == "wrapper":
        return None if value is None else checked(value, kind.parameters[0], path)
    if name == "list":
        return _list(value, kind, path)
    if name == "map":
        return _map(value, kind, path)
    if name == "optional":
        if type(value) is OptionalValue:
            return OptionalValue(checked(value.value, kind.parameters[0], path)) if value.present else value
        raise InputError(path, f"{_shown(value)} is not an optional")
    return dynamic(value, path)


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, Message) else f"a {value.DESCRIPTOR.full_name}"
    # A number that is not finite is a text in JSON, and is told as one however it came.
    text = _NOT_FINITE.get(text, text)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - enough to know it by


def _text(value: Any, path: str) -> str:
    if type(value) is not str:
        raise InputError(path, f"{_shown(value)} is not a value of type string")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputError(path, "half of a surrogate pair is not text") from None
    return value


def _list(value: Any, kind: Type, path: str) -> Any:
    if type(value) is list:
        return [checked(item, kind.parameters[0], f"{path}[{at}]") for at, item in enumerate(value)]
    if type(value) in LISTS:
        return dynamic(value, path)
    raise InputError(path, f"{_shown(value)} is not a list")


def _map(value: Any, kind: Type, path: str) -> Any:
    if type(value) is dict:
        keys, values = kind.parameters
        return {checked(key, keys, path): checked(item, values, f"{path}[{key!r}]") for key, item in value.items()}
    if type(value) in MAPS:
        return dynamic(value, path)
    if isinstance(value, Message) and value.DESCRIPTOR.full_name == "google.protobuf.Struct":
        return from_message(value)
    raise InputError(path, f"{_shown(value)} is not a map")


def dynamic(value: Any, path: str, depth: int = 0) -> Any:
    """A value whose type nobody has declared.

    Raises:
        InputError: it is none that the language has.
    """
    if value is None or type(value) in {bool, float, bytes, TypeValue}:
        return value
    if depth > _MAX_DEPTH:
        raise InputError(path.partition("[")[0], f"the value nests deeper than {_MAX_DEPTH}")
    if type(value) is str:
        return _text(value, path)
    for wanted, low, high in _RANGES.values():
        if type(value) is wanted:
            if low <= value <= high:
                return value
            raise InputError(path, f"{_shown(value)} is out of range")
    if type(value) is list:
        return [dynamic(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
    if type(value) is dict:
        return {dynamic(key, path): dynamic(item, f"{path}[{key!r}]", depth + 1) for key, item in value.items()}
    if type(value) in LISTS or type(value) in MAPS:
        return value
    if type(value) is OptionalValue:
        return OptionalValue(dynamic(value.value, path, depth + 1)) if value.present else value
    if isinstance(value, Message):
        return from_message(value)
    raise InputError(path, f"{_shown(value)} is not a value of the language")


def _quick(kind: Type, contract: Contract) -> type | None:
    """The class whose instances need no further look; None where there is none."""
    if kind.kind in {"bool", "double", "bytes"}:
        return _EXACT[kind.kind]
    return message_class(kind, contract)


def message_class(kind: Type, contract: Contract) -> type | None:
    """The class of the messages of a type; None where it is no message."""
    descriptor = contract.message(kind.name) if kind.kind == "message" else None
    return message_factory.GetMessageClass(descriptor) if descriptor is not None else None


def of_version(value: object, kind: Type, wanted: type | None, path: str) -> Any:
    """The message when it is of the very type that expressions were checked against.

    Another pool may have another version of a type under the same name, whose fields are of other types.

    Raises:
        InputError: it is not.
    """
    if wanted is not None and isinstance(value, Message) and type(value) is not wanted:
        raise InputError(path, f"the message is of another version of {kind} than the rules; parse it with theirs")
    return value


class InputRules:
    """Puts inputs in order and looks at their types."""

    def __init__(self, variables: Mapping[str, Type], contract: Contract) -> None:
        self._variables = tuple((name, kind, _quick(kind, contract)) for name, kind in variables.items())

    def ordered(self, bindings: Mapping[str, object]) -> list[Any]:
        """The inputs in the order they are declared in.

        Raises:
            InputError: one is missing or of another type. What is not declared is not looked at.
        """
        found = []
        for name, kind, quick in self._variables:
            if name not in bindings:
                raise InputError(name, f"the input {name!r} of type {kind} is missing")
            value = bindings[name]
            found.append(value if type(value) is quick else of_version(checked(value, kind, name), kind, quick, name))
        return found
