"""What happens when jobs are steered, as the rest of the world is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from function_backend.kernel.events import DomainEvent
from function_backend.services.jobs.domain import Job, JobSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent(DomainEvent):
    """Somebody steered a job."""

    subject_type = "job"

    job: Job

    @classmethod
    def of(cls, job: Job, *, at: datetime) -> JobEvent:
        """The event of the job."""
        return cls(subject_id=job.id, sequence=max(1, int(at.timestamp() * 1_000_000)), occurred_at=at, job=job)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled(JobEvent):
    """A job was cancelled, or is to end since somebody wants it cancelled."""

    type = "function.jobs.v1.JobCancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequeued(JobEvent):
    """A job that was set aside is tried again."""

    type = "function.jobs.v1.JobRequeued"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDeleted(JobEvent):
    """A job was deleted."""

    type = "function.jobs.v1.JobDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEvent(DomainEvent):
    """Somebody steered a schedule."""

    subject_type = "job_schedule"

    schedule: JobSchedule
    job_id: UUID | None = None

    @classmethod
    def of(cls, schedule: JobSchedule, *, at: datetime, job_id: UUID | None = None) -> ScheduleEvent:
        """The event of the schedule."""
        return cls(
            # Schedules have names and no ids.
            subject_id=uuid5(NAMESPACE_URL, f"job-schedule:{schedule.name}"),
            sequence=max(1, int(at.timestamp() * 1_000_000)),
            occurred_at=at,
            schedule=schedule,
            job_id=job_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSchedulePaused(ScheduleEvent):
    """A schedule was paused."""

    type = "function.jobs.v1.JobSchedulePaused"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScheduleResumed(ScheduleEvent):
    """A schedule goes on."""

    type = "function.jobs.v1.JobScheduleResumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobScheduleRun(ScheduleEvent):
    """A schedule was made to ask for a job at once."""

    type = "function.jobs.v1.JobScheduleRun"
