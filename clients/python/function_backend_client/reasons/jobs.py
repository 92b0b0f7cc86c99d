"""The reasons of jobs and schedules."""

from __future__ import annotations

from function_backend_client.errors import AlreadyExistsError, LimitExceededError, NotFoundError, PreconditionError


class JobNotFoundError(NotFoundError):
    """No job with the id is visible to the caller."""

    default_reason = "JOB_NOT_FOUND"


class JobStateError(PreconditionError):
    """The state of the job does not allow the call."""

    default_reason = "JOB_STATE"


class JobDuplicateError(AlreadyExistsError):
    """Another job with the same dedupe key waits or runs already."""

    default_reason = "JOB_DUPLICATE"


class JobScheduleNotFoundError(NotFoundError):
    """No schedule has the name."""

    default_reason = "JOB_SCHEDULE_NOT_FOUND"


class TooManyJobWatchersError(LimitExceededError):
    """The server has too many streams that watch jobs."""

    default_reason = "TOO_MANY_JOB_WATCHERS"
