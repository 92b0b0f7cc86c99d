"""One attempt at a job: what the function that does the work is handed, and what is known of it outside."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from function_backend.jobs.askers import asker, service
from function_backend.jobs.statements import Progress
from function_backend.kernel.call import Call
from function_backend.kernel.jobs import JobCancelledError, JobLostError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from function_backend.jobs.lease import Lease
    from function_backend.jobs.statements import TakenJob
    from function_backend.kernel.jobs import JobKind, JobStopError

_KEEP_SQL = """
    update job set
        kept = %b, done = %b::bigint, total = %b::bigint, details = coalesce(%b, details), attempt = %b::bigint
    where tenant_id = %b and id = %b and fence = %b::bigint and state = 'running'
"""
# Until the transaction ends, nobody can take the job from this run.
_HOLD_SQL = """
    select from job where tenant_id = %b and id = %b and fence = %b::bigint and state = 'running' for no key update
"""


class Run:
    """See `kernel.jobs.JobRun`."""

    def __init__(self, job: TakenJob, kind: JobKind, lease: Lease) -> None:
        self.job = job
        self.kind = kind
        self.kept = job.kept
        self.attempt = job.attempt
        principal = service(job.tenant_id) if job.asker is None else asker(job.asker, job.tenant_id)
        self.call = Call(f"function-backend/job/{kind.name}", str(job.id), principal=principal)
        self.taken_at = lease.now()
        """When it was taken, on the lease's clock."""
        self.started_at: float | None = None
        """When a thread began with it."""
        self.stopped_at: float | None = None
        """When it was told to stop."""
        self.abandoned = False
        """Whether the job was taken from it, and its thread written off."""
        self.timed_out = False
        self.done, self.total = job.done, job.total
        self.details: bytes | None = None
        self._told: tuple[int, int, bytes | None] = (job.done, job.total, None)
        self._lease = lease
        self._stop: type[JobStopError] | None = None
        self._stopping = threading.Event()
        self._given_back = False
        self._lock = threading.Lock()

    @property
    def id(self) -> UUID:
        """See JobRun."""
        return self.job.id

    @property
    def tenant_id(self) -> UUID:
        """See JobRun."""
        return self.job.tenant_id

    @property
    def payload(self) -> bytes:
        """See JobRun."""
        return self.job.payload

    @property
    def scheduled_for(self) -> datetime | None:
        """See JobRun."""
        return self.job.scheduled_for

    @property
    def stop_reason(self) -> type[JobStopError] | None:
        """Why the run is to end; None while it may go on."""
        if self._stop is None and not self._lease.is_good:
            return JobLostError
        return self._stop

    def check(self) -> None:
        """See JobRun."""
        reason = self.stop_reason
        if reason is not None:
            raise reason

    def pause(self, seconds: float) -> None:
        """See JobRun."""
        until = time.monotonic() + seconds
        while True:
            self.check()
            left = until - time.monotonic()
            if left <= 0:
                return
            # Nobody rings when the lease runs out.
            self._stopping.wait(min(left, self._lease.beat_every))

    def progress(self, done: int, total: int = 0, *, details: bytes | None = None) -> None:
        """See JobRun."""
        self.done, self.total = done, max(total, done) if total else 0
        if details is not None:
            self.details = details

    def keep(self, state: bytes, work: Any) -> None:  # noqa: ANN401  see JobRun
        """See JobRun."""
        self._refuse_when_lost()
        job, attempt = self.job, self.attempt if state == self.kept else 1
        changed = work.driver.execute(
            _KEEP_SQL, (state, self.done, self.total, self.details, attempt, job.tenant_id, job.id, job.fence)
        ).rowcount
        if not changed:
            raise JobLostError
        self.kept, self.attempt = state, attempt

    def hold(self, work: Any) -> None:  # noqa: ANN401  see JobRun
        """See JobRun."""
        self._refuse_when_lost()
        job = self.job
        if not work.driver.execute(_HOLD_SQL, (job.tenant_id, job.id, job.fence)).rowcount:
            raise JobLostError

    def _refuse_when_lost(self) -> None:
        # Whoever is told to end for another reason may still put away what it has.
        if self.stop_reason is JobLostError:
            raise JobLostError

    def stop(self, reason: type[JobStopError]) -> None:
        """Tells the run to end. A statement that it waits for is interrupted, unless it may finish its step."""
        if self._stop is None or reason is JobLostError:
            self._stop = reason
        if self.stopped_at is None:
            self.stopped_at = self._lease.now()
        self._stopping.set()
        if reason in (JobCancelledError, JobLostError):
            self.call.end()

    def begin(self) -> bool:
        """Begins with the work; False when the job was given back before a thread came to it."""
        with self._lock:
            if self._given_back:
                return False
            self.started_at = self._lease.now()
            return True

    def give_back(self) -> bool:
        """Makes sure that it never begins; False when it has."""
        with self._lock:
            self._given_back = self.started_at is None
            return self._given_back

    def news(self) -> Progress:
        """How far it is, to be told; `done` is -1 when nothing is new."""
        if (self.done, self.total, self.details) == self._told:
            return Progress(self.job, -1, 0, None)
        return Progress(self.job, self.done, self.total, self.details)

    def told(self, news: Progress) -> None:
        """The news have arrived."""
        if news.done >= 0:
            self._told = (news.done, news.total, news.details)
