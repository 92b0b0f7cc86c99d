"""Random tables from their source, against a scan whose cells are plain Python."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.values import Duration, OptionalValue, Timestamp, UInt
from function_backend_rules.results import Status
from function_backend_rules.tables.compilation import TableRefusedError
from function_backend_rules.tables.explanation import explain_table
from tests.rules_engine.tables.building import COLLECT, FIRST, compiled, table_of

Value = Any  # Of any of the types below.
Predicate = Callable[[Value], bool]


@dataclass(frozen=True)
class Kind:
    """A type of input: constants as CEL and as values, and further values that no cell names."""

    type: str
    constants: dict[str, Any]
    others: list[Any]
    ordered: bool = True

    @property
    def values(self) -> list[Any]:
        constants = self.constants.values()
        return [*(map(float, constants) if self.type == "double" else constants), *self.others]


_INTS = {"-1": -1, "0": 0, "1": 1, "7": 7, "9007199254740993": 2**53 + 1, "9223372036854775807": 2**63 - 1}
KINDS = [
    Kind("int", _INTS, [2, 2**53, -(2**63)]),
    Kind("uint", {"0u": 0, "1": 1, "18446744073709551615u": 2**64 - 1}, [2]),
    Kind("bool", {"true": True, "false": False}, [], ordered=False),
    Kind(
        "double",
        {"0.0": 0.0, "1": 1, "-2.5": -2.5, "9007199254740993": 2**53 + 1, "1e300": 1e300, '-double("inf")': -math.inf},
        [-0.0, 1.0, 2.0**53, 2.0**53 + 2, math.inf, math.nan],
    ),
    Kind("string", {'"FR"': "FR", "'a\"b'": 'a"b', '""': "", '"a, b"': "a, b", r'"\u00e9"': "é"}, ["FR\0", "fr", "]"]),
    Kind("bytes", {"b'a'": b"a", "b''": b""}, [b"a\0"]),
    Kind("timestamp", {'timestamp("1970-01-01T00:00:01Z")': 10**9, "timestamp(0)": 0}, [1, -1]),
    Kind("duration", {'duration("1s")': 10**9, 'duration("-1.5s")': -15 * 10**8}, [0]),
    Kind("optional(int)", {"null": None, "5": 5, "-5": -5}, [0]),
    Kind("google.protobuf.StringValue", {"null": None, '"x"': "x"}, ["", "y"]),
]


def _input(kind: Kind, value: Value) -> object:
    if kind.type == "optional(int)":
        return OptionalValue(present=False) if value is None else OptionalValue(value)
    made = {"uint": UInt, "timestamp": Timestamp, "duration": Duration}.get(kind.type)
    return made(value) if made is not None else value


def _compared(operator: str, other: Value) -> Predicate:
    def holds(value: Value) -> bool:
        if operator in {"==", "!="}:
            return bool((value == other) == (operator == "=="))
        if value is None:
            return False
        answers = {"<": value < other, "<=": value <= other, ">": value > other, ">=": value >= other}
        return bool(answers[operator])

    return holds


@st.composite
def _cells(draw: st.DrawFn, kind: Kind) -> tuple[str, Predicate]:  # noqa: PLR0911 - One for each form.
    constants = st.sampled_from(sorted(kind.constants))
    form = draw(st.sampled_from(["any", "equal", "compare", "range", "set", "not", "condition"]))
    text = draw(constants)
    value = kind.constants[text]
    if form == "any":
        return draw(st.sampled_from(["", "-", "*"])), lambda _: True
    if form == "compare" and kind.ordered and value is not None:
        operator = draw(st.sampled_from(["<", "<=", ">", ">=", "!=", "=="]))
        return f"{operator} {text}", _compared(operator, value)
    if form == "range" and kind.ordered:
        return draw(_ranges(kind))
    if form == "set":
        texts = draw(st.lists(constants, min_size=1, max_size=3))
        wanted = [kind.constants[each] for each in texts]
        written = draw(st.sampled_from([", ".join(texts), f"in [{', '.join(texts)}]"]))
        return written, lambda found: any(found == each for each in wanted)
    if form == "not":
        inner, holds = draw(_cells(kind))
        if inner not in {"", "-", "*"}:
            return f"not({inner})", lambda found: not holds(found)
    if form == "condition" and "optional" not in kind.type and kind.type not in {"double", "uint"}:
        return f"cell == {text} || other == {text}", lambda found: bool(found == value)
    return text, lambda found: bool(found == value)


@st.composite
def _ranges(draw: st.DrawFn, kind: Kind) -> tuple[str, Predicate]:
    ends = sorted((value, text) for text, value in kind.constants.items() if value is not None)
    low, high = sorted(draw(st.lists(st.sampled_from(ends), min_size=2, max_size=2)))
    # Nothing lies between -1 and 0.
    start = "[" if kind.type in {"int", "uint", "optional(int)"} else draw(st.sampled_from(["[", "("]))
    end = draw(st.sampled_from(["]", ")"]))
    if low[0] == high[0]:
        start, end = "[", "]"
    above, below = _compared(">=" if start == "[" else ">", low[0]), _compared("<=" if end == "]" else "<", high[0])
    return f"{start}{low[1]}..{high[1]}{end}", lambda found: above(found) and below(found)


@st.composite
def _tables(draw: st.DrawFn) -> tuple[list[Kind], list[list[tuple[str, Predicate]]], list[list[Any]]]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    rows = draw(st.lists(st.tuples(*[_cells(kind) for kind in kinds]).map(list), max_size=8))
    inputs = draw(st.lists(st.tuples(*[st.sampled_from(kind.values) for kind in kinds]).map(list), max_size=8))
    return kinds, rows, inputs


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_tables())
def test_a_table_decides_as_a_scan_of_its_rows(
    drawn: tuple[list[Kind], list[list[tuple[str, Predicate]]], list[list[Any]]],
) -> None:
    kinds, rows, inputs = drawn
    # `other` is a variable that no cell can be known without, and that never makes a difference.
    columns = [f"c{place}" for place in range(len(kinds))]
    declared = {name: kind.type for name, kind in zip(columns, kinds, strict=True)} | {"other": "dyn"}
    written = [([text for text, _ in row], [str(number)]) for number, row in enumerate(rows)]
    try:
        first = compiled(table_of(written, columns, policy=FIRST), declared)
    except TableRefusedError as refused:
        for problem in refused.problems:
            row, column = map(int, re.findall(r"\d+", problem.path))
            assert "the row would never match" in problem.message
            assert not any(rows[row][column][1](value) for value in kinds[column].values)
        return
    every = compiled(table_of(written, columns, policy=COLLECT), declared)
    for values in inputs:
        wanted = [
            number
            for number, row in enumerate(rows)
            if all(holds(value) for (_, holds), value in zip(row, values, strict=True))
        ]
        ids = [f"row-{number + 1}" for number in wanted]
        given_values = [_input(kind, value) for kind, value in zip(kinds, values, strict=True)]
        bindings = dict(zip(columns, given_values, strict=True)) | {"other": OptionalValue(), "now": Timestamp(0)}
        result = every.evaluate_named(bindings, Budget())
        assert ([match.rule_id for match in result.matches], result.errors) == (ids, ())
        result = first.evaluate_named(bindings, Budget())
        assert result.status is (Status.MATCHED if wanted else Status.NO_MATCH)
        assert [match.rule_id for match in result.matches] == ids[:1]
        assert set(wanted) <= set(first.matching(given_values))
        explained = explain_table(every, bindings, Budget())
        assert {row.row for row in explained.rows if row.matched} == set(wanted)
        assert (explained.nearest is None) == (bool(wanted) or not rows)
