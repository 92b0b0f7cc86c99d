"""A decision table of a thousand rows against a loop over them, and against one ten times as long."""

from __future__ import annotations

import itertools
import random

from bench import rule_tables
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.micro import Call, interleaved
from bench.stage import Stage
from function_backend_rules import compile_definition

_ROWS, _MANY = 1_000, 10_000
_ASKED = 200
_LINEAR, _OURS, _LONG = "loop over the rows", "table", "table of ten times as many"


def measure(stage: Stage) -> Measurement:
    """Asks a table and a loop the same things in turns."""
    chance = random.Random(7)
    table = rule_tables.rows(_ROWS, chance)
    longer = rule_tables.rows(_MANY, chance)
    asked = rule_tables.inputs(table, _ASKED, chance)
    decide = rule_tables.linear(table)
    compiled, long = (compile_definition(rule_tables.definition(each)) for each in (table, longer))
    named = [dict(zip(rule_tables.INPUTS, each, strict=True)) for each in asked]
    wrong = [each for each, names in zip(asked, named, strict=True) if decide(each) != compiled.evaluate(names).value]
    if wrong:
        raise ValueError(f"the table and the loop differ for {wrong[0]}")
    tuples = itertools.cycle(asked)
    few, many = (itertools.cycle([each.read(names) for names in named]) for each in (compiled, long))
    contestants: dict[str, Call] = {
        _LINEAR: lambda: decide(next(tuples)),
        _OURS: lambda: compiled.evaluate(next(few)),
        _LONG: lambda: long.evaluate(next(many)),
    }
    rounds = interleaved(stage, contestants)
    figures = [
        Figure(
            name=f"Decision table of {_ROWS:,} rows, the first that matches",
            value=median_ratio(rounds[_OURS], rounds[_LINEAR], "ns"),
            unit="×",
            reference="a loop over the rows in Python",
            absolute=_microseconds(median_of(rounds[_OURS], "ns"), median_of(rounds[_LINEAR], "ns")),
            at_most=0.06,
        ),
        Figure(
            name=f"Decision table of {_MANY:,} rows",
            value=median_ratio(rounds[_LONG], rounds[_OURS], "ns"),
            unit="×",
            reference=f"one of {_ROWS:,} rows",
            absolute=_microseconds(median_of(rounds[_LONG], "ns"), median_of(rounds[_OURS], "ns")),
            at_most=4,
        ),
    ]
    found = sum(decide(each) is not None for each in asked)
    conditions = {
        "columns": "two of equality with wildcards, one of ranges, one of thresholds",
        "table": "inputs that are read once; the result with its match",
        "asked": f"{_ASKED} different inputs in turn, {found} of which match a row",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _microseconds(ours: float, theirs: float) -> str:
    return f"{ours / 1e3:,.2f} and {theirs / 1e3:,.2f} µs"
