"""What the log keeps of decisions."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from function.rules.v1 import decision_pb2 as wire
from function_backend.services.rules.convert.answers import decision_bytes
from function_backend.services.rules.convert.inputs import kept
from function_backend.services.rules.domain.decision import LoggedDecision, TakenDecision
from function_backend.services.rules.domain.rollout import Agreement
from function_backend.services.rules.service.beside import other_answer
from function_backend_rules.recording.outcomes import outcome_message


class Keeping:
    """What the log keeps of decisions."""

    def __init__(self, *, kept_for: timedelta, with_inputs: bool) -> None:
        self._kept_for = kept_for
        self._with_inputs = with_inputs

    def __call__(self, value: TakenDecision) -> LoggedDecision:
        """What is kept of the decision."""
        inputs = kept(value)
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
            outcome=decision_bytes(value),
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
    message = outcome_message(found.result)
    answer = outcome_message(value.result)
    by_candidate = value.version == value.beside.candidate
    candidate, in_force = (answer, message) if by_candidate else (message, answer)
    other = value.beside.other
    message.name, message.version, message.content_hash = other.name, other.number, other.content_hash
    return _Other(_agreement(candidate, in_force), message.SerializeToString())


def _agreement(candidate: wire.Decision, in_force: wire.Decision) -> Agreement:
    if (candidate.status, candidate.value) == (in_force.status, in_force.value):
        return Agreement.AGREED
    return Agreement.FAILED if candidate.status == wire.DECISION_STATUS_FAILED else Agreement.DIFFERED
