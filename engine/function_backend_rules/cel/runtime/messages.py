"""Reading and building messages, and the values that well-known messages stand for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message

from function_backend_rules.cel.descriptors import is_map
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.values import (
    DURATION_LIMIT,
    NANOS,
    TIMESTAMP_MAX,
    TIMESTAMP_MIN,
    Duration,
    Timestamp,
    UInt,
)

_F = FieldDescriptor
UNSIGNED = frozenset({_F.TYPE_UINT32, _F.TYPE_UINT64, _F.TYPE_FIXED32, _F.TYPE_FIXED64})
WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Bool", "Int32", "Int64", "UInt32", "UInt64", "Float", "Double", "String", "Bytes")
)


def timestamp(seconds: int, nanos: int) -> Timestamp:
    """The point in time.

    Raises:
        EvaluationError: it is not within the years 1 to 9999.
    """
    value = seconds * NANOS + nanos
    if not TIMESTAMP_MIN <= value <= TIMESTAMP_MAX:
        raise EvaluationError("the timestamp is outside of the years 0001 to 9999")
    return Timestamp(value)


def duration(seconds: int, nanos: int) -> Duration:
    """The length of time.

    Raises:
        EvaluationError: it is longer than 292 years.
    """
    value = seconds * NANOS + nanos
    if not -DURATION_LIMIT <= value <= DURATION_LIMIT:
        raise EvaluationError("the duration is longer than 292 years")
    return Duration(value)


def read_timestamp(message: Any) -> Timestamp:
    """The value of a `google.protobuf.Timestamp`."""
    return timestamp(message.seconds, message.nanos)


def read_duration(message: Any) -> Duration:
    """The value of a `google.protobuf.Duration`."""
    return duration(message.seconds, message.nanos)


def _read_any(message: Any) -> object:
    if not message.type_url:
        return None
    name = message.type_url.rpartition("/")[2]
    pool: DescriptorPool = message.DESCRIPTOR.file.pool
    try:
        descriptor = pool.FindMessageTypeByName(name)
    except KeyError:
        raise EvaluationError(f"the message {name!r} in an Any is not known") from None
    held = message_factory.GetMessageClass(descriptor)()
    try:
        held.ParseFromString(message.value)
    except DecodeError:
        raise EvaluationError(f"the bytes in an Any are not a {name}") from None
    return from_message(held)


def _read_value(message: Any) -> object:
    kind = message.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    if kind == "struct_value":
        return _read_struct(message.struct_value)
    if kind == "list_value":
        return _read_list_value(message.list_value)
    return getattr(message, kind)


def _read_struct(message: Any) -> dict[str, object]:
    return {key: _read_value(message.fields[key]) for key in message.fields}


def _read_list_value(message: Any) -> list[object]:
    return [_read_value(item) for item in message.values]


def _read_unsigned(message: Any) -> UInt:
    return UInt(message.value)


def _read_plain(message: Any) -> object:
    return message.value


_WELL_KNOWN: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(WRAPPERS, _read_plain),
    "google.protobuf.UInt32Value": _read_unsigned,
    "google.protobuf.UInt64Value": _read_unsigned,
    "google.protobuf.Timestamp": read_timestamp,
    "google.protobuf.Duration": read_duration,
    "google.protobuf.Any": _read_any,
    "google.protobuf.Value": _read_value,
    "google.protobuf.Struct": _read_struct,
    "google.protobuf.ListValue": _read_list_value,
}
NULL_WHEN_UNSET = WRAPPERS | {"google.protobuf.Any", "google.protobuf.Value"}


def from_message(message: Message) -> object:
    """The value that a message is: itself, or for well-known messages what they stand for.

    Raises:
        EvaluationError: it holds something that is not known or out of range.
    """
    read = _WELL_KNOWN.get(message.DESCRIPTOR.full_name)
    return message if read is None else read(message)


def _element(field: FieldDescriptor) -> Callable[[Any], object] | None:
    """What turns an element of a field into a value; None when it is one."""
    if field.message_type is not None:
        return _WELL_KNOWN.get(field.message_type.full_name)
    return UInt if field.type in UNSIGNED else None


def _reader(field: Any) -> Callable[[Any], object]:
    name = field.name
    if field.message_type is not None and is_map(field):
        entry = field.message_type.fields_by_name
        key, value = _element(entry["key"]), _element(entry["value"])
        if key is None and value is None:
            return lambda message: getattr(message, name)

        def read_map(message: Any) -> object:
            held = getattr(message, name)
            return {(key(k) if key else k): (value(held[k]) if value else held[k]) for k in held}

        return read_map
    convert = _element(field)
    if field.is_repeated:
        if convert is None:
            return lambda message: getattr(message, name)
        return lambda message: [convert(item) for item in getattr(message, name)]
    if convert is None:
        return lambda message: getattr(message, name)
    if field.message_type is not None and field.message_type.full_name in NULL_WHEN_UNSET:
        return lambda message: convert(getattr(message, name)) if message.HasField(name) else None
    return lambda message: convert(getattr(message, name))


_READERS: dict[tuple[type, str], Callable[[Any], object]] = {}


def read_field(message: Message, name: str) -> object:
    """The value of a field.

    Raises:
        EvaluationError: there is no such field, or its value is out of range.
    """
    read = _READERS.get((type(message), name))
    if read is None:
        field = message.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            raise EvaluationError(f"no such field: {message.DESCRIPTOR.full_name} has no {name!r}")
        read = _READERS[type(message), name] = _reader(field)
    return read(message)


def has_field(message: Message, name: str) -> bool:
    """Whether a field is set; for fields without presence, whether it is not the default.

    Raises:
        EvaluationError: there is no such field.
    """
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        raise EvaluationError(f"no such field: {message.DESCRIPTOR.full_name} has no {name!r}")
    if field.is_repeated:
        return len(getattr(message, name)) > 0
    if field.has_presence:
        return bool(message.HasField(name))
    value = getattr(message, name)
    # Presence is a matter of bits: -0.0 is not the default.
    return bool(value != field.default_value) or (type(value) is float and math.copysign(1.0, value) < 0)
