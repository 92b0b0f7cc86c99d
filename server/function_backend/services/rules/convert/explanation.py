"""Explanations on the wire."""

from __future__ import annotations

from typing import Any

from function.rules.v1 import decision_pb2 as wire

_LONGEST_VALUE = 200


def explanation(value: Any) -> wire.DecisionExplanation:  # noqa: ANN401  the engine's explanation
    """Why a decision came out as it did."""
    nearest = value.nearest
    return wire.DecisionExplanation(
        rules=map(_rule, value.rules),
        nearest_rule_id="" if nearest is None else nearest.rule_id,
        nearest_condition=None if nearest is None else _condition(nearest.condition),
        text=str(value),
    )


def span(value: Any, text: str = "") -> wire.SourceSpan | None:  # noqa: ANN401  the engine's span
    """A part of an expression; None stays absent."""
    return None if value is None else wire.SourceSpan(start=value.start, end=value.end, text=text)


def _rule(value: Any) -> wire.RuleExplanation:  # noqa: ANN401  the engine's
    return wire.RuleExplanation(
        rule_id=value.rule_id,
        outcome=wire.RuleOutcome.Value(f"RULE_OUTCOME_{value.outcome.name}"),
        conditions=map(_condition, value.conditions),
    )


def _condition(value: Any) -> wire.ConditionExplanation:  # noqa: ANN401  the engine's
    return wire.ConditionExplanation(
        span=span(value.span, value.text),
        value=_shown(value.value) if value.evaluated and not value.error else "",
        error=value.error or "",
        evaluated=value.evaluated,
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
