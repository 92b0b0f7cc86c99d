"""Rules that cost: text and lists that grow, loops in loops, patterns, depth."""

from __future__ import annotations

from collections.abc import Iterator

from function_backend_rules.cel import Function, FunctionRegistry
from tests.rules_engine.hostile.case import A_VALUE, AN_ERROR, HARMLESS, End, Hostile

_MEGABYTE = 1_000_000
_TEXT = {"s": "string"}
_BOTH = {"s": "string", "l": "list(int)"}


def cases() -> Iterator[Hostile]:
    """All of them."""
    yield from _growing_text()
    yield from _loops()
    yield from _own_functions()
    yield from _patterns()
    yield from _depth()
    yield from _more_text()


def _growing_text() -> Iterator[Hostile]:
    ten = "+".join("a" * 10)
    nested = "s"
    for _ in range(5):
        nested = f"[{nested}].map(a, {ten})[0]"
    yield Hostile("H1", "text of 10 KB, tenfold, five times", nested, _TEXT, {"s": "x" * 10_240})
    for name, times in (("H2", 4), ("H3", 6)):
        chain = "s" + ".replace('x', 'xxxxxxxxxx')" * times
        yield Hostile(name, f"replace, {times} times tenfold", chain, _TEXT, {"s": "x" * 10_240})
    nothing = "s.replace('', s)"
    yield Hostile("text", "replace of nothing by 1 MB", nothing, _TEXT, {"s": "x" * _MEGABYTE})
    doubled = "s"
    for number in range(30):
        doubled = f"cel.bind(v{number}, {doubled}, v{number} + v{number})"
    yield Hostile("text", "doubled 30 times", doubled, _TEXT, {"s": "x"})


def _loops() -> Iterator[Hostile]:
    many = {"s": "x" * _MEGABYTE, "l": list(range(95))}
    yield Hostile("H4", "list of lists of 2 MB texts", "l.map(a, l.map(b, s+s)).size()", _BOTH, many)
    searched = {"s": "x" * _MEGABYTE, "l": list(range(9_900))}
    contains = "l.all(a, !s.contains('zz' + string(a)))"
    yield Hostile("H5", "9,900 searches through 1 MB", contains, _BOTH, searched)
    hundred = {"l": list(range(100))}
    for depth in (3, 6):
        names = "abcdef"[:depth]
        loops = " + ".join(names) + " >= 0"
        for name in reversed(names):
            loops = f"l.all({name}, {loops})"
        yield Hostile("H6", f"{depth} nested loops over 100", loops, {"l": "list(int)"}, hundred)
    yield Hostile("H7", "a range of another language", "[1..100000000]")
    yield Hostile("H7", "a range of 100,000,000", "lists.range(100000000).size() > 0", ends=AN_ERROR)
    zeros = f"[{','.join('0' * 40_000)}].size()"
    yield Hostile("H7", "a list of 40,000", zeros, ends=HARMLESS)
    doubled = "[0]"
    for number in range(28):
        doubled = f"cel.bind(v{number}, {doubled}, v{number} + v{number})"
    yield Hostile("H7", "a list doubled 28 times", f"{doubled}.size()")
    grown = "l"
    for _ in range(5):
        grown = f"{grown}.map(a, l).flatten()"
    yield Hostile("H7", "a list that multiplies five times", f"{grown}.size()", {"l": "list(int)"}, hundred)
    product = "l.map(a, l.map(b, l.map(c, l))).size()"
    yield Hostile("H7", "lists of lists of lists of lists", product, {"l": "list(int)"}, hundred)
    nulls = "l.map(a, null).size()"
    yield Hostile("H12", "100,000 nulls", nulls, {"l": "list(int)"}, {"l": list(range(100_000))}, ends=HARMLESS)
    sets = "sets.contains(l, l)"
    yield Hostile(
        "H6", "a set of 20,000 in itself", sets, {"l": "list(int)"}, {"l": list(range(20_000))}, ends=HARMLESS
    )
    calls = "l.all(a, string(a).size() > 0)"
    yield Hostile(
        "H17", "100,000 calls of functions", calls, {"l": "list(int)"}, {"l": list(range(100_000))}, ends=HARMLESS
    )


def _fails(_: object) -> object:
    raise OSError("nobody is there")


def _own_functions() -> Iterator[Hostile]:
    functions = FunctionRegistry(
        [
            Function("exam.next(int) -> int", lambda number: number + 1),
            Function("exam.fails(int) -> int", _fails),
            Function("exam.lies(int) -> int", str),
            Function("exam.recurses(int) -> int", _recurses),
        ]
    )
    many = {"l": list(range(100_000))}
    kind = {"l": "list(int)"}
    yield Hostile(
        "H17", "100,000 calls of a function of ours", "l.all(a, exam.next(a) > a)", kind, many, HARMLESS, "", functions
    )
    for name in ("fails", "recurses"):
        yield Hostile("H17", f"a function that {name}", f"exam.{name}(1) > 0", {}, {}, AN_ERROR, "", functions)
        caught = f"l.all(a, exam.{name}(a) > 0 || true)"
        yield Hostile("H17", f"100,000 calls of one that {name}", caught, kind, many, HARMLESS, "", functions)
    yield Hostile("H17", "a function that gives another type", "exam.lies(1) + 1 > 0", {}, {}, AN_ERROR, "", functions)


