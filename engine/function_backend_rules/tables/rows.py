"""The rows of a compiled table, and what an evaluation of it gives."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from function_backend_rules.results import Match

_SCALARS = (str, int, float, bytes, type(None))

Evaluate = Callable[..., object]
"""Gives the value of an expression for a budget and the inputs in the order of their declaration.

Raises EvaluationError where it has none.
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """A cell that has to be evaluated: the place of its column among those that are used, and a bool.

    The bool is over the inputs and, last, `cell`.
    """

    column: int
    evaluate: Evaluate


@dataclass(frozen=True, slots=True)
class Output:
    """What a row gives: a constant, or what is worked out from the inputs."""

    constant: object = None
    evaluate: Evaluate | None = None
    rank: tuple[int, ...] | None = None
    """Its place in the priorities of the output columns; None where there are none, or it is not constant."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row. `number` is its place in the table, from 0."""

    number: int
    id: str
    output: Output
    conditions: tuple[Condition, ...] = ()
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RowMatch(Match):
    """A row that decides, with what it gives; `row` is its number."""

    row: int


def fresh(value: object) -> object:
    """Gives a constant such that a caller who changes it changes no later answer."""
    return value if isinstance(value, _SCALARS) else copy.deepcopy(value)
