"""Explanations on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable

from function.rules.v1 import decision_pb2 as wire
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.program import TracedNode
from function_backend_rules.cel.runtime.json_form import json_form
from function_backend_rules.explanation import FAILED, MATCHED, NOT_MATCHED, NOT_REACHED, Explanation, FailingTerm
from function_backend_rules.explanation import RuleOutcome as Rule
from function_backend_rules.graphs.compiled import StepResult
from function_backend_rules.recording.outcomes import span_message
from function_backend_rules.tables.explanation import CellOutcome, ColumnValue, RowOutcome

_LONGEST_VALUE = 200
_OUTCOMES = {
    MATCHED: wire.RULE_OUTCOME_MATCHED,
    NOT_MATCHED: wire.RULE_OUTCOME_NOT_MATCHED,
    FAILED: wire.RULE_OUTCOME_FAILED,
    NOT_REACHED: wire.RULE_OUTCOME_NOT_REACHED,
}


def explanation(value: Explanation) -> wire.DecisionExplanation:
    """Why a decision came out as it did."""
    table = value.table
    if table is not None:
        nearest_row = table.nearest
        return wire.DecisionExplanation(
            rules=map(_row, table.rows),
            nearest_rule_id="" if nearest_row is None else nearest_row.row_id,
            nearest_failing=[] if nearest_row is None else map(_cell, nearest_row.failing),
            columns=map(_column, table.columns),
        )
    nearest = value.nearest
    return wire.DecisionExplanation(
        rules=map(_rule, value.rules),
        nearest_rule_id="" if nearest is None else nearest.rule_id,
        nearest_failing=[] if nearest is None else map(_failing, nearest.failing),
        steps=[_step(step, inner) for step, inner in value.steps],
    )


def _rule(value: Rule) -> wire.RuleExplanation:
    return wire.RuleExplanation(
        rule_id=value.rule_id,
        outcome=_OUTCOMES[value.outcome],
        condition=value.condition,
        parts=map(_part, value.nodes),
        failing=map(_failing, value.failing),
        error=value.error,
        error_span=span_message(value.span),
    )


def _row(value: RowOutcome) -> wire.RuleExplanation:
    failed = [cell.error for cell in value.cells if cell.error]
    outcome = MATCHED if value.matched else FAILED if failed else NOT_MATCHED
    return wire.RuleExplanation(
        rule_id=value.row_id,
        outcome=_OUTCOMES[outcome],
        failing=map(_cell, value.failing),
        error="; ".join(failed),
    )


def _part(value: TracedNode) -> wire.ConditionExplanation:
    return wire.ConditionExplanation(
        span=span_message(value.span, value.text),
        value=_shown(value.value) if value.evaluated else "",
        evaluated=value.evaluated,
    )


def _failing(value: FailingTerm) -> wire.FailingCondition:
    return wire.FailingCondition(
        span=span_message(value.span, value.text), operands=_operands(value.operands), failed=value.error
    )


def _operands(values: Iterable[tuple[str, object]]) -> list[wire.Operand]:
    return [wire.Operand(text=text, value=_shown(value)) for text, value in values]


def _cell(value: CellOutcome) -> wire.FailingCondition:
    return wire.FailingCondition(
        span=wire.SourceSpan(end=len(value.source), text=value.source),
        column=value.column,
        failed=value.matched is None,
    )


def _column(value: ColumnValue) -> wire.ColumnExplanation:
    return wire.ColumnExplanation(
        name=value.name,
        expression=value.expression,
        value="" if value.error is not None else _shown(value.value),
        error=value.error or "",
    )


def _step(value: StepResult, inner: Explanation | None) -> wire.StepExplanation:
    failure = value.failure
    return wire.StepExplanation(
        name=value.name,
        value="" if failure is not None else _shown(value.value),
        error="" if failure is None else failure.message,
        explanation=None if inner is None else explanation(inner),
    )


def _shown(value: object) -> str:
    try:
        text = json.dumps(json_form(value), ensure_ascii=False)
    except EvaluationError:
        text = repr(value)  # A type, of which JSON knows nothing.
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
