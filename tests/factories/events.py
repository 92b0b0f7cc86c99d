"""Events of nothing in particular."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID, uuid4

from function_backend.kernel.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingHappened(DomainEvent):
    """Something happened to a thing."""

    type: ClassVar[str] = "function.test.v1.ThingHappened"
    subject_type: ClassVar[str] = "thing"

    payload: bytes = b"payload"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherHappened(ThingHappened):
    """Something else happened, to something else."""

    type: ClassVar[str] = "function.test.v1.OtherHappened"
    subject_type: ClassVar[str] = "other"


def an_event(
    kind: type[ThingHappened] = ThingHappened,
    *,
    subject_id: UUID | None = None,
    sequence: int = 1,
    before: bytes | None = None,
    after: bytes | None = None,
    payload: bytes = b"payload",
    labels: Mapping[str, str] | None = None,
) -> ThingHappened:
    """An event of a thing."""
    return kind(
        subject_id=subject_id or uuid4(),
        sequence=sequence,
        occurred_at=datetime.now(UTC),
        before_digest=before,
        after_digest=after,
        payload=payload,
        labels=labels,
    )


def payload_of(event: ThingHappened) -> bytes:
    """What leaves the service with the event."""
    return event.payload


class RefusingSink:
    """For transactions that record nothing."""

    def append(self, work: object, events: object) -> None:
        """Fails the test."""
        raise AssertionError("nothing was to be recorded")

    def committed(self, work: object) -> None:
        """Fails the test."""
        raise AssertionError("nothing was to be recorded")
