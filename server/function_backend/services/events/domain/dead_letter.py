"""What a dead letter is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that a consumer was given in vain, and that was set aside."""

    id: UUID
    consumer: str
    event_id: UUID
    type: str
    subject_type: str
    subject_id: UUID
    attempts: int
    failure: str
    set_aside_at: datetime
    resend_at: datetime | None
    """When somebody asked for another try that is still to come."""
