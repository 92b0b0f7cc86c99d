"""Every function of the language by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from function_backend_rules.cel.runtime import collections, conversions, formatting, numbers, operators, text, times

Implementation = Callable[..., Any]

PURE: dict[str, Implementation] = {
    "_==_": operators.equal,
    "_!=_": operators.not_equal,
    "_<_": operators.less,
    "_<=_": operators.less_equal,
    "_>_": operators.greater,
    "_>=_": operators.greater_equal,
    "_-_": operators.subtract,
    "_*_": operators.multiply,
    "_/_": operators.divide,
    "_%_": operators.modulo,
    "-_": operators.negate,
    "!_": operators.invert,
    "_[_]": operators.index,
    "_[?_]": operators.optional_index,
    "bool": conversions.to_boolean,
    "int": conversions.to_integer,
    "uint": conversions.to_unsigned,
    "double": conversions.to_double,
    "timestamp": conversions.to_timestamp,
    "duration": conversions.to_duration,
    "type": conversions.to_type,
    "dyn": conversions.same,
    "size": text.size,
    "charAt": text.char_at,
    **{
        f"get{part}": times.part_of_time(part)
        for part in (
            "FullYear", "Month", "DayOfYear", "DayOfMonth", "Date", "DayOfWeek", "Hours", "Minutes", "Seconds",
            "Milliseconds",
        )
    },
    "math.ceil": numbers.ceil,
    "math.floor": numbers.floor,
    "math.round": numbers.round_half_away,
    "math.trunc": numbers.trunc,
    "math.isNaN": numbers.is_nan,
    "math.isInf": numbers.is_inf,
    "math.isFinite": numbers.is_finite,
    "math.abs": numbers.absolute,
    "math.sign": numbers.sign,
    "math.sqrt": numbers.square_root,
    "math.bitAnd": numbers.bit_and,
    "math.bitOr": numbers.bit_or,
    "math.bitXor": numbers.bit_xor,
    "math.bitNot": numbers.bit_not,
    "math.bitShiftLeft": numbers.shift_left,
    "math.bitShiftRight": numbers.shift_right,
    "first": collections.first,
    "last": collections.last,
    "optional.of": collections.optional_of,
    "optional.none": collections.optional_none,
    "optional.ofNonZeroValue": collections.optional_of_non_zero,
    "optional.unwrap": collections.unwrap,
    "unwrapOpt": collections.unwrap,
    "hasValue": collections.has_value,
    "value": collections.value_of,
}  # fmt: skip
"""Called with the arguments alone."""

BUDGETED: dict[str, Implementation] = {
    "_+_": operators.add,
    "@in": operators.contained,
    "string": conversions.to_text,
    "bytes": conversions.to_bytes,
    "contains": text.contains,
    "startsWith": text.starts_with,
    "endsWith": text.ends_with,
    "matches": text.matches,
    "indexOf": text.index_of,
    "lastIndexOf": text.last_index_of,
    "lowerAscii": text.lower_ascii,
    "upperAscii": text.upper_ascii,
    "replace": text.replace,
    "split": text.split,
    "substring": text.substring,
    "trim": text.trim,
    "join": text.join,
    "strings.quote": text.quote,
    "format": formatting.format_text,
    "reverse": collections.reverse,
    "math.@max": numbers.greatest,
    "math.@min": numbers.least,
    "sets.contains": collections.sets_contains,
    "sets.equivalent": collections.sets_equivalent,
    "sets.intersects": collections.sets_intersects,
    "lists.range": collections.numbers_to,
    "slice": collections.part_of,
    "flatten": collections.flatten,
    "distinct": collections.distinct,
    "sort": collections.in_order,
    "base64.encode": collections.base64_encode,
    "base64.decode": collections.base64_decode,
}
"""Called with the budget first."""


def runtime_name(function: str) -> str:
    """The name that generated code calls a function of the run time by."""
    return "_r_" + "".join(char if char.isalnum() else f"_{ord(char):x}_" for char in function)