def _recurses(number: object) -> object:
    return _recurses(number)


def _patterns() -> Iterator[Hostile]:
    text = {"s": "a" * 5_000 + "b"}
    yield Hostile("H8", "(a+)+$", "s.matches('(a+)+$')", _TEXT, text, ends=A_VALUE, value="bool(False)")
    yield Hostile("H8", "nested repetitions", "s.matches('((a{0,100}){0,100}){0,100}')", _TEXT, text, ends=AN_ERROR)
    yield Hostile("H8", "many repetitions", "s.matches('(((a{0,30}){0,30}){0,30}b)*')", _TEXT, text, ends=HARMLESS)
    built = {"s": "(a|aa)" * 2_000}
    yield Hostile("H8", "a pattern from the input", "'aaaa'.matches(s)", _TEXT, built, ends=HARMLESS)
    twice = {"s": "a" * _MEGABYTE, "l": list(range(10_000))}
    yield Hostile("H8", "10,000 matches on 1 MB", "l.all(a, s.matches('a*$'))", _BOTH, twice)
    yield Hostile("H9", "no pattern, constant", "s.matches('(')", _TEXT, text, ends=frozenset({End.REFUSED}))
    yield Hostile("H9", "no pattern, from the input", "'a'.matches(s)", _TEXT, {"s": "("}, ends=AN_ERROR)
    backwards = "s.matches('(a)\\\\1')"
    yield Hostile("H9", "a back reference", backwards, _TEXT, text, ends=frozenset({End.REFUSED}))


def _depth() -> Iterator[Hostile]:
    yield Hostile("H10", "20,000 terms", "+".join("1" * 20_000), ends=HARMLESS)
    yield Hostile("H10", "5,000 alternatives", " || ".join(["false"] * 5_000), ends=HARMLESS)
    for depth in (300, 20_000):
        yield Hostile("H11", f"{depth:,} parentheses", "(" * depth + "1" + ")" * depth, ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} lists", "[" * depth + "]" * depth, ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} times not", "!" * depth + "true", ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} times minus", "-" * depth + "1", ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} choices", "true ? 1 : " * depth + "1", ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} calls", "size(" * depth + "'a'" + ")" * depth, ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} selections", "a" + ".b" * depth, ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} methods", "'a'" + ".trim()" * depth, ends=HARMLESS)
        yield Hostile("H11", f"{depth:,} open parentheses", "(" * depth, ends=frozenset({End.REFUSED}))
    yield Hostile("H11", "1,000 macros", "[1].map(x, " * 1_000 + "1" + ")" * 1_000, ends=HARMLESS)
    yield Hostile("H11", "8 macros that each copy their range", _copied(8), {"l": "list(int)"}, {"l": [1] * 20})


def _copied(depth: int) -> str:
    expression = "l"
    for number in range(depth):
        expression = f"l.map(v{number}, {expression})"
    return f"{expression}.size() > 0"


def _more_text() -> Iterator[Hostile]:
    text = {"s": "x," * (_MEGABYTE // 2)}
    yield Hostile("text", "split into 1,000,000", "s.split('').size()", _TEXT, text, ends=HARMLESS)
    often = {"s": "x" * _MEGABYTE, "l": list(range(1_000))}
    for call in ("upperAscii()", "reverse()", "trim()", "split('x').join('y')", "replace('x', 'y')", "substring(1)"):
        yield Hostile("text", f"1,000 times {call} of 1 MB", f"l.all(a, s.{call} != '')", _BOTH, often)
    yield Hostile("text", "join of 1,000 MB", "l.map(a, s).join(s).size()", _BOTH, often)
    yield Hostile("text", "quote of 1 MB, 1,000 times", "l.all(a, strings.quote(s) != '')", _BOTH, often)
    yield Hostile("text", "bytes of 1 MB, 1,000 times", "l.all(a, bytes(s).size() > 0)", _BOTH, often)
    yield Hostile("text", "comparisons of 1 MB", "l.all(a, s + 'a' != s + 'b')", _BOTH, often)
    for template in ("%.1000000000f", "%.2147483648e"):
        yield Hostile("text", f"format {template}", f"'{template}'.format([1.0])", ends=AN_ERROR)
    formatted = f"'{'%s' * 100}'.format([{','.join('s' * 100)}])"
    yield Hostile("text", "format of 1 MB, 100 times", formatted, _TEXT, {"s": "x" * _MEGABYTE})
    yield Hostile("text", "a shift by 10^9", "math.bitShiftLeft(1, 1000000000)", ends=A_VALUE, value="int(0)")
