"""What random expressions are made of, by the type of the result.

A template has holes: `{int}` is any expression of that type, `{#int}` a literal, `{=int}` a literal or a field. `$int`
names a new variable of the type and makes it known to the holes behind it, `@int` one that is known only behind the
next hole; `^` repeats the last name. Templates with `T` stand for one of each scalar type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MAY_FAIL = "checked"
"""Bools about fields that may be missing: no leaves, which never fail."""
SCALARS = ("bool", "int", "uint", "double", "string", "bytes")
_SORTABLE = ("int", "uint", "string")
LISTS = tuple(f"list({scalar})" for scalar in SCALARS)

_BOOL = (
    *("({bool} && {bool})",) * 3,
    *("({bool} || {bool})",) * 3,
    "!{bool}",
    "({T} == {T})",
    "({T} != {T})",
    *(f"({{T}} {operator} {{T}})" for operator in ("<", "<=", ">", ">=")),
    "({T} in {list(T)})",
    "({list(T)} == {list(T)})",
    "{list(T)}.all($T, {bool})",
    "{list(T)}.exists($T, {bool})",
    "{list(T)}.exists_one($T, {bool})",
    "{list(T)}.all($int, $T, {bool})",
    "{list(T)}.exists($int, $T, {bool})",
    "{string}.contains({string})",
    "{string}.startsWith({string})",
    "{string}.endsWith({string})",
    "{string}.matches({#pattern})",
    "({timestamp} < {timestamp})",
    "({timestamp} == {timestamp})",
    "({duration} >= {duration})",
    "({duration} == {duration})",
    "math.isNaN({double})",
    "math.isInf({double})",
    "math.isFinite({double})",
    "(type({T}) == {#type})",
    "optional.of({T}).hasValue()",
    "sets.contains({list(T)}, {list(T)})",
    "sets.intersects({list(T)}, {list(T)})",
    "sets.equivalent({list(T)}, {list(T)})",
    "(dyn({T}) == dyn({T}))",
    # A variable whose type nobody knows, so that no hole takes it.
    "dyn({list(T)}).exists($unknown, ^ == {T})",
    "dyn({list(T)}).all($unknown, ^ != {T})",
    "optional.ofNonZeroValue({T}).hasValue()",
    "({wrapped(T)} == {T})",
    "({wrapped(T)} == null)",
    "({string} in {map(string, string)})",
    "({int} in {map(int, string)})",
    "{map(string, string)}.exists($string, {bool})",
    "{map(string, int)}.all($string, $int, {bool})",
    "({map(string, int)} == {map(string, int)})",
    "bool({#bool_text})",
    *("{=checked}",) * 3,
)
_INT = (
    *(f"({{int}} {operator} {{int}})" for operator in ("+", "-", "*", "/", "%")),
    "-{int}",
    "size({string})",
    "{string}.size()",
    "size({bytes})",
    *(f"size({{{kind}}})" for kind in LISTS),
    "size({map(string, int)})",
    "int({uint})",
    "int({double})",
    "int({#int_text})",
    "int({timestamp})",
    "{string}.indexOf({string})",
    "{string}.lastIndexOf({string})",
    "{string}.indexOf({string}, {#small})",
    "math.greatest({int}, {int})",
    "math.least({int}, {int}, {int})",
    "math.greatest({list(int)})",
    "math.abs({int})",
    "math.sign({int})",
    *(f"math.bit{name}({{int}}, {{int}})" for name in ("And", "Or", "Xor")),
    "math.bitNot({int})",
    "math.bitShiftLeft({int}, {#small})",
    "math.bitShiftRight({int}, {#small})",
    *(f"{{timestamp}}.{name}()" for name in ("getFullYear", "getMonth", "getDate", "getDayOfYear", "getDayOfMonth")),
    *(
        f"{{timestamp}}.{name}()"
        for name in ("getDayOfWeek", "getHours", "getMinutes", "getSeconds", "getMilliseconds")
    ),
    *(f"{{timestamp}}.{name}({{#zone}})" for name in ("getHours", "getDate", "getDayOfWeek")),
    *(f"{{duration}}.{name}()" for name in ("getHours", "getMinutes", "getSeconds", "getMilliseconds")),
    "({wrapped(int)} + {int})",
    "{map(string, int)}[{string}]",
    "{map(string, int)}[?{string}].orValue({int})",
)
_UINT = (
    *(f"({{uint}} {operator} {{uint}})" for operator in ("+", "-", "*", "/", "%")),
    "uint({int})",
    "uint({double})",
    "math.greatest({uint}, {uint})",
    "math.sign({uint})",
    "math.bitXor({uint}, {uint})",
    "math.bitNot({uint})",
    "math.bitShiftRight({uint}, {#small})",
    "({wrapped(uint)} * {uint})",
)
_DOUBLE = (
    *(f"({{double}} {operator} {{double}})" for operator in ("+", "-", "*", "/")),
    "-{double}",
    "double({int})",
    "double({uint})",
    "double({#double_text})",
    *(f"math.{name}({{double}})" for name in ("ceil", "floor", "round", "trunc", "abs", "sign", "sqrt")),
    "math.greatest({double}, {double})",
    "math.least({double}, {double})",
    "({wrapped(double)} - {double})",
)
_STRING = (
    *("({string} + {string})",) * 3,
    "string({int})",
    "string({uint})",
    # What infinity and NaN are called is left open by the language.
    "cel.bind(@double, {double}, math.isFinite(^) ? string(^) : '')",
    "string({bool})",
    "string({bytes})",
    # So is how many zeros a fraction of a second ends with, of times and of durations.
    "string(timestamp(int({timestamp})))",
    "string(timestamp(int({timestamp})) - timestamp(0))",
    "{string}.charAt({#small})",
    "{string}.lowerAscii()",
    "{string}.upperAscii()",
    "{string}.trim()",
    "{string}.reverse()",
    "{string}.replace({string}, {string})",
    "{string}.replace({string}, {string}, {#small})",
    "{string}.substring({#small})",
    # The oracle wrongly refuses an end that is the end of the text.
    "cel.bind(@string, {string}, size(^) > 3 ? ^.substring(1, 3) : ^)",
    "{list(string)}.join({string})",
    "{list(string)}.join()",
    "strings.quote({string})",
    "'%s|%d|%s'.format([{string}, {int}, {bool}])",
    "'%.2f %x'.format([{double}, {int}])",
    "({wrapped(string)} + {string})",
    "{map(string, string)}[{string}]",
    "{map(int, string)}[?{int}].orValue({string})",
)
_BYTES = ("bytes({string})", "({bytes} + {bytes})")
_TIMESTAMP = (
    "timestamp({#timestamp_text})",
    "timestamp({int})",
    "({timestamp} + {duration})",
    "({timestamp} - {duration})",
)
_DURATION = (
    "duration({#duration_text})",
    "({duration} + {duration})",
    "({duration} - {duration})",
    "({timestamp} - {timestamp})",
)
_ANY_SCALAR = (
    "({bool} ? {T} : {T})",
    "{list(T)}[{#small}]",
    "{list(T)}[?{#small}].orValue({T})",
    "optional.of({T}).orValue({T})",
    "optional.none().or(optional.of({T})).value()",
    "optional.of({T}).optMap($T, {T}).orValue({#T})",
    # Whether a value is evaluated that nobody uses is left open by the language: it is one that cannot fail.
    "cel.bind(@T, {=T}, {T})",
    "{list(T)}.filter($T, {bool})[0]",
)
_ANY_LIST = (
    "[{T}]",
    "[{T}, {T}, {T}]",
    "({list(T)} + {list(T)})",
    "{list(T)}.filter($T, {bool})",
    "{list(int)}.map($int, {T})",
    "{list(string)}.map($string, {bool}, {T})",
    "{list(int)}.transformList($int, $int, {T})",
    "({bool} ? {list(T)} : {list(T)})",
    "{list(T)}.slice(0, {#small})",
    "{list(T)}.distinct()",
    "{list(T)}.reverse()",
    "[{list(T)}, {list(T)}].flatten()",
    "[?optional.of({T}), {T}]",
)
_STRING_LISTS = ("{string}.split({#separator})", "{string}.split({#separator}, {#small})")
_SORTED = ("{list(T)}.sort()", "{list(T)}.sortBy($T, {int})")


def templates() -> Mapping[str, Sequence[str]]:
    """The templates of each type, `T` filled in."""
    made: dict[str, list[str]] = {
        "bool": [filled for template in _BOOL for filled in _filled(template)],
        "int": list(_INT),
        "uint": list(_UINT),
        "double": list(_DOUBLE),
        "string": list(_STRING),
        "bytes": list(_BYTES),
        "timestamp": list(_TIMESTAMP),
        "duration": list(_DURATION),
    }
    for scalar in SCALARS:
        made[scalar] += [template.replace("T", scalar) for template in _ANY_SCALAR]
        made[f"list({scalar})"] = [template.replace("T", scalar) for template in _ANY_LIST]
    for scalar in _SORTABLE:
        made[f"list({scalar})"] += [template.replace("T", scalar) for template in _SORTED]
    made["list(string)"] += _STRING_LISTS
    made["list(int)"].append("lists.range({#small})")
    # Where NaN goes is left open by the language.
    made["list(double)"].append("{list(double)}.filter($unknown, !math.isNaN(^)).sort()")
    return made


def _filled(template: str) -> list[str]:
    """One template for each scalar that it can be about; those of `size` and `in` differ in nothing else."""
    if "T" not in template:
        return [template]
    about = [scalar for scalar in SCALARS if scalar != "bytes" or "wrapped" not in template]
    return [template.replace("T", scalar) for scalar in about]


_LEAVES_EARLY = re.compile(r"[.](all|exists|exists_one)[(]")
_BINDS = re.compile(r"cel[.]bind[(]|[.]optMap[(]|[.]sortBy[(]")


def is_misjudged(expression: str) -> bool:
    """Whether the oracle is known to go wrong.

    After a loop that it leaves early, its version 0.1.3 takes the last element for the value of the next variable that
    is bound: `[1].exists(x, c.b) == cel.bind(y, '', y == '')`.
    """
    return bool(_LEAVES_EARLY.search(expression) and _BINDS.search(expression))


_SIMPLE: Mapping[str, Sequence[str]] = {
    "bool": ("true", "false"),
    "int": ("0", "1", "-1", "2", "3", "7", "-5", "10", "42", "100", "1000000", "9223372036854775807", "0x1F"),
    "uint": ("0u", "1u", "2u", "3u", "10u", "42u", "18446744073709551615u", "0x1Fu"),
    "double": ("0.0", "1.0", "-1.0", "0.5", "2.5", "-3.25", "1e3", "1.5e300", "0.1", "100.0", "-0.0"),
    "string": (
        "''",
        "'a'",
        "'FR'",
        "'abc'",
        "'ab ab'",
        "'é'",
        "'😀x'",
        '"it\'s"',
        "r'\\d'",
        "' x\\t'",
        "'A,b,C'",
        "'0'",
    ),
    "bytes": ("b''", "b'a'", "b'\\xff\\x00'", "b'é'"),
    "timestamp": ("timestamp('2020-02-29T12:34:56.789Z')", "timestamp(0)"),
    "duration": ("duration('90s')", "duration('-1.5s')"),
    "type": ("bool", "int", "uint", "double", "string", "bytes"),
    "small": ("0", "1", "2", "3", "5"),
    "pattern": ("'a+'", "'^[A-Z]{2}$'", "'(?i)b.*c'", "r'\\d+'", "'é|x'", "''"),
    # Nothing as the separator is left open by the language where the text is empty.
    "separator": ("','", "' '", "'a'", "'b,'"),
    "zone": ("'Europe/Paris'", "'America/New_York'", "'+05:30'", "'-08:00'", "'UTC'"),
    MAY_FAIL: ("true", "false"),
    "bool_text": ("'true'", "'false'", "'t'", "'0'", "'no'"),
    "int_text": ("'12'", "'-7'", "'x'", "'9223372036854775808'", "''"),
    "double_text": ("'1.5'", "'-2e3'", "'NaN'", "'Infinity'", "'x'"),
    "timestamp_text": ("'2024-12-31T23:59:59Z'", "'1969-07-20T20:17:40+02:00'", "'0001-01-03T00:00:00Z'", "'x'"),
    "duration_text": ("'3600s'", "'1h30m'", "'-100ms'", "'1.000000001s'", "'x'"),
    "map(string, string)": ("{'a': 'b'}", "{'': 'x', 'FR': ''}"),
    "map(string, int)": ("{'a': 1}", "{'': 0, 'x': -1}"),
    "map(int, string)": ("{1: 'b'}", "{0: 'x', 2: ''}"),
    "wrapped(bool)": ("google.protobuf.BoolValue{value: true}",),
    "wrapped(int)": ("google.protobuf.Int64Value{value: 5}",),
    "wrapped(uint)": ("google.protobuf.UInt64Value{value: 5u}",),
    "wrapped(double)": ("google.protobuf.DoubleValue{value: 2.5}",),
    "wrapped(string)": ("google.protobuf.StringValue{value: 'a'}",),
}
# An empty list alone has no type of its own, which would make more refusals than comparisons.
LITERALS: Mapping[str, Sequence[str]] = {
    **_SIMPLE,
    **{
        f"list({scalar})": (f"[{first}]", f"[{first}, {second}, {second}]", f"[{second}].filter(x, false)")
        for scalar, (first, second, *_) in ((scalar, _SIMPLE[scalar]) for scalar in SCALARS)
    },
}
