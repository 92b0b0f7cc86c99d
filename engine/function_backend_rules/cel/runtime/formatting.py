"""`format.format(values)`, as in github google/cel-spec (doc/extensions/strings.md)."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from google.protobuf.message import Message

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import EvaluationError, no_overload
from function_backend_rules.cel.runtime.conversions import double_text
from function_backend_rules.cel.runtime.kinds import LISTS, MAPS, kind_name
from function_backend_rules.cel.runtime.times import duration_text, timestamp_text
from function_backend_rules.cel.values import Duration, Timestamp, TypeValue, UInt

_CLAUSE = re.compile(r"%(?:\.(\d{0,9}))?(.?)", re.DOTALL | re.ASCII)
_PRECISION = 6
_LARGEST_PRECISION = 1000


def format_text(budget: Budget, text: Any, values: Any) -> str:
    """The text with its clauses replaced.

    Raises:
        EvaluationError: a clause is unknown, or has no value that suits it.
    """
    if type(text) is not str or type(values) not in LISTS:
        raise no_overload("format", text, values)
    parts: list[str] = []
    at = used = 0
    for match in _CLAUSE.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        clause = match[2]
        if clause == "%" and match[1] is None:
            parts.append("%")
            continue
        if clause not in _CLAUSES or not clause:
            raise EvaluationError(f"could not parse formatting clause: unrecognized formatting clause {clause!r}")
        if used >= len(values):
            raise EvaluationError(f"index {used} out of range")
        precision = _PRECISION if not match[1] else int(match[1])
        if precision > _LARGEST_PRECISION:
            raise EvaluationError(f"precision {precision} is larger than {_LARGEST_PRECISION}")
        part = _CLAUSES[clause](budget, values[used], precision)
        budget.take(len(part))
        parts.append(part)
        used += 1
    parts.append(text[at:])
    budget.take(len(text))
    return "".join(parts)


def _misfit(clause: str, value: Any) -> EvaluationError:
    return EvaluationError(f"error during formatting: %{clause} does not take {kind_name(value)}")


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _text(budget: Budget, value: Any, precision: int) -> str:
    kind = type(value)
    if kind is float:
        return double_text(value) if math.isfinite(value) else _special(value)
    if kind in LISTS:
        budget.take_elements(len(value))
        return f"[{', '.join(_text(budget, item, precision) for item in value)}]"
    if kind in MAPS:
        budget.take_elements(len(value))
        entries = sorted((_text(budget, key, precision), value[key]) for key in value)
        return f"{{{', '.join(f'{key}: {_text(budget, item, precision)}' for key, item in entries)}}}"
    if isinstance(value, Message):
        raise _misfit("s", value)
    return _scalar_text(value)


def _scalar_text(value: Any) -> str:
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind in {int, UInt}:
        return str(int(value))
    if kind is str:
        return str(value)
    if kind is bytes:
        return str(value, "utf-8", "replace")
    if kind is Timestamp:
        return timestamp_text(value)
    if kind is Duration:
        return duration_text(value)
    if kind is TypeValue:
        return str(value.name)
    raise _misfit("s", value)


def _decimal(_budget: Budget, value: Any, _precision: int) -> str:
    if type(value) in {int, UInt}:
        return str(int(value))
    if type(value) is float and not math.isfinite(value):
        return _special(value)
    if type(value) is float and value.is_integer():
        return str(int(value))
    raise _misfit("d", value)


def _number(clause: str, value: Any) -> float | int:
    if type(value) in {int, UInt}:
        return int(value)
    if type(value) is float:
        return float(value)
    raise _misfit(clause, value)


def _fixed(_budget: Budget, value: Any, precision: int) -> str:
    number = _number("f", value)
    if isinstance(number, float) and not math.isfinite(number):
        return _special(number)
    quantum = Decimal(1).scaleb(-precision)
    with localcontext() as context:
        context.prec = 400 + _LARGEST_PRECISION
        return f"{Decimal(number).quantize(quantum, rounding=ROUND_HALF_EVEN):f}"


def _scientific(_budget: Budget, value: Any, precision: int) -> str:
    number = _number("e", value)
    if isinstance(number, float) and not math.isfinite(number):
        return _special(number)
    mantissa, _, exponent = f"{Decimal(number):.{precision}e}".partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:]:0>2}"


def _binary(_budget: Budget, value: Any, _precision: int) -> str:
    if type(value) is bool:
        return "1" if value else "0"
    if type(value) in {int, UInt}:
        return f"{int(value):b}"
    raise _misfit("b", value)


def _octal(_budget: Budget, value: Any, _precision: int) -> str:
    if type(value) in {int, UInt}:
        return f"{int(value):o}"
    raise _misfit("o", value)


def _hexadecimal(budget: Budget, value: Any, _precision: int) -> str:
    if type(value) in {int, UInt}:
        return f"{int(value):x}"
    if type(value) is str:
        budget.take(2 * len(value))
        return str(value.encode().hex())
    if type(value) is bytes:
        budget.take(2 * len(value))
        return str(value.hex())
    raise _misfit("x", value)


def _upper_hexadecimal(budget: Budget, value: Any, precision: int) -> str:
    return _hexadecimal(budget, value, precision).upper()


_CLAUSES = {
    "s": _text,
    "d": _decimal,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": _upper_hexadecimal,
}
