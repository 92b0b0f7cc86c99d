"""Reading the inputs of a decision: from JSON, from messages, from Python values."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import any_pb2, json_format, message_factory
from google.protobuf.message import DecodeError, Message

from function_backend_rules.cel.environment import Environment
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.inputs import InputError, checked, dynamic, message_class, of_version
from function_backend_rules.cel.names import nearest
from function_backend_rules.cel.runtime.conversions import to_duration, to_integer, to_timestamp, to_unsigned
from function_backend_rules.cel.runtime.json_form import json_form
from function_backend_rules.cel.runtime.messages import from_message
from function_backend_rules.cel.types import Type
from function_backend_rules.cel.values import NONE, OptionalValue, UInt

_MAX_DEPTH = 50
_UNKNOWN_FIELD = re.compile(r'no field named "([^"]*)".*?"\[(.*)\]"', re.DOTALL)


class InputRefusedError(ValueError):
    """An input is missing, unknown or of another type."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        """The name of the input, with what is inside of it, such as `tags[3]` or `company.status`."""
        self.message = message


class InputReader:
    """Reads the inputs that an environment declares, all but `now`."""

    def __init__(self, environment: Environment, now: str) -> None:
        self._contract = environment.contract
        self._pool = environment.contract.pool
        self._types = {name: kind for name, kind in environment.variables.items() if name != now}
        self._classes = {
            kind.name: message_factory.GetMessageClass(self._pool.FindMessageTypeByName(kind.name))
            for kind in self._types.values()
            if kind.kind == "message"
        }

    def from_values(self, values: Mapping[str, object]) -> list[object]:
        """The inputs of run-time values, in order.

        Raises:
            InputRefusedError: one is not in order.
        """
        return self._all(values, self._of_value)

    def from_json(self, values: Mapping[str, object]) -> list[object]:
        """The inputs of their JSON forms, in order.

        Raises:
            InputRefusedError: one is not in order.
        """
        return self._all(values, self._of_json)

    def from_any(self, values: Mapping[str, any_pb2.Any]) -> list[object]:
        """The inputs of packed messages, in order.

        Raises:
            InputRefusedError: one is not in order.
        """
        return self._all(values, self._of_any)

    def from_mixed(self, values: Mapping[str, object]) -> list[object]:
        """The inputs of messages as they are, and of the JSON forms of everything else, in order.

        Raises:
            InputRefusedError: one is not in order.
        """
        return self._all(values, self._of_mixed)

    def from_sent(self, messages: Mapping[str, any_pb2.Any], json: Mapping[str, object]) -> list[object]:
        """The inputs of packed messages and of JSON forms, in order.

        Raises:
            InputRefusedError: one is not in order.
        """
        return self._all({**json, **messages}, self._of_sent)

    def json_value(self, value: object, kind: Type, path: str) -> Any:
        """The run-time value of the JSON form of a type.

        Raises:
            InputRefusedError: it is none.
        """
        try:
            return self._of_json(value, kind, path)
        except InputError as error:
            raise InputRefusedError(error.path, error.message) from None

    def _all(self, values: Mapping[str, Any], read: Callable[[Any, Type, str], Any]) -> list[object]:
        found: list[object] = []
        given = 0
        try:
            for name, kind in self._types.items():
                if name in values:
                    given += 1
                    found.append(read(values[name], kind, name))
                elif kind.kind == "optional":
                    found.append(NONE)
                else:
                    raise InputRefusedError(name, f"the input {name!r} of type {kind} is missing")
        except InputError as error:
            raise InputRefusedError(error.path, error.message) from None
        if given != len(values):
            unknown = next(name for name in values if name not in self._types)
            hint = nearest(unknown, self._types) or "leave it out"
            raise InputRefusedError(unknown, f"there is no input {unknown!r} ({hint})")
        return found

    def _of_value(self, value: object, kind: Type, path: str) -> Any:
        return of_version(checked(value, kind, path), kind, message_class(kind, self._contract), path)

    def _of_any(self, value: any_pb2.Any, kind: Type, path: str) -> Any:
        name = value.type_url.rpartition("/")[2]
        # Most inputs are of the type that is declared, whose class is known.
        made = self._classes.get(name)
        if made is None:
            if not name:
                raise InputError(path, "the Any is empty")
            try:
                made = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(name))
            except KeyError:
                raise InputError(path, f"the message {name!r} is not known") from None
        try:
            message = made.FromString(value.value)
        except DecodeError:
            raise InputError(path, f"the bytes are not a {name}") from None
        if name == kind.name:
            return message
        return self._of_message(message, kind, path)

    def _of_sent(self, value: Any, kind: Type, path: str) -> Any:
        read = self._of_any if isinstance(value, any_pb2.Any) else self._of_json
        return read(value, kind, path)

    def _of_mixed(self, value: Any, kind: Type, path: str) -> Any:
        if isinstance(value, Message):
            return self._of_message(value, kind, path)
        return self._of_json(value, kind, path)

    def _of_message(self, message: Message, kind: Type, path: str) -> Any:
        if kind.kind == "message":
            return checked(message, kind, path)
        try:
            held = from_message(message)
        except EvaluationError as error:
            raise InputError(path, error.message) from None
        if kind.kind == "optional":
            return OptionalValue(checked(held, kind.parameters[0], path))
        return checked(held, kind, path)

    def _of_json(self, value: Any, kind: Type, path: str, depth: int = 0) -> Any:
        if depth > _MAX_DEPTH:
            raise InputError(path, f"the value nests deeper than {_MAX_DEPTH}")
        name = kind.kind
        if name in _SCALARS:
            return self._scalar(value, kind, path)
        if name == "message":
            return self._message(value, kind, path)
        if name == "wrapper":
            return None if value is None else self._of_json(value, kind.parameters[0], path, depth + 1)
        if name == "optional":
            return NONE if value is None else OptionalValue(self._of_json(value, kind.parameters[0], path, depth + 1))
        if name == "list":
            if not isinstance(value, list | tuple):
                raise InputError(path, f"{_shown(value)} is not a list")
            inner = kind.parameters[0]
            return [self._of_json(item, inner, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
        if name == "map":
            return self._map(value, kind, path, depth)
        return dynamic(_plain(value, path, depth), path)

    def _map(self, value: Any, kind: Type, path: str, depth: int) -> dict[Any, Any]:
        if not isinstance(value, Mapping):
            raise InputError(path, f"{_shown(value)} is not an object")
        keys, values = kind.parameters
        return {
            self._key(key, keys, path): self._of_json(item, values, f"{path}[{key!r}]", depth + 1)
            for key, item in value.items()
        }

    def _key(self, key: Any, kind: Type, path: str) -> Any:
        if kind.kind == "bool" and key in {"true", "false"}:
            return key == "true"
        return self._scalar(key, kind, path) if kind.kind in _SCALARS else key

    def _message(self, value: Any, kind: Type, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise InputError(path, f"{_shown(value)} is not the JSON object of a {kind}")
        message = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(kind.name))()
        try:
            json_format.ParseDict(dict(value), message, descriptor_pool=self._pool, max_recursion_depth=_MAX_DEPTH)
        except json_format.ParseError as error:
            raise InputError(path, _parse_message(error)) from None
        except (TypeError, ValueError, RecursionError, AttributeError):
            raise InputError(path, f"the object is not a {kind}") from None
        return message

    def _scalar(self, value: Any, kind: Type, path: str) -> Any:
        try:
            read = _SCALARS[kind.kind](value)
        except (EvaluationError, ValueError, TypeError, OverflowError, binascii.Error):
            raise InputError(path, f"{_shown(value)} is not a value of type {kind}") from None
        return checked(read, kind, path)


def _parse_message(error: Exception) -> str:
    """What is wrong with the JSON of a message, without the list of all fields."""
    text = str(error).split("\n", 1)[0].strip()
    unknown = _UNKNOWN_FIELD.search(str(error))
    if unknown is None:
        return text
    known = [name.strip("' ") for name in unknown[2].split(",")]
    return f"{text} ({nearest(unknown[1], known) or 'leave it out'})"


def _integer(value: Any) -> int:
    if type(value) is float and not value.is_integer():
        raise ValueError(value)
    return to_integer(value)


def _unsigned(value: Any) -> UInt:
    if type(value) is float and not value.is_integer():
        raise ValueError(value)
    return to_unsigned(value)


def _double(value: Any) -> float:
    if type(value) in {int, float}:
        return float(value)
    special = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    return special[value] if value in special else float(_text(value))


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(value)
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError(value)
    return value


def _bytes(value: Any) -> bytes:
    text = _text(value).replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "bool": _boolean,
    "int": _integer,
    "uint": _unsigned,
    "double": _double,
    "string": _text,
    "bytes": _bytes,
    "timestamp": lambda value: to_timestamp(_text(value)),
    "duration": lambda value: to_duration(_text(value)),
    "null": lambda value: value,
}


def _plain(value: Any, path: str, depth: int) -> Any:
    """JSON of a type that nobody has declared, with plain lists and dicts."""
    if depth > _MAX_DEPTH:
        raise InputError(path, f"the value nests deeper than {_MAX_DEPTH}")
    if isinstance(value, Mapping):
        return {str(key): _plain(item, path, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, path, depth + 1) for item in value]
    return value


def _shown(value: object) -> str:
    # A number that is not finite is a text in JSON, and is told as one wherever it is read.
    text = repr(json_form(value) if isinstance(value, float) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - enough to know it by
