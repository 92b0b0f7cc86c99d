"""`int(x)`, `string(x)` and the like."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.runtime.kinds import kind_name
from function_backend_rules.cel.runtime.operators import overflow, to_int, to_uint
from function_backend_rules.cel.runtime.times import (
    duration_text,
    parse_duration,
    parse_timestamp,
    timestamp_text,
)
from function_backend_rules.cel.values import NANOS, Duration, Timestamp, TypeValue, UInt

_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_UNSIGNED = re.compile(r"\d{1,20}", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)|nan", re.ASCII | re.IGNORECASE)
_BOOLS = {
    **dict.fromkeys(("true", "True", "TRUE", "t", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "f", "0"), False),
}
_NUMBER_TEXT = 800
_PLAIN_EXPONENTS = range(-4, 6)
"""Exponents that are written out; others take `e`, as %g of C and Go with the shortest digits."""


def to_text(budget: Budget, value: Any) -> str:
    """`string(value)`."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind in {int, UInt}:
        return str(int(value))
    if kind is float:
        return double_text(value)
    if kind is Timestamp:
        return timestamp_text(value)
    if kind is Duration:
        return duration_text(value)
    if kind is bytes:
        budget.take(len(value))
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError:
            raise EvaluationError("the bytes are not UTF-8") from None
    raise no_overload("string", value)


def double_text(value: float) -> str:
    """The shortest text that reads as the same number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1.0, value) < 0 else "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) + int(exponent) - 1
    minus = "-" if sign else ""
    text = "".join(map(str, digits))
    if power in _PLAIN_EXPONENTS:
        return f"{minus}{Decimal(repr(abs(value))).normalize():f}"
    mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
    return f"{minus}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02}"


def to_bytes(budget: Budget, value: Any) -> bytes:
    """`bytes(value)`."""
    if type(value) is bytes:
        return bytes(value)
    if type(value) is str:
        budget.take(len(value))
        try:
            return str(value).encode()
        except UnicodeEncodeError:
            raise EvaluationError("half of a surrogate pair is not text") from None
    raise no_overload("bytes", value)


def to_boolean(value: Any) -> bool:
    """`bool(value)`."""
    if type(value) is bool:
        return value
    if type(value) is str:
        if value in _BOOLS:
            return _BOOLS[value]
        raise EvaluationError(f"{value[:40]!r} is neither true nor false")
    raise no_overload("bool", value)


def to_integer(value: Any) -> int:
    """`int(value)`; doubles are cut towards zero."""
    kind = type(value)
    if kind is int:
        return int(value)
    if kind is UInt:
        return to_int(int(value))
    if kind is float:
        if not -(2.0**63) < value < 2.0**63:
            raise overflow()
        return int(value)
    if kind is str:
        if not _INTEGER.fullmatch(value):
            raise EvaluationError(f"{value[:40]!r} is not an int")
        return to_int(int(value))
    if kind is Timestamp:
        return int(value) // NANOS
    if kind is Duration:
        return -(-int(value) // NANOS) if value < 0 else int(value) // NANOS
    raise no_overload("int", value)


def to_unsigned(value: Any) -> UInt:
    """`uint(value)`; doubles are cut towards zero."""
    kind = type(value)
    if kind is UInt:
        return UInt(value)
    if kind is int:
        return to_uint(value)
    if kind is float:
        if not 0.0 <= value < 2.0**64:
            raise overflow()
        return to_uint(int(value))
    if kind is str:
        if not _UNSIGNED.fullmatch(value):
            raise EvaluationError(f"{value[:40]!r} is not a uint")
        return to_uint(int(value))
    raise no_overload("uint", value)


def to_double(value: Any) -> float:
    """`double(value)`."""
    kind = type(value)
    if kind in {float, int, UInt}:
        return float(value)
    if kind is str:
        if len(value) > _NUMBER_TEXT or not _DOUBLE.fullmatch(value):
            raise EvaluationError(f"{value[:40]!r} is not a double")
        return float(value)
    raise no_overload("double", value)


def to_timestamp(value: Any) -> Timestamp:
    """`timestamp(value)`: of RFC 3339 text or seconds since 1970."""
    if type(value) is Timestamp:
        return value
    if type(value) is str:
        return parse_timestamp(value)
    if type(value) is int:
        return _seconds(value)
    raise no_overload("timestamp", value)


def _seconds(value: int) -> Timestamp:
    from function_backend_rules.cel.runtime.messages import timestamp  # noqa: PLC0415 - the name is taken here

    return timestamp(value, 0)


def to_duration(value: Any) -> Duration:
    """`duration(value)`: of text such as `1h30m`."""
    if type(value) is Duration:
        return value
    if type(value) is str:
        return parse_duration(value)
    raise no_overload("duration", value)


def to_type(value: Any) -> TypeValue:
    """`type(value)`."""
    return TypeValue(kind_name(value)) if type(value) is not TypeValue else TypeValue("type")


def same(value: Any) -> Any:
    """`dyn(value)`."""
    return value
