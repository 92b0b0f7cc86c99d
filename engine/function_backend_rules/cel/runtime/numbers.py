"""The math extension."""

from __future__ import annotations

import math
from typing import Any

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.runtime.kinds import LISTS, NUMBERS
from function_backend_rules.cel.runtime.operators import to_int
from function_backend_rules.cel.values import INT_MAX, INT_MIN, UINT_MAX, UInt

_WORD = 64


def _double(function: str, value: Any) -> float:
    if type(value) is not float:
        raise no_overload(function, value)
    return value


def ceil(value: Any) -> float:
    """`math.ceil(value)`."""
    number = _double("math.ceil", value)
    return math.copysign(float(math.ceil(number)), number) if math.isfinite(number) else number


def floor(value: Any) -> float:
    """`math.floor(value)`."""
    number = _double("math.floor", value)
    return math.copysign(float(math.floor(number)), number) if math.isfinite(number) else number


def trunc(value: Any) -> float:
    """`math.trunc(value)`."""
    number = _double("math.trunc", value)
    return math.copysign(float(math.trunc(number)), number) if math.isfinite(number) else number


def round_half_away(value: Any) -> float:
    """`math.round(value)`: halves go away from zero."""
    number = _double("math.round", value)
    if not math.isfinite(number):
        return number
    whole = float(math.trunc(number))
    if abs(number - whole) >= 0.5:  # noqa: PLR2004 - a half
        whole += math.copysign(1.0, number)
    return math.copysign(whole, number)


def is_nan(value: Any) -> bool:
    """`math.isNaN(value)`."""
    return math.isnan(_double("math.isNaN", value))


def is_inf(value: Any) -> bool:
    """`math.isInf(value)`."""
    return math.isinf(_double("math.isInf", value))


def is_finite(value: Any) -> bool:
    """`math.isFinite(value)`."""
    return math.isfinite(_double("math.isFinite", value))


def absolute(value: Any) -> Any:
    """`math.abs(value)`."""
    if type(value) is UInt:
        return value
    if type(value) is int:
        return to_int(abs(value))
    return abs(_double("math.abs", value))


def sign(value: Any) -> Any:
    """`math.sign(value)`."""
    if type(value) is UInt:
        return UInt(value > 0)
    if type(value) is int:
        return (value > 0) - (value < 0)
    number = _double("math.sign", value)
    if number == 0:
        return 0.0
    return number if math.isnan(number) else math.copysign(1.0, number)


def square_root(value: Any) -> float:
    """`math.sqrt(value)`; NaN of a negative number."""
    if type(value) not in NUMBERS:
        raise no_overload("math.sqrt", value)
    return math.sqrt(value) if value >= 0 else math.nan


def _pair(function: str, one: Any, other: Any) -> type:
    if type(one) is not type(other) or type(one) not in {int, UInt}:
        raise no_overload(function, one, other)
    return type(one)


def bit_and(one: Any, other: Any) -> Any:
    """`math.bitAnd(one, other)`."""
    return _pair("math.bitAnd", one, other)(int(one) & int(other))


def bit_or(one: Any, other: Any) -> Any:
    """`math.bitOr(one, other)`."""
    return _pair("math.bitOr", one, other)(int(one) | int(other))


def bit_xor(one: Any, other: Any) -> Any:
    """`math.bitXor(one, other)`."""
    return _pair("math.bitXor", one, other)(int(one) ^ int(other))


def bit_not(value: Any) -> Any:
    """`math.bitNot(value)`."""
    if type(value) is UInt:
        return UInt(~int(value) & UINT_MAX)
    if type(value) is int:
        return ~value
    raise no_overload("math.bitNot", value)


def _places(function: str, value: Any, places: Any) -> int:
    if type(value) not in {int, UInt} or type(places) is not int:
        raise no_overload(function, value, places)
    if places < 0:
        raise EvaluationError(f"{function}: negative offset {places}")
    return places


def shift_left(value: Any, places: Any) -> Any:
    """`math.bitShiftLeft(value, places)`; 0 from 64 places on."""
    count = _places("math.bitShiftLeft", value, places)
    bits = (int(value) << count) & UINT_MAX if count < _WORD else 0
    return UInt(bits) if type(value) is UInt else _signed(bits)


def shift_right(value: Any, places: Any) -> Any:
    """`math.bitShiftRight(value, places)`, filled with zeros; 0 from 64 places on."""
    count = _places("math.bitShiftRight", value, places)
    bits = (int(value) & UINT_MAX) >> count if count < _WORD else 0
    return UInt(bits) if type(value) is UInt else _signed(bits)


def _signed(bits: int) -> int:
    return bits if bits <= INT_MAX else bits - 2 * -INT_MIN


def _numbers(function: str, values: tuple[Any, ...]) -> Any:
    items = values[0] if len(values) == 1 and type(values[0]) in LISTS else values
    if not items:
        raise EvaluationError(f"{function} of an empty list")
    for item in items:
        if type(item) not in NUMBERS:
            raise no_overload(function, *items)
    return items


def greatest(budget: Budget, *values: Any) -> Any:
    """`math.greatest(…)`: the first of the largest."""
    items = _numbers("math.greatest", values)
    budget.take_elements(len(items))
    found = items[0]
    for item in items:
        found = max(found, item)
    return found


def least(budget: Budget, *values: Any) -> Any:
    """`math.least(…)`: the first of the smallest."""
    items = _numbers("math.least", values)
    budget.take_elements(len(items))
    found = items[0]
    for item in items:
        found = min(found, item)
    return found
