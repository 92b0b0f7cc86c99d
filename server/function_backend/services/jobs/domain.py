"""Jobs as their callers and operators see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID


class JobState(Enum):
    """How far a job has come. The values are those of the contract."""

    WAITING = 1
    QUEUED = 2
    RUNNING = 3
    SUCCEEDED = 4
    FAILED = 5
    CANCELLED = 6


OVER = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed."""

    status: int
    """The number of the gRPC status."""
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job."""

    tenant_id: UUID
    id: UUID
    kind: str
    state: JobState
    priority: int
    creator: str
    request_id: str
    dedupe_key: str
    schedule: str
    scheduled_for: datetime | None
    attempt: int
    max_attempts: int
    cancelled_at: datetime | None
    done: int
    total: int
    details: bytes
    result: bytes
    failure: Failure | None
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    updated_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more, unless it is tried again."""
        return self.state in OVER

    @property
    def is_to_end(self) -> bool:
        """Whether somebody wants it cancelled, and it has not ended yet."""
        return self.cancelled_at is not None and not self.is_over


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are wanted."""

    kind: str = ""
    states: Sequence[JobState] = ()
    creator: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """Which jobs a caller sees: those that it asked for itself, and those of some kinds."""

    caller: str
    kinds: Sequence[str] | None
    """None for all kinds."""

    def includes(self, job: Job) -> bool:
        """Whether the caller sees the job."""
        return self.kinds is None or job.creator == self.caller or job.kind in self.kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSchedule:
    """A schedule, as it is declared and as it stands."""

    name: str
    kind: str
    cron: str
    time_zone: str
    per_tenant: bool
    next_at: datetime | None
    last_at: datetime | None
    paused_at: datetime | None
    paused_by: str
    revision: int
