"""Rules and inputs that try to be something else: names of Python, its builtins, numbers, keys, text, types."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from function.company.v1 import company_pb2
from tests.rules_engine import specimen
from tests.rules_engine.hostile.case import A_VALUE, AN_ERROR, HARMLESS, End, Hostile

_REFUSED = frozenset({End.REFUSED})
_COMPANY = {"c": "function.company.v1.Company"}
_TEXT = {"s": "string"}
# Words that CEL keeps for itself cannot name a variable; any other word of Python can.
_GENERATED = (
    "_fast",
    "_fast_1",
    "_exact",
    "_K0",
    "_k0",
    "_v0",
    "v0",
    "self",
    "ctx",
    "budget",
    "_b",
    "_1",
    "b",
    "e",
    "x",
)
_BUILTINS = (
    "__builtins__",
    "__import__",
    "__name__",
    "__class__",
    "eval",
    "exec",
    "open",
    "print",
    "len",
    "str",
    "type_",
)
_REACHING = (
    "__import__('os')",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "compile('1', '', 'eval')",
    "globals()",
    "getattr(c, 'legal_name')",
    "vars(c)",
    "print('x')",
    "__builtins__",
    "__name__",
    "''.__class__",
    "(1).__class__.__mro__",
    "[].__class__.__base__.__subclasses__()",
    "c.__class__",
    "c.__dict__",
    "c.DESCRIPTOR",
    "c.DESCRIPTOR.file.pool",
    "c.SerializeToString()",
    "c.ListFields()",
    "c.Clear()",
    "c.names.append(c.names[0])",
    "c.names.extend",
    "c.legal_name.upper()",
    "c.legal_name.encode",
    "c.labels.clear()",
    "c.labels.get('a')",
    "c.create_time.ToDatetime()",
    "has(c.__class__)",
    "c.?__class__.hasValue()",
    "function.company.v1.Company.FromString(b'')",
    "function.company.v1.Company{}.__init__()",
    "c.names.map(__builtins__, 1) == [] ? eval('1') : 1",
    "c.legal_name; import os",
    "c.legal_name\nimport os",
    "lambda: 1",
    "(x := 1)",
    "[x for x in [1]]",
    "c.legal_name if true else ''",
    "f'{c}'",
    "c['legal_name']",
    "{}.__class__",
    "type(c).__name__",
    "string(type(c).__class__)",
    "'%(x)s'.format([1])",
)


def cases() -> Iterator[Hostile]:
    """All of them."""
    yield from _names()
    for expression in _REACHING:
        yield Hostile("builtins", expression, expression, _COMPANY, {"c": company_pb2.Company()}, ends=AN_ERROR)
    python = "'{0.__class__}'.format([])"
    yield Hostile("builtins", python, python, ends=A_VALUE, value="string('{0.__class__}')")
    yield from _literals()
    yield from _keys()
    yield from _text()
    yield from _other_types()


def _names() -> Iterator[Hostile]:
    for name in (*keyword.kwlist, *keyword.softkwlist, *_GENERATED, *_BUILTINS):
        either = frozenset({End.REFUSED, End.VALUE})
        seven = Hostile("H22", f"a variable {name}", f"{name} + 1", {name: "int"}, {name: 6}, either, "int(7)")
        yield seven
        loop = f"[6].map({name}, {name} + 1)[0]"
        yield Hostile("H22", f"a loop variable {name}", loop, ends=either, value="int(7)")
    message = specimen.specimen_class()()
    for name, value in (("class", 5), ("lambda", "l"), ("None", True), ("_fast_1", 6), ("self", "me")):
        setattr(message, name, value)
        kind = {int: "int", str: "string", bool: "bool"}[type(value)]
        of = {"c": specimen.NAME}
        yield Hostile("H22", f"a field {name}", f"c.{name}", of, {"c": message}, A_VALUE, f"{kind}({value!r})")
        yield Hostile("H22", f"has a field {name}", f"has(c.{name})", of, {"c": message}, A_VALUE, "bool(True)")


def _literals() -> Iterator[Hostile]:
    nines = "9" * 100_000
    for text in (nines, f"-{nines}", f"0x{'f' * 100_000}", f"{nines}u", "9223372036854775808", "-9223372036854775809"):
        yield Hostile("literal", f"{text[:22]} ({len(text):,} digits)", text, ends=_REFUSED)
    yield Hostile("literal", "18446744073709551616u", "18446744073709551616u", ends=_REFUSED)
    for text in ("1e999999999", f"{nines}.0", f"0.{nines}", f"1e{nines}"):
        yield Hostile("literal", f"{text[:22]} ({len(text):,} digits)", text, ends=HARMLESS)
    for function in ("int", "uint", "double", "timestamp", "duration", "bool"):
        number = {"s": nines}
        yield Hostile("literal", f"{function}() of 100,000 digits", f"{function}(s)", _TEXT, number, ends=HARMLESS)
    fine = {"s": "1" + "h1" * 100_000}
    yield Hostile("literal", "a duration of 100,000 parts", "duration(s)", _TEXT, fine, ends=AN_ERROR)
    big = f"'{'x' * 1_000_000}' == ''"
    yield Hostile("literal", "a text of 1 MB", big, ends=HARMLESS)
    for text in ("'\\ud800'", "'\\U00110000'", "'\\x'", "'\\400'", "b'\\u00e9'", "'\n'", "'", '"""'):
        yield Hostile("literal", ascii(text), text, ends=_REFUSED)
    for text in (
        "",
        " ",
        "\0",
        "\x01",
        "#",
        "1 2",
        "1;",
        "\\",
        "`a`",
        "a`",
        "@in",
        "1.",
        ".5.5",
        "\ufeff1",
        "1\u2028+",
        "é",
    ):
        yield Hostile("literal", f"source {text!a}", text, ends=HARMLESS if text == "1." else _REFUSED)
    yield Hostile("H14", "a lone surrogate in the source", "'\ud800' == ''", ends=_REFUSED)


