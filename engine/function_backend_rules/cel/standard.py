"""The functions of the language.

The standard library and the extensions for strings, math, sets, lists, optionals and encoders, as in github
google/cel-spec (doc/langdef.md) and google/cel-go (ext/README.md).
"""

from __future__ import annotations

from function_backend_rules.cel.declarations import declare

_ORDERED = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
_MIXED = (
    ("int", "uint"),
    ("int", "double"),
    ("uint", "int"),
    ("uint", "double"),
    ("double", "int"),
    ("double", "uint"),
)

_OPERATORS = [
    *(f"_{op}_({t}, {t}) -> bool" for op in ("<", "<=", ">", ">=") for t in _ORDERED),
    *(f"_{op}_({a}, {b}) -> bool" for op in ("<", "<=", ">", ">=") for a, b in _MIXED),
    "_==_(A, A) -> bool",
    "_!=_(A, A) -> bool",
    *(f"_{op}_({t}, {t}) -> {t}" for op in "+-*/" for t in ("int", "uint", "double")),
    *(f"_%_({t}, {t}) -> {t}" for t in ("int", "uint")),
    "_+_(string, string) -> string",
    "_+_(bytes, bytes) -> bytes",
    "_+_(list(A), list(A)) -> list(A)",
    "_+_(timestamp, duration) -> timestamp",
    "_+_(duration, timestamp) -> timestamp",
    "_+_(duration, duration) -> duration",
    "_-_(timestamp, timestamp) -> duration",
    "_-_(timestamp, duration) -> timestamp",
    "_-_(duration, duration) -> duration",
    "-_(int) -> int",
    "-_(double) -> double",
    "-_(duration) -> duration",
    "!_(bool) -> bool",
    "_[_](list(A), int) -> A",
    "_[_](map(A, B), A) -> B",
    "_[_](optional(list(A)), int) -> optional(A)",
    "_[_](optional(map(A, B)), A) -> optional(B)",
    "_[?_](list(A), int) -> optional(A)",
    "_[?_](map(A, B), A) -> optional(B)",
    "_[?_](optional(list(A)), int) -> optional(A)",
    "_[?_](optional(map(A, B)), A) -> optional(B)",
    "@in(A, list(A)) -> bool",
    "@in(A, map(A, B)) -> bool",
]

_CONVERSIONS = [
    "bool(bool) -> bool",
    "bool(string) -> bool",
    "bytes(bytes) -> bytes",
    "bytes(string) -> bytes",
    "double(double) -> double",
    "double(int) -> double",
    "double(uint) -> double",
    "double(string) -> double",
    "duration(duration) -> duration",
    "duration(string) -> duration",
    "dyn(A) -> dyn",
    "int(int) -> int",
    "int(uint) -> int",
    "int(double) -> int",
    "int(string) -> int",
    "int(timestamp) -> int",
    "int(duration) -> int",
    "string(string) -> string",
    "string(bool) -> string",
    "string(int) -> string",
    "string(uint) -> string",
    "string(double) -> string",
    "string(bytes) -> string",
    "string(timestamp) -> string",
    "string(duration) -> string",
    "timestamp(timestamp) -> timestamp",
    "timestamp(string) -> timestamp",
    "timestamp(int) -> timestamp",
    "type(A) -> type(A)",
    "uint(uint) -> uint",
    "uint(int) -> uint",
    "uint(double) -> uint",
    "uint(string) -> uint",
]

_SIZES = [
    *(f"size({t}) -> int" for t in ("string", "bytes", "list(A)", "map(A, B)")),
    *(f"({t}).size() -> int" for t in ("string", "bytes", "list(A)", "map(A, B)")),
]

_PARTS_OF_TIME = (
    "FullYear", "Month", "DayOfYear", "DayOfMonth", "Date", "DayOfWeek", "Hours", "Minutes", "Seconds", "Milliseconds",
)  # fmt: skip
_TIMES = [
    *(f"(timestamp).get{part}() -> int" for part in _PARTS_OF_TIME),
    *(f"(timestamp).get{part}(string) -> int" for part in _PARTS_OF_TIME),
    *(f"(duration).get{part}() -> int" for part in ("Hours", "Minutes", "Seconds", "Milliseconds")),
]

