"""Decisions on the wire, and as the log keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from function.rules.v1 import decision_pb2 as wire
from function.rules.v1 import evaluation_service_pb2 as service_wire
from function_backend.kernel.errors import ServiceError
from function_backend.services.rules.convert.explanation import explanation, span
from function_backend.services.rules.convert.inputs import kept_inputs
from function_backend.services.rules.convert.moments import read_moment, timestamp
from function_backend.services.rules.convert.values import json_value
from function_backend.services.rules.domain.decision import (
    DecisionFilter,
    DecisionStatus,
    LoggedDecision,
    Question,
    TakenDecision,
)
from function_backend.services.rules.domain.rollout import Agreement
from function_backend.services.rules.service.beside import other_answer
from function_backend.services.rules.service.decisions import ExplainedDecision

STATUSES = {
    DecisionStatus.MATCHED: wire.DECISION_STATUS_MATCHED,
    DecisionStatus.NO_MATCH: wire.DECISION_STATUS_NO_MATCH,
    DecisionStatus.FAILED: wire.DECISION_STATUS_FAILED,
}
"""How decisions come out, on the wire."""
_BY_NUMBER = {number: status for status, number in STATUSES.items()}


def question(
    message: service_wire.EvaluateRequest | service_wire.BatchEvaluateRequest | service_wire.EvaluateStreamRequest,
) -> Question:
    """What is to be decided."""
    return Question(
        name=message.name,
        version=message.version,
        effective_at=read_moment(message, "effective_time"),
        explain=message.explain == wire.EXPLAIN_LEVEL_FULL,
    )


def outcome(value: TakenDecision | ServiceError) -> service_wire.DecisionOutcome:
    """A decision, or why there is none."""
    if isinstance(value, TakenDecision):
        return service_wire.DecisionOutcome(decision=taken(value))
    return service_wire.DecisionOutcome(error=error(value))


def streamed(correlation: str, value: TakenDecision | ServiceError) -> service_wire.EvaluateStreamResponse:
    """A decision, or why there is none, as the answer to one question of a stream."""
    if isinstance(value, TakenDecision):
        return service_wire.EvaluateStreamResponse(correlation=correlation, decision=taken(value))
    return service_wire.EvaluateStreamResponse(correlation=correlation, error=error(value))


def taken(value: TakenDecision) -> wire.Decision:
    """The decision as callers see it."""
    message = _decision(value)
    if value.explanation is not None:
        message.explanation.CopyFrom(explanation(value.explanation))
    return message


def error(failure: ServiceError) -> service_wire.DecisionError:
    """Why there is no decision."""
    field = failure.violations[0].field if failure.violations else ""
    return service_wire.DecisionError(reason=failure.reason, message=failure.message, field=field)


def logged(value: LoggedDecision, *, with_inputs: bool) -> wire.LoggedDecision:
    """A decision of the log as callers see it."""
    message = wire.LoggedDecision(
        decision=wire.Decision.FromString(value.outcome),
        decide_time=timestamp(value.decided_at),
        effective_time=timestamp(value.effective_at),
        caller=value.caller,
        redacted=value.redacted,
        inputs_digest=value.inputs_digest.hex(),
    )
    if with_inputs and value.inputs is not None:
        message.inputs.ParseFromString(value.inputs)
    if value.candidate_version is not None:
        message.rollout.CopyFrom(
            wire.DecisionRollout(
                candidate_version=value.candidate_version,
                answered_by_candidate=value.version == value.candidate_version,
                other_version=value.other_version or 0,
                agreement=value.agreement or "",
            )
        )
    return message


def explained(value: ExplainedDecision) -> service_wire.ExplainDecisionResponse:
    """A decision of the log with its explanation."""
    message = logged(value.decision, with_inputs=True)
    message.decision.explanation.CopyFrom(explanation(value.explanation))
    again = outcome_message(value.result, value.status)
    then = message.decision
    same = (again.status, again.value, list(again.matches)) == (then.status, then.value, list(then.matches))
    return service_wire.ExplainDecisionResponse(decision=message, reproduced=same)


def wanted(message: service_wire.ListDecisionsRequest | service_wire.ExportDecisionsRequest) -> DecisionFilter:
    """Which decisions of the log."""
    return DecisionFilter(
        name=message.name,
        version=message.version,
        status=_BY_NUMBER.get(message.status),
        decided_from=read_moment(message, "decided_from"),
        decided_until=read_moment(message, "decided_until"),
    )


class Keeping:
    """What the log keeps of decisions."""

    def __init__(self, *, kept_for: timedelta, with_inputs: bool) -> None:
        self._kept_for = kept_for
        self._with_inputs = with_inputs

    def __call__(self, value: TakenDecision) -> LoggedDecision:
        """What is kept of the decision."""
        inputs = kept_inputs(value)
        other = _other(value)
        return LoggedDecision(
            id=value.id,
            tenant_id=value.tenant_id,
            definition_id=value.definition_id,
            name=value.name,
            version=value.version,
            content_hash=value.content_hash,
            status=value.status,
            decided_at=value.decided_at,
            effective_at=value.effective_at,
            expires_at=value.decided_at + self._kept_for,
            caller=value.caller,
            outcome=_decision(value).SerializeToString(),
            inputs=inputs.message if self._with_inputs else None,
            redacted=inputs.redacted,
            inputs_digest=inputs.digest,
            candidate_version=None if value.beside is None else value.beside.candidate,
            other_version=None if value.beside is None else value.beside.other.number,
            agreement=None if other is None else other.agreement.value,
            other_outcome=None if other is None else other.outcome,
        )


class _Other(NamedTuple):
    """What is kept of the version that did not answer."""

    agreement: Agreement
    outcome: bytes | None


def _other(value: TakenDecision) -> _Other | None:
    """Asks the version that did not answer, where there is one; None when it was not asked."""
    found = None if value.beside is None else other_answer(value)
    if found is None:
        return None
    if found.status is None:
        return _Other(Agreement.FAILED, None)
    message = outcome_message(found.result, found.status)
    answer = outcome_message(value.result, value.status)
    by_candidate = value.version == value.beside.candidate
    candidate, in_force = (answer, message) if by_candidate else (message, answer)
    other = value.beside.other
    message.name, message.version, message.content_hash = other.name, other.number, other.content_hash
    return _Other(_agreement(candidate, in_force), message.SerializeToString())


def _agreement(candidate: wire.Decision, in_force: wire.Decision) -> Agreement:
    if (candidate.status, candidate.value) == (in_force.status, in_force.value):
        return Agreement.AGREED
    return Agreement.FAILED if candidate.status == wire.DECISION_STATUS_FAILED else Agreement.DIFFERED


def _decision(value: TakenDecision) -> wire.Decision:
    message = outcome_message(value.result, value.status)
    message.id = str(value.id)
    message.name = value.name
    message.version = value.version
    message.content_hash = value.content_hash
    return message


def outcome_message(result: Any, status: DecisionStatus) -> wire.Decision:  # noqa: ANN401  the engine's result
    """What the result of the engine says."""
    return wire.Decision(
        status=STATUSES[status],
        value=json_value(result.value) if status is DecisionStatus.MATCHED else None,
        matches=[
            wire.DecisionMatch(
                rule_id=each.rule_id,
                reason_code=each.reason_code,
                reason=each.reason,
                value=json_value(each.value),
            )
            for each in result.matches
        ],
        by_otherwise=result.by_otherwise,
        failures=[
            wire.DecisionFailure(
                rule_id=each.rule_id, code=each.code, message=each.message, field=each.field, span=span(each.span)
            )
            for each in result.errors
        ],
    )
