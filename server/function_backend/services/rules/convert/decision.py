"""Decisions on the wire, and as the log keeps them."""

from __future__ import annotations

from function.rules.v1 import decision_pb2 as wire
from function.rules.v1 import evaluation_service_pb2 as service_wire
from function_backend.kernel.errors import ServiceError
from function_backend.services.rules.convert.explanation import explanation
from function_backend.services.rules.domain.decision import (
    DecisionFilter,
    DecisionStatus,
    LoggedDecision,
    Question,
    TakenDecision,
)
from function_backend.services.rules.service.decisions import ExplainedDecision
from function_backend.timestamps import read_optional_moment, timestamp
from function_backend_rules.recording.outcomes import outcome_message

STATUSES = {
    DecisionStatus.MATCHED: wire.DECISION_STATUS_MATCHED,
    DecisionStatus.NO_MATCH: wire.DECISION_STATUS_NO_MATCH,
    DecisionStatus.FAILED: wire.DECISION_STATUS_FAILED,
}
"""How decisions come out, on the wire."""
_BY_NUMBER: dict[int, DecisionStatus] = {number: status for status, number in STATUSES.items()}


def question(
    message: service_wire.EvaluateRequest | service_wire.BatchEvaluateRequest | service_wire.EvaluateStreamRequest,
) -> Question:
    """What is to be decided."""
    return Question(
        name=message.name,
        version=message.version,
        effective_at=read_optional_moment(message, "effective_time"),
        explain=message.explain == wire.EXPLAIN_LEVEL_FULL,
    )


def decision(value: TakenDecision) -> wire.Decision:
    """The decision without its id and explanation."""
    message = outcome_message(value.result)
    message.name = value.name
    message.version = value.version
    message.content_hash = value.content_hash
    return message


def with_explanation(value: TakenDecision) -> wire.Decision:
    """The decision with its id and explanation."""
    message = decision(value)
    message.id = str(value.id)
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
        local=value.local,
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
    again = outcome_message(value.result)
    then = message.decision
    same = (again.status, again.value, list(again.matches)) == (then.status, then.value, list(then.matches))
    return service_wire.ExplainDecisionResponse(decision=message, reproduced=same)


def status_of(number: int) -> DecisionStatus:
    """The status with the number on the wire."""
    return _BY_NUMBER[number]


def wanted(message: service_wire.ListDecisionsRequest | service_wire.ExportDecisionsRequest) -> DecisionFilter:
    """Which decisions of the log."""
    return DecisionFilter(
        name=message.name,
        version=message.version,
        status=_BY_NUMBER.get(message.status),
        decided_from=read_optional_moment(message, "decided_from"),
        decided_until=read_optional_moment(message, "decided_until"),
    )
