"""Values in a form that says exactly what they are, so that two engines can be compared.

Kinds differ (an int is no uint), NaN equals itself, the order of a map does not matter, and messages are compared by
what they hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from google.protobuf.message import Message

from function_backend_rules.cel import values

_NANOS = 1_000_000_000


class Canonical(NamedTuple):
    """A value with its kind."""

    kind: str
    content: Any

    def __str__(self) -> str:
        if self.kind == "list":
            return f"[{', '.join(map(str, self.content))}]"
        if self.kind == "map":
            return "{" + ", ".join(sorted(f"{key}: {value}" for key, value in self.content)) + "}"
        if self.kind == "message":
            return f"{self.content[0]}{{{self.content[1]!r}}}"
        return f"{self.kind}({self.content!r})"


NULL = Canonical("null", None)
_KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    values.UInt: "uint",
    values.Timestamp: "timestamp",
    values.Duration: "duration",
    str: "string",
    bytes: "bytes",
}
_WHOLE = frozenset({"int", "uint", "timestamp", "duration"})


def of(value: object) -> Canonical:
    """The canonical form of a run-time value of the engine.

    Raises:
        TypeError: the engine has no such values.
    """
    kind = _KINDS.get(type(value))
    if kind is not None:
        return Canonical(kind, int(cast("int", value)) if kind in _WHOLE else value)
    match value:
        case float():
            return double(value)
        case values.TypeValue():
            return Canonical("type", value.name)
        case values.OptionalValue():
            return Canonical("optional", of(value.value) if value.present else None)
        case Message():
            return message(value)
        case _:
            return _container(value)


def _container(value: object) -> Canonical:
    # Protobuf's own containers are registered as neither Sequence nor Mapping in every implementation.
    if isinstance(value, Mapping) or hasattr(value, "items"):
        mapping = cast("Mapping[object, object]", value)
        return mapped((of(key), of(item)) for key, item in mapping.items())
    if isinstance(value, Sequence) or hasattr(value, "extend"):
        return listed(of(item) for item in cast("Sequence[object]", value))
    raise TypeError(f"the engine returned a {type(value).__qualname__}: {value!r}")


def double(value: float) -> Canonical:
    """The canonical form of a double."""
    return Canonical("double", "NaN" if math.isnan(value) else value)


def listed(items: Iterable[Canonical]) -> Canonical:
    """The canonical form of a list."""
    return Canonical("list", tuple(items))


def mapped(entries: Iterable[tuple[Canonical, Canonical]]) -> Canonical:
    """The canonical form of a map."""
    return Canonical("map", frozenset(entries))


def message(value: Any) -> Canonical:
    """The canonical form of a message, the types that CEL has values of its own for included."""
    name = value.DESCRIPTOR.full_name
    if name in {"google.protobuf.Timestamp", "google.protobuf.Duration"}:
        return Canonical(name.rpartition(".")[2].lower(), value.seconds * _NANOS + value.nanos)
    if name == "google.protobuf.Struct":
        return mapped((Canonical("string", key), message(item)) for key, item in value.fields.items())
    if name == "google.protobuf.ListValue":
        return listed(message(item) for item in value.values)
    if name == "google.protobuf.Value":
        return _json(value)
    return Canonical("message", (name, value.SerializeToString(deterministic=True)))


def _json(value: Any) -> Canonical:
    kind = value.WhichOneof("kind")
    if kind in {None, "null_value"}:
        return NULL
    held = getattr(value, kind)
    return message(held) if isinstance(held, Message) else of(held)
