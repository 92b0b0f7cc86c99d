"""Events on their way to endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID


class DeliveryState(Enum):
    """How far a delivery has come."""

    PENDING = "pending"
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether anything is still to come."""
        return self in {DeliveryState.PENDING, DeliveryState.WAITING}


class DeliveryCause(Enum):
    """Why there is a delivery."""

    EVENT = "event"
    RESEND = "resend"
    REPLAY = "replay"
    TEST = "test"


class AttemptOutcome(Enum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    FORBIDDEN_ADDRESS = "forbidden_address"
    TLS_FAILED = "tls_failed"
    PROTOCOL_ERROR = "protocol_error"
    NOT_SIGNED = "not_signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEvent:
    """What is to be posted."""

    event_id: UUID
    event_type: str
    position: int
    """The place of the event in the log of the tenant; 0 for what is not in it."""
    subject_type: str
    subject_id: UUID
    trace_context: str
    body: bytes
    """As it is posted, byte for byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to an endpoint."""

    id: UUID
    endpoint_id: UUID
    event: QueuedEvent
    cause: DeliveryCause
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    last_outcome: AttemptOutcome | None
    last_status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was sent once, and what came back."""

    number: int
    started_at: datetime
    duration: timedelta
    outcome: AttemptOutcome
    error: str = ""
    address: str = ""
    status: int = 0
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    response_truncated: bool = False
    retry_after: timedelta | None = None
    """How long the receiver wants to be left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedDelivery:
    """A delivery that this process attempts now, with what that takes."""

    tenant_id: UUID
    endpoint_id: UUID
    endpoint_revision: int
    id: UUID
    event_id: UUID
    attempts: int
    """How many there were before."""
    created_at: datetime
    trace_context: str
    body: bytes
    lease: UUID
    """Only who names it may say what came of the attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Events of a time that are queued once more."""

    id: UUID
    endpoint_id: UUID
    missed_only: bool
    first_position: int
    last_position: int
    position: int
    """The last one that was looked at."""
    queued: int
    created_at: datetime
    ended_at: datetime | None = None
