"""Run-time values of the engine as JSON on the wire."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf import duration_pb2, timestamp_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from function_backend_rules.cel.values import NANOS, Duration, OptionalValue, Timestamp, TypeValue, UInt

_EXACT = 2**53
"""Up to here every whole number is a number in JSON; beyond it is a text, as protobuf writes them."""


def json_value(value: Any) -> Value:  # noqa: ANN401  any value of the engine
    """The value in the JSON form of its type."""
    show = _SHOWN.get(type(value))
    if show is not None:
        return show(value)
    if isinstance(value, Message):
        return _plain(MessageToDict(value, preserving_proto_field_name=True))
    # Fields of messages are maps and sequences of their own types.
    return _map(value) if isinstance(value, Mapping) else _list(value)


def plain_value(value: Value) -> Any:  # noqa: ANN401  any JSON
    """The JSON that the message says, in Python's types."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain_struct(value.struct_value)
    if kind == "list_value":
        return [plain_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return _whole(value.number_value)
    return None if kind is None or kind == "null_value" else getattr(value, kind)


def plain_struct(struct: Struct) -> dict[str, Any]:
    """The JSON object that the message says, in Python's types."""
    return {key: plain_value(item) for key, item in struct.fields.items()}


def _whole(number: float) -> int | float:
    """Whole numbers as such: a message knows doubles alone, a file in JSON both."""
    return int(number) if number.is_integer() and -_EXACT <= number <= _EXACT else number


def _number(value: int) -> Value:
    return Value(number_value=value) if -_EXACT <= value <= _EXACT else Value(string_value=str(value))


def _double(value: float) -> Value:
    return Value(number_value=value) if math.isfinite(value) else Value(string_value=_not_finite(value))


def _map(value: Mapping[Any, Any]) -> Value:
    return Value(struct_value=Struct(fields={_key(key): json_value(item) for key, item in value.items()}))


def _list(value: Iterable[Any]) -> Value:
    return Value(list_value=ListValue(values=map(json_value, value)))


def _moment(value: int) -> timestamp_pb2.Timestamp:
    seconds, nanos = divmod(int(value), NANOS)
    return timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)


def _span(value: int) -> duration_pb2.Duration:
    sign = -1 if value < 0 else 1
    seconds, nanos = divmod(abs(int(value)), NANOS)
    return duration_pb2.Duration(seconds=sign * seconds, nanos=sign * nanos)


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _key(key: Any) -> str:  # noqa: ANN401  whatever a map may be keyed by
    return str(key).lower() if isinstance(key, bool) else str(key)


def _plain(value: Any) -> Value:  # noqa: ANN401  any JSON
    if isinstance(value, dict):
        return Value(struct_value=Struct(fields={key: _plain(item) for key, item in value.items()}))
    if isinstance(value, list):
        return Value(list_value=ListValue(values=map(_plain, value)))
    return json_value(value)


_SHOWN: Mapping[type, Callable[[Any], Value]] = {
    type(None): lambda _: Value(null_value=NULL_VALUE),
    bool: lambda value: Value(bool_value=value),
    str: lambda value: Value(string_value=value),
    int: _number,
    UInt: lambda value: _number(int(value)),
    float: _double,
    bytes: lambda value: Value(string_value=base64.b64encode(value).decode()),
    Timestamp: lambda value: Value(string_value=_moment(value).ToJsonString()),
    Duration: lambda value: Value(string_value=_span(value).ToJsonString()),
    OptionalValue: lambda value: json_value(value.value if value.present else None),
    TypeValue: lambda value: Value(string_value=value.name),
    dict: _map,
    list: _list,
    tuple: _list,
}
