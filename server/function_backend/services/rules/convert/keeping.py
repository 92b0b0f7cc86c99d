"""What the log keeps of decisions."""

from __future__ import annotations

from datetime import timedelta

from function_backend.services.rules.convert.answers import decision_bytes
from function_backend.services.rules.convert.inputs import kept
from function_backend.services.rules.domain.decision import LoggedDecision, TakenDecision


class Keeping:
    """What the log keeps of decisions."""

    def __init__(self, *, kept_for: timedelta, with_inputs: bool) -> None:
        self._kept_for = kept_for
        self._with_inputs = with_inputs

    def __call__(self, value: TakenDecision) -> LoggedDecision:
        """What is kept of the decision."""
        inputs = kept(value)
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
        )
