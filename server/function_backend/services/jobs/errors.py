"""How the use cases of jobs fail, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    Resource,
)
from function_backend.services.jobs.domain import Job, JobState


class JobNotFoundError(NotFoundError):
    """No job with the id is visible to the caller."""

    reason = "JOB_NOT_FOUND"

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"No job {job_id}.", metadata={"job_id": str(job_id)}, resource=Resource("job", str(job_id)))


class JobStateError(PreconditionError):
    """The state of the job does not allow the call."""

    reason = "JOB_STATE"

    def __init__(self, job: Job, expected: Iterable[JobState]) -> None:
        names = [state.name.lower() for state in expected]
        super().__init__(
            f"The job {job.id} is {job.state.name.lower()}; it must be {' or '.join(names)}.",
            metadata={"job_id": str(job.id), "state": job.state.name.lower(), "expected": ",".join(names)},
            resource=Resource("job", str(job.id)),
        )


class JobDuplicateError(AlreadyExistsError):
    """Another job with the same dedupe key waits or runs already."""

    reason = "JOB_DUPLICATE"

    def __init__(self, job: Job) -> None:
        super().__init__(
            f"Another job with the key '{job.dedupe_key}' waits or runs; the job {job.id} stays as it is.",
            metadata={"job_id": str(job.id), "dedupe_key": job.dedupe_key},
            resource=Resource("job", str(job.id)),
        )


class JobScheduleNotFoundError(NotFoundError):
    """No schedule has the name."""

    reason = "JOB_SCHEDULE_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"No schedule '{name}'; ListSchedules lists them.",
            metadata={"schedule": name},
            resource=Resource("job_schedule", name),
        )


class TooManyJobWatchersError(LimitExceededError):
    """The server has too many streams that watch jobs."""

    reason = "TOO_MANY_JOB_WATCHERS"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This server has {limit} streams that watch jobs already; try again later.",
            metadata={"limit": str(limit)},
            retry_after=timedelta(seconds=5),
        )


class InstallationDeniedError(PermissionDeniedError):
    """The caller may not see the jobs of the installation."""

    reason = "PERMISSION_MISSING"

    def __init__(self, permission: str, method: str) -> None:
        super().__init__(
            f"The permission '{permission}' is missing.", metadata={"permission": permission, "method": method}
        )
