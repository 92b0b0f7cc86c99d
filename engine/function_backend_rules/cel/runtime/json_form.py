"""The JSON form of values, as protobuf defines it."""

from __future__ import annotations

import base64
import math

from google.protobuf import json_format
from google.protobuf.message import Message

from function_backend_rules.cel.failures import no_overload
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS
from function_backend_rules.cel.runtime.times import duration_text, timestamp_text
from function_backend_rules.cel.values import Duration, OptionalValue, Timestamp, UInt

_MAX_SAFE_INTEGER = 2**53 - 1


def json_form(value: object) -> object:
    """None, bool, int, float, str, list or dict: what JSON has for a value.

    Integers beyond ±(2⁵³-1) and numbers that are not finite become text, bytes become base64.

    Raises:
        EvaluationError: JSON has nothing for it, as for a type.
    """
    kind = type(value)
    if value is None or kind in {bool, str}:
        return value
    if kind in {int, UInt}:
        number = int(value)  # type: ignore[call-overload]  # A number, as was just seen.
        return number if abs(number) <= _MAX_SAFE_INTEGER else str(number)
    if kind is float:
        return _number(value)  # type: ignore[arg-type]
    if kind is bytes:
        return base64.b64encode(value).decode()  # type: ignore[arg-type]
    if kind is Timestamp:
        return timestamp_text(value)  # type: ignore[arg-type]
    if kind is Duration:
        return duration_text(value)  # type: ignore[arg-type]
    if isinstance(value, OptionalValue):
        return json_form(value.value) if value.present else None
    if kind in LISTS:
        return [json_form(item) for item in value]  # type: ignore[attr-defined]
    if kind in MAPS:
        return {_key(key): json_form(value[key]) for key in value}  # type: ignore[attr-defined,index]
    if isinstance(value, Message):
        return json_format.MessageToDict(value, preserving_proto_field_name=True)
    raise no_overload("json", value)


def _number(value: float) -> object:
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _key(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else str(int(key))  # type: ignore[call-overload]  # Keys are nothing else.
