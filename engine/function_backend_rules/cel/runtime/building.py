"""Building messages: from the values of a literal, or for an Any."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf import any_pb2, duration_pb2, struct_pb2, timestamp_pb2
from google.protobuf import wrappers_pb2 as wrappers
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from function_backend_rules.cel.descriptors import is_map
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.runtime.json_form import json_form
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS
from function_backend_rules.cel.runtime.messages import UNSIGNED, WRAPPERS, from_message
from function_backend_rules.cel.values import NANOS, Duration, OptionalValue, Timestamp, UInt

_F = FieldDescriptor
_RANGES = {
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32, _F.TYPE_ENUM), (-(2**31), 2**31 - 1)),
    **dict.fromkeys((_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64), (-(2**63), 2**63 - 1)),
    **dict.fromkeys((_F.TYPE_UINT32, _F.TYPE_FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((_F.TYPE_UINT64, _F.TYPE_FIXED64), (0, 2**64 - 1)),
}
_PLAIN_TYPES: dict[int, type] = {
    _F.TYPE_BOOL: bool,
    _F.TYPE_STRING: str,
    _F.TYPE_BYTES: bytes,
    _F.TYPE_DOUBLE: float,
    _F.TYPE_FLOAT: float,
}
_MAX_SAFE_INTEGER = 2**53 - 1
_FLOAT_MAX = 3.4028234663852886e38


def build(make: Callable[[], Message], fields: Mapping[str, object]) -> object:
    """The value of a message literal.

    Raises:
        EvaluationError: a value does not fit its field.
    """
    message = make()
    for name, value in fields.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if isinstance(value, OptionalValue):  # Of an entry written `?name: …`.
            if not value.present:
                continue
            value = value.value  # noqa: PLW2901 - from here on it is like any other
        _set(message, field, value)
    return from_message(message)


def _misfit(field: FieldDescriptor, value: object) -> EvaluationError:
    return EvaluationError(f"a value of type {type(value).__name__} does not fit the field {field.full_name}")


def _is_pruned(field: Any) -> bool:
    """Whether null among the elements of a field means that there is none."""
    if field.message_type is None:
        return False
    name = field.message_type.full_name
    return name in WRAPPERS or name in {"google.protobuf.Timestamp", "google.protobuf.Duration"}


def _set(message: Any, field: Any, value: object) -> None:
    if field.message_type is not None and is_map(field):
        if type(value) not in MAPS:
            raise _misfit(field, value)
        target = getattr(message, field.name)
        key_field, value_field = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
        for key, item in value.items():  # type: ignore[attr-defined]  # A map, as was just seen.
            scalar = scalar_of(key_field, key)
            if item is None and _is_pruned(value_field):
                continue
            if value_field.message_type is not None:
                _fill(target[scalar], value_field, item)
            else:
                target[scalar] = scalar_of(value_field, item)
    elif field.is_repeated:
        if type(value) not in LISTS:
            raise _misfit(field, value)
        target = getattr(message, field.name)
        for item in value:  # type: ignore[attr-defined]  # A list, as was just seen.
            if item is None and _is_pruned(field):
                continue
            if field.message_type is not None:
                _fill(target.add(), field, item)
            else:
                target.append(scalar_of(field, item))
    elif field.message_type is None:
        if value is None and field.enum_type is not None and field.enum_type.full_name == "google.protobuf.NullValue":
            value = 0
        setattr(message, field.name, scalar_of(field, value))
    elif value is not None or field.message_type.full_name in {"google.protobuf.Value", "google.protobuf.Any"}:
        target = getattr(message, field.name)
        target.SetInParent()
        _fill(target, field, value)
    elif field.message_type.full_name in {"google.protobuf.Struct", "google.protobuf.ListValue"}:
        raise _misfit(field, value)


def scalar_of(field: FieldDescriptor, value: object) -> Any:
    """The value as the field takes it.

    Raises:
        EvaluationError: it is of another type or out of range.
    """
    limits = _RANGES.get(field.type)
    if limits is None:
        if type(value) is not _PLAIN_TYPES[field.type]:
            raise _misfit(field, value)
        if field.type == _F.TYPE_FLOAT and isinstance(value, float) and abs(value) > _FLOAT_MAX:
            return math.copysign(math.inf, value) if math.isfinite(value) else value
        return value
    if type(value) is not (UInt if field.type in UNSIGNED else int):
        raise _misfit(field, value)
    if not limits[0] <= value <= limits[1]:
        raise EvaluationError(f"{int(value)} is out of range for the field {field.full_name}")
    return int(value)


def _fill(target: Any, field: FieldDescriptor, value: object) -> None:
    """Gives an empty message the content of a value."""
    name = target.DESCRIPTOR.full_name
    if name in WRAPPERS:
        target.value = scalar_of(target.DESCRIPTOR.fields_by_name["value"], value)
    elif name == "google.protobuf.Timestamp" and type(value) is Timestamp:
        target.seconds, target.nanos = divmod(int(value), NANOS)
    elif name == "google.protobuf.Duration" and type(value) is Duration:
        _fill_duration(target, value)
    elif name == "google.protobuf.Any":
        _pack(target, value)
    elif name == "google.protobuf.Value":
        fill_value(target, value)
    elif name == "google.protobuf.Struct" and type(value) in MAPS:
        _fill_struct(target, value)
    elif name == "google.protobuf.ListValue" and type(value) in LISTS:
        for item in value:  # type: ignore[attr-defined]  # A list, as was just seen.
            fill_value(target.values.add(), item)
    elif isinstance(value, Message) and value.DESCRIPTOR.full_name == name:
        target.CopyFrom(value)
    else:
        raise _misfit(field, value)


def _fill_duration(target: Any, value: Duration) -> None:
    seconds, nanos = divmod(abs(int(value)), NANOS)
    sign = -1 if value < 0 else 1
    target.seconds, target.nanos = sign * seconds, sign * nanos


def _fill_struct(target: Any, value: Any) -> None:
    for key in value:
        if type(key) is not str:
            raise EvaluationError("the keys of a Struct are strings")
        fill_value(target.fields[key], value[key])


def fill_value(target: Any, value: object) -> None:
    """Gives a `google.protobuf.Value` the JSON form of a value.

    Raises:
        EvaluationError: it has none.
    """
    kind = type(value)
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif kind is bool:
        target.bool_value = value
    elif kind is float:
        target.number_value = value
    elif kind in {int, UInt}:
        if abs(value) <= _MAX_SAFE_INTEGER:  # type: ignore[arg-type]  # A number, as was just seen.
            target.number_value = float(value)  # type: ignore[arg-type]
        else:
            target.string_value = str(int(value))  # type: ignore[call-overload]  # As JSON does: exact, as text.
    elif kind is str:
        target.string_value = value
    elif kind in LISTS:
        target.list_value.SetInParent()
        for item in value:  # type: ignore[attr-defined]
            fill_value(target.list_value.values.add(), item)
    elif kind in MAPS:
        target.struct_value.SetInParent()
        _fill_struct(target.struct_value, value)
    else:
        _fill_value_json(target, value)


def _fill_value_json(target: Any, value: object) -> None:
    form = json_form(value)
    if type(form) in {dict, list, str, bool, float, int} or form is None:
        fill_value(target, form)
    else:
        raise no_overload("google.protobuf.Value", value)


def to_message(value: object) -> Message:
    """The message that an Any holds for a value.

    Raises:
        EvaluationError: there is none, as for a type.
    """
    kind = type(value)
    if isinstance(value, Message):
        return value
    if kind is Timestamp:
        seconds, nanos = divmod(int(value), NANOS)  # type: ignore[call-overload]
        return timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)
    if kind is Duration:
        held = duration_pb2.Duration()
        _fill_duration(held, value)  # type: ignore[arg-type]
        return held
    if kind in _WRAPPED:
        return _WRAPPED[kind](value)
    if kind in LISTS:
        items = struct_pb2.ListValue()
        for item in value:  # type: ignore[attr-defined]
            fill_value(items.values.add(), item)
        return items
    if kind in MAPS:
        struct = struct_pb2.Struct()
        _fill_struct(struct, value)
        return struct
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    raise no_overload("google.protobuf.Any", value)


_WRAPPED: dict[type, Callable[[Any], Message]] = {
    bool: lambda value: wrappers.BoolValue(value=value),
    int: lambda value: wrappers.Int64Value(value=value),
    UInt: lambda value: wrappers.UInt64Value(value=int(value)),
    float: lambda value: wrappers.DoubleValue(value=value),
    str: lambda value: wrappers.StringValue(value=value),
    bytes: lambda value: wrappers.BytesValue(value=value),
}


def _pack(target: Any, value: object) -> None:
    held = to_message(value)
    packed = any_pb2.Any()
    packed.Pack(held)
    target.type_url, target.value = packed.type_url, packed.value
