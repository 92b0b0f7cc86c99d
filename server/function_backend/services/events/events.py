"""What is decided about dead letters, as the rest of the world is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.events.domain.dead_letter import DeadLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterEvent(DomainEvent):
    """Somebody decided about a dead letter."""

    subject_type: ClassVar[str] = "dead_letter"

    letter: DeadLetter

    @classmethod
    def of(cls, letter: DeadLetter, *, at: datetime) -> Self:
        """The event of the dead letter."""
        return cls(
            subject_id=letter.id,
            sequence=max(1, int(at.timestamp() * 1_000_000)),
            occurred_at=at,
            details={"consumer": letter.consumer, "event": str(letter.event_id)},
            letter=letter,
        )


class DeadLetterResent(DeadLetterEvent):
    """It is to be tried again."""

    type: ClassVar[str] = "function.events.v1.DeadLetterResent"


class DeadLetterDiscarded(DeadLetterEvent):
    """It was given up."""

    type: ClassVar[str] = "function.events.v1.DeadLetterDiscarded"
