"""A decision table of many rows, as a definition and as Python written by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from function.rules.v1 import definition_pb2

_COUNTRIES = tuple(f"{first}{second}" for first in "ABCDEFGHIJ" for second in "KLMNOPQRST")
_SEGMENTS = ("retail", "small", "middle", "large", "public")
_WILDCARD = 0.1
INPUTS = {"country": "string", "segment": "string", "amount": "double", "score": "int"}
Asked = tuple[str, str, float, int]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: empty text stands for any."""

    country: str
    segment: str
    low: float
    high: float
    score: int


def rows(count: int, chance: random.Random) -> list[TableRow]:
    """Two equality columns with wildcards, one range, one threshold."""
    return [
        TableRow(
            country="" if chance.random() < _WILDCARD else chance.choice(_COUNTRIES),
            segment="" if chance.random() < _WILDCARD else chance.choice(_SEGMENTS),
            low=(low := float(chance.randrange(0, 100_000, 500))),
            high=low + chance.randrange(500, 3_000, 500),
            score=chance.randrange(0, 100),
        )
        for _ in range(count)
    ]


def definition(table: list[TableRow]) -> definition_pb2.Definition:
    """The table under the policy that takes the first row; the output is the number of the row."""
    made = definition_pb2.Definition(name="bench.table", result_type="int")
    for name, kind in INPUTS.items():
        made.inputs.add(name=name, type=kind)
        made.table.input_columns.add(name=name)
    made.table.hit_policy = definition_pb2.HIT_POLICY_FIRST
    made.table.output_columns.add(name="row", type="int")
    for number, row in enumerate(table):
        cells = (
            f"'{row.country}'" if row.country else "",
            f"'{row.segment}'" if row.segment else "",
            f"[{row.low}..{row.high})",
            f">= {row.score}",
        )
        made.table.rows.add(id=f"r{number}", cells=cells, outputs=[str(number)])
    return made


def linear(table: list[TableRow]) -> Callable[[Asked], int | None]:
    """A loop over tuples, as one would write it."""
    tuples = [(row.country, row.segment, row.low, row.high, row.score) for row in table]

    def decide(asked: Asked) -> int | None:
        country, segment, amount, score = asked
        for number, (wanted, group, low, high, least) in enumerate(tuples):
            if (
                (not wanted or wanted == country)
                and (not group or group == segment)
                and low <= amount < high
                and score >= least
            ):
                return number
        return None

    return decide


def inputs(table: list[TableRow], count: int, chance: random.Random) -> list[Asked]:
    """What is asked of the table: something for rows all over it, which few rows before them take."""
    chosen = [chance.choice(table) for _ in range(count)]
    return [
        (
            row.country or chance.choice(_COUNTRIES),
            row.segment or chance.choice(_SEGMENTS),
            chance.uniform(row.low, row.high - 1),
            chance.randrange(row.score, 100),
        )
        for row in chosen
    ]