_STRINGS = [
    "(string).contains(string) -> bool",
    "(string).startsWith(string) -> bool",
    "(string).endsWith(string) -> bool",
    "(string).matches(string) -> bool",
    "matches(string, string) -> bool",
    "(string).charAt(int) -> string",
    "(string).indexOf(string) -> int",
    "(string).indexOf(string, int) -> int",
    "(string).lastIndexOf(string) -> int",
    "(string).lastIndexOf(string, int) -> int",
    "(string).lowerAscii() -> string",
    "(string).upperAscii() -> string",
    "(string).replace(string, string) -> string",
    "(string).replace(string, string, int) -> string",
    "(string).split(string) -> list(string)",
    "(string).split(string, int) -> list(string)",
    "(string).substring(int) -> string",
    "(string).substring(int, int) -> string",
    "(string).trim() -> string",
    "(string).reverse() -> string",
    "(list(string)).join() -> string",
    "(list(string)).join(string) -> string",
    "(string).format(list(dyn)) -> string",
    "strings.quote(string) -> string",
]

_NUMBERS = ("int", "uint", "double")
_MATH = [
    *(f"math.{f}(double) -> double" for f in ("ceil", "floor", "round", "trunc")),
    *(f"math.{f}(double) -> bool" for f in ("isNaN", "isInf", "isFinite")),
    *(f"math.{f}({t}) -> {t}" for f in ("abs", "sign") for t in _NUMBERS),
    *(f"math.sqrt({t}) -> double" for t in _NUMBERS),
    *(f"math.{f}({t}, {t}) -> {t}" for f in ("bitAnd", "bitOr", "bitXor") for t in ("int", "uint")),
    *(f"math.bitNot({t}) -> {t}" for t in ("int", "uint")),
    *(f"math.{f}({t}, int) -> {t}" for f in ("bitShiftLeft", "bitShiftRight") for t in ("int", "uint")),
]

_COLLECTIONS = [
    "sets.contains(list(A), list(A)) -> bool",
    "sets.equivalent(list(A), list(A)) -> bool",
    "sets.intersects(list(A), list(A)) -> bool",
    "lists.range(int) -> list(int)",
    "(list(A)).slice(int, int) -> list(A)",
    "(list(dyn)).flatten() -> list(dyn)",
    "(list(dyn)).flatten(int) -> list(dyn)",
    "(list(A)).distinct() -> list(A)",
    "(list(A)).reverse() -> list(A)",
    "(list(A)).first() -> optional(A)",
    "(list(A)).last() -> optional(A)",
    *(f"(list({t})).sort() -> list({t})" for t in _ORDERED),
]

_OPTIONALS = [
    "optional.of(A) -> optional(A)",
    "optional.ofNonZeroValue(A) -> optional(A)",
    "optional.none() -> optional(A)",
    "optional.unwrap(list(optional(A))) -> list(A)",
    "(list(optional(A))).unwrapOpt() -> list(A)",
    "(optional(A)).hasValue() -> bool",
    "(optional(A)).value() -> A",
    "(optional(A)).or(optional(A)) -> optional(A)",
    "(optional(A)).orValue(A) -> A",
]

_ENCODERS = ["base64.encode(bytes) -> string", "base64.decode(string) -> bytes"]

STANDARD = declare(
    [
        *_OPERATORS,
        *_CONVERSIONS,
        *_SIZES,
        *_TIMES,
        *_STRINGS,
        *_MATH,
        *_COLLECTIONS,
        *_OPTIONALS,
        *_ENCODERS,
    ]
)
"""By name; methods and functions of one name together."""

EXTREMES = {"math.greatest": "math.@max", "math.least": "math.@min"}
"""Functions of any number of arguments, all numbers, or of one list of numbers."""
