"""How a decision came out, as a message."""

from __future__ import annotations

from function.rules.v1 import decision_pb2 as wire
from function_backend_rules.cel.source import Span
from function_backend_rules.recording.json_messages import json_value
from function_backend_rules.results import Result, Status

_STATUSES = {
    Status.MATCHED: wire.DECISION_STATUS_MATCHED,
    Status.NO_MATCH: wire.DECISION_STATUS_NO_MATCH,
    Status.FAILED: wire.DECISION_STATUS_FAILED,
}


def outcome_message(result: Result) -> wire.Decision:
    """The message with what the result says; by whom and when it was decided is left to the caller."""
    message = wire.Decision(status=_STATUSES[result.status], by_otherwise=result.by_otherwise)
    if result.status is Status.MATCHED:
        message.value.CopyFrom(json_value(result.value))
    several = len(result.matches) > 1
    for match in result.matches:
        message.matches.add(
            rule_id=match.rule_id,
            reason_code=match.reason_code,
            reason=match.reason,
            value=json_value(match.value) if several else None,
        )
    for failure in result.errors:
        message.failures.add(
            rule_id=failure.rule_id,
            code=failure.code,
            message=failure.message,
            field=failure.field,
            span=span_message(failure.span),
        )
    return message


def span_message(span: Span | None, text: str = "") -> wire.SourceSpan | None:
    """A part of an expression; None stays absent."""
    return None if span is None else wire.SourceSpan(start=span.start, end=span.end, text=text)
