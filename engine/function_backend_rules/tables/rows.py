"""The rows of a compiled table, and what an evaluation of it gives."""

import copy
import enum
from collections.abc import Callable
from dataclasses import dataclass

from function_backend_rules.cel.source import Span

_SCALARS = (str, int, float, bytes, type(None))

Evaluate = Callable[..., object]
"""Gives the value of an expression for a budget and the inputs in the order of their declaration.

Raises EvaluationError where it has none.
"""


class Status(enum.Enum):
    """How an evaluation ended."""

    MATCHED = "matched"
    NO_MATCH = "no match"
    FAILED = "failed"


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
class RowMatch:
    """A row that decides, with what it gives."""

    row: int
    row_id: str
    reason_code: str
    reason: str
    value: object


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A row that could not be decided, or the reason why the rows that match make no decision.

    `code` is `EVALUATION_FAILED`, `BUDGET_EXCEEDED`, `SEVERAL_MATCHES`, `DIFFERENT_OUTPUTS`, `NO_PRIORITY` or
    `OUT_OF_RANGE`. `column` names the column of cells whose value or condition failed, and is empty for outputs.
    """

    row_id: str
    code: str
    message: str
    span: Span | None = None
    column: str = ""


@dataclass(frozen=True, slots=True)
class TableResult:
    """What an evaluation gives. `value` means something where the status is MATCHED.

    `by_otherwise` says that no row matched and the table's `otherwise` decided; then there are no matches.
    """

    status: Status
    value: object = None
    matches: tuple[RowMatch, ...] = ()
    failures: tuple[RowFailure, ...] = ()
    by_otherwise: bool = False


def fresh(value: object) -> object:
    """Gives a constant such that a caller who changes it changes no later answer."""
    return value if isinstance(value, _SCALARS) else copy.deepcopy(value)