def _keys() -> Iterator[Hostile]:
    for text in ("{1: 'a', 1: 'b'}", "{'a': 1, 'a': 2}", "{true: 1, true: 2}", "{1: 1, 1u: 2}", "{0: 1, 0u: 2}"):
        yield Hostile("keys", text, text, ends=AN_ERROR)
    for text in ("{1.0: 'x'}", "{[1]: 2}", "{null: 1}", "{b'a': 1}", "{{}: 1}", "{timestamp(0): 1}"):
        yield Hostile("keys", text, text, ends=AN_ERROR)
    for text in ("{1: 'a'}[true]", "{0: 'a'}[false]", "{true: 'a'}[1]", "{1: 'a'}['1']", "{'a': 1}[b'a']"):
        yield Hostile("keys", text, text, ends=AN_ERROR)
    apart = frozenset({End.REFUSED, End.VALUE})
    yield Hostile("keys", "1 and true are two", "{1: 'a', true: 'b'}.size()", ends=apart, value="int(2)")
    yield Hostile("keys", "true is not 1", "dyn(true) in {1: 'a'}", ends=A_VALUE, value="bool(False)")
    yield Hostile("keys", "1 is not true", "dyn(1) == dyn(true)", ends=A_VALUE, value="bool(False)")
    yield Hostile("keys", "true is not in [1]", "dyn(true) in [dyn(1)]", ends=A_VALUE, value="bool(False)")
    yield Hostile("keys", "[1] is not [true]", "dyn([1]) == dyn([true])", ends=A_VALUE, value="bool(False)")
    # Multiples of the modulus that Python hashes numbers by: they all have the same hash.
    same = ", ".join(f"{number * (2**61 - 1)}: {number}" for number in (0, 1, 2, 3, -1, -2, -3))
    yield Hostile("keys", "keys with one hash", f"{{{same}}}.size()", ends=A_VALUE, value="int(7)")
    entry = specimen.specimen_class()(map_string_string={"a": "b"})
    bound = {"c": entry}
    variables = {"c": specimen.NAME}
    yield Hostile("keys", "a lookup adds nothing", _LOOKUP, variables, bound, AN_ERROR)
    yield Hostile("keys", "a missing key is no value", "c.map_string_string['zz'] == ''", variables, bound, AN_ERROR)
    yield Hostile("keys", "an index below zero", "[1, 2][-1]", ends=AN_ERROR)
    yield Hostile("keys", "an index from a uint", "[1, 2][dyn(1u)]", ends=HARMLESS)


_LOOKUP = "c.map_string_string['q'] == '' || size(c.map_string_string) == 2"


def _text() -> Iterator[Hostile]:
    yield Hostile("H13", "NUL in a text", "s == 'a'", _TEXT, {"s": "a\0b"}, A_VALUE, "bool(False)")
    yield Hostile("H13", "NUL in two literals", r"'a\x00b' == 'a'", ends=A_VALUE, value="bool(False)")
    yield Hostile("H13", "the size of text with NUL", "s.size()", _TEXT, {"s": "a\0b"}, A_VALUE, "int(3)")
    zero = {"s": b"a\0b"}
    yield Hostile("H13", "NUL in bytes", "s == b'a'", {"s": "bytes"}, zero, A_VALUE, "bool(False)")
    for call in ("size()", "upperAscii()", "contains('a')", "matches('a')", "reverse()", "split('')[0]"):
        yield Hostile("H14", f"a lone surrogate, {call}", f"s.{call} == s.{call}", _TEXT, {"s": "a\ud800"}, HARMLESS)
    for call in ("bytes(s)", "strings.quote(s)", "'%s'.format([s])", "int(s)", "timestamp(s)", "s + s"):
        yield Hostile("H14", f"a lone surrogate, {call}", call, _TEXT, {"s": "a\ud800"}, HARMLESS)
    yield Hostile("H14", "bytes that are no text", r"string(b'\xff\xfe')", ends=AN_ERROR)


def _other_types() -> Iterator[Hostile]:
    """What the decisions refuse when they read their inputs, put past them."""
    for value in (2**70, -(2**70), 1.5, "x", b"x", None, [], {}, object()):
        title = f"{type(value).__name__} for an int in"
        for expression in ("i + 1 > 0", "i * i == i", "[i, 1].sort()[0] == 1", "string(i) == ''", "{i: 1}[i] == 1"):
            yield Hostile("H15", f"{title} {expression}", expression, {"i": "int"}, {"i": value}, HARMLESS)
    yield Hostile("H15", "2^70 comes to no value", "i + 1 > 0", {"i": "int"}, {"i": 2**70}, AN_ERROR)
    yield Hostile("H15", "a missing variable", "i + 1 > 0", {"i": "int"}, {}, AN_ERROR)
    other = {"c": company_pb2.CompanyName()}
    yield Hostile("types", "another message", "c.legal_name == ''", _COMPANY, other, AN_ERROR)
    yield Hostile("types", "a text for a message", "c.legal_name == ''", _COMPANY, {"c": "x"}, AN_ERROR)
    yield Hostile("types", "a map for a message", "c.legal_name == ''", _COMPANY, {"c": {"legal_name": ""}}, AN_ERROR)
    yield Hostile("H20", "a field that there is not", "c.legal_nam == ''", _COMPANY, other, _REFUSED)
    yield Hostile("H20", "half an expression", '"FR" +', ends=_REFUSED)
    yield Hostile("H20", "a type that there is not", "function.company.v1.Compny{} == c", _COMPANY, other, _REFUSED)
