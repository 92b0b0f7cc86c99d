"""Making one attempt at a job, and reading from how it ended what becomes of the job."""

from __future__ import annotations

import logging
import random
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from function_backend.jobs.statements import Finished
from function_backend.kernel.call import current_call
from function_backend.kernel.errors import (
    ConflictError,
    DeadlineError,
    LimitExceededError,
    ServiceError,
    Status,
    UnavailableError,
)
from function_backend.kernel.jobs import JobCancelledError, JobInterruptedError, JobStopError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from function_backend.jobs.run import Run
    from function_backend.kernel.clock import Clock

_log = logging.getLogger(__name__)

_PASSING = (UnavailableError, ConflictError, LimitExceededError, DeadlineError)
"""What may go better another time."""
CANCELLED = "The job was cancelled."
TOO_LONG = "The job took longer than jobs of its kind may."
_DEFECT = "An internal error; the log of the service says more."
_LONGEST_FAILURE = 2_000
# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load only


class Failure(NamedTuple):
    """What went wrong, as the caller is told."""

    status: Status
    reason: str
    message: str


Traced: TypeAlias = "Callable[[str, str], AbstractContextManager[object]]"
"""Opens a span for a job of a kind, as a child of a `traceparent`."""


def untraced(_: str, __: str) -> AbstractContextManager[object]:
    """No span."""
    return nullcontext()


def attempt(run: Run, clock: Clock, traced: Traced) -> Finished | None:
    """How the attempt came out; None when the job was not the run's any more, so that it does not matter."""
    token = current_call.set(run.call)
    try:
        with traced(run.kind.name, run.job.trace_context):
            run.check()
            result = run.kind.run(run)
    except JobStopError as stop:
        return _stopped(run, type(stop), clock)
    except Exception as error:  # noqa: BLE001  whatever it is, the thread goes on
        if run.stop_reason is not None:
            # What it met while it was told to end, such as a statement that was interrupted, is no failure.
            return _stopped(run, run.stop_reason, clock)
        return _failed(run, error, clock)
    finally:
        current_call.reset(token)
    return _told(run, state="succeeded", result=result)


def _stopped(run: Run, reason: type[JobStopError], clock: Clock) -> Finished | None:
    if run.timed_out:
        return _again(run, Failure(Status.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT", TOO_LONG), clock)
    if reason is JobCancelledError:
        return _told(run, state="cancelled", failure=Failure(Status.CANCELLED, "CALL_CANCELLED", CANCELLED))
    if reason is JobInterruptedError:
        return _told(run, state="queued", counts=False)
    return None


def _failed(run: Run, error: Exception, clock: Clock) -> Finished:
    if not isinstance(error, ServiceError):
        _log.error("job failed", exc_info=error, extra={"job": str(run.id), "kind": run.kind.name})
        return _again(run, Failure(Status.INTERNAL, "INTERNAL", _DEFECT), clock)
    failure = Failure(error.status, error.reason, error.message)
    if isinstance(error, _PASSING):
        return _again(run, failure, clock, not_before=error.retry_after or timedelta())
    return _told(run, state="failed", failure=failure)


def _again(run: Run, failure: Failure, clock: Clock, *, not_before: timedelta = timedelta()) -> Finished:
    if run.attempt >= run.kind.max_attempts:
        return _told(run, state="failed", failure=failure)
    wait = max(run.kind.backoff.after(run.attempt, spread=_RANDOM.random()), not_before)
    return _told(run, state="waiting", failure=failure, run_at=clock.now() + wait)


def _told(
    run: Run,
    *,
    state: str,
    failure: Failure | None = None,
    run_at: datetime | None = None,
    result: bytes | None = None,
    counts: bool = True,
) -> Finished:
    return Finished(
        job=run.job,
        state=state,
        counts=counts,
        run_at=run_at,
        result=result,
        status=0 if failure is None else failure.status.value,
        reason="" if failure is None else failure.reason,
        failure="" if failure is None else failure.message.replace("\x00", "")[:_LONGEST_FAILURE],
        done=run.done,
        total=run.total,
        details=run.details,
    )
