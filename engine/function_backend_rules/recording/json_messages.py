"""Run-time values as JSON in messages."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from function_backend_rules.cel.runtime.json_form import json_form

_EXACT = 2**53
"""Up to here every whole number is one of the numbers of JSON."""


def json_value(value: object) -> Value:
    """The value in the JSON form of its type."""
    return _message(json_form(value))


def plain_value(value: Value) -> Any:
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


def _message(value: Any) -> Value:
    if value is None:
        return Value(null_value=NULL_VALUE)
    if isinstance(value, bool):
        return Value(bool_value=value)
    if isinstance(value, str):
        return Value(string_value=value)
    if isinstance(value, dict):
        return Value(struct_value=Struct(fields={key: _message(item) for key, item in value.items()}))
    if isinstance(value, list):
        return Value(list_value=ListValue(values=map(_message, value)))
    return Value(number_value=value)
