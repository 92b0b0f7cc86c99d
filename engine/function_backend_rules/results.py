"""What an evaluation of a decision gives."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.source import Span

OTHERWISE = "otherwise"
"""What stands for a rule's id where the `otherwise` of a definition is meant."""
EVALUATION_FAILED = "EVALUATION_FAILED"
BUDGET_EXCEEDED = "BUDGET_EXCEEDED"


class Status(enum.Enum):
    """How an evaluation ended."""

    MATCHED = "matched"
    NO_MATCH = "no match"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Match:
    """A rule, row or step that decides, with what it gives."""

    rule_id: str
    reason_code: str
    reason: str
    value: object


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that could not be decided."""

    rule_id: str
    code: str
    """`EVALUATION_FAILED` or `BUDGET_EXCEEDED`; of tables also `SEVERAL_MATCHES`, `DIFFERENT_OUTPUTS`, `NO_PRIORITY`
    and `OUT_OF_RANGE`."""
    message: str
    field: str = ""
    """Which text of the rule failed, such as `condition`, `outcome` or the name of a column."""
    span: Span | None = None
    """The part of that text."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one evaluation.

    `value` means something where the status is MATCHED. `matches` are those that decide, in order; none where
    `otherwise` decided. `errors` are the failures that were skipped, or the one that ended the decision.
    """

    status: Status
    value: object = None
    matches: tuple[Match, ...] = ()
    errors: tuple[RuleFailure, ...] = ()
    by_otherwise: bool = False


def failure_of(rule_id: str, field: str, error: EvaluationError) -> RuleFailure:
    """The failure of a rule."""
    if isinstance(error, BudgetExceededError):
        return RuleFailure(rule_id, BUDGET_EXCEEDED, f"{error.kind}: {error.message}", field, error.span)
    return RuleFailure(rule_id, EVALUATION_FAILED, error.message, field, error.span)
