"""Looking at jobs and steering them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from function_backend.jobs.queue import CANCELLED_TOPIC, TOPIC
from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.jobs import INSTALLATION
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.jobs.domain import OVER, Job, JobFilter, JobState, Sight
from function_backend.services.jobs.errors import JobDuplicateError, JobStateError
from function_backend.services.jobs.events import JobCancelled, JobDeleted, JobRequeued
from function_backend.services.jobs.repository import DedupeKeyTakenError, JobRepository
from function_backend.services.jobs.service.sight import (
    MANAGE_INSTALLATION,
    READ_INSTALLATION,
    JobSight,
    require_installation,
)

_DEFAULT_PAGE_SIZE = 100


class Jobs:
    """The use cases of jobs."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, sight: JobSight) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._sight = sight

    def get(self, job_id: UUID) -> Job:
        """The job."""
        with self._transactions.reading() as work:
            return self._sight.found(work, job_id, installation=READ_INSTALLATION)

    def list(
        self, wanted: JobFilter, call: Call, *, installation: bool, page_size: int, page_token: str
    ) -> tuple[Sequence[Job], str]:
        """A page of the jobs that the caller sees, the latest first, and the token of the next one."""
        states = ",".join(sorted(state.name for state in wanted.states))
        query = (str(call.tenant_id), "jobs", wanted.kind, states, wanted.creator, str(installation))
        key = self._page_tokens.read(query, page_token)
        before, limit = None if key is None else UUID(key[0]), page_size or _DEFAULT_PAGE_SIZE
        if installation:
            require_installation(call)
            page = self._of_the_installation(before, wanted, call, limit=limit)
        else:
            with self._transactions.reading() as work:
                sight = self._sight.of(call.principal) if call.principal is not None else Sight("", ())
                page = JobRepository(work).list_before(before, wanted, sight, limit=limit)
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def cancel(self, job_id: UUID) -> Job:
        """The job, which is cancelled, or is to end; one that is over stays as it is."""
        with self._transactions() as work:
            job = self._sight.found(work, job_id, installation=MANAGE_INSTALLATION, lock=True)
            if job.is_over or job.is_to_end:
                return job
            now = self._clock.now()
            cancelled = JobRepository(work).cancel(job, at=now)
            work.record(JobCancelled.of(cancelled, at=now))
            work.notify(CANCELLED_TOPIC, str(job_id))
        return cancelled

    def requeue(self, job_id: UUID) -> Job:
        """The job, which is tried again."""
        with self._transactions() as work:
            job = self._sight.found(work, job_id, installation=MANAGE_INSTALLATION, lock=True)
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                raise JobStateError(job, [JobState.FAILED, JobState.CANCELLED])
            now = self._clock.now()
            try:
                requeued = JobRepository(work).requeue(job, at=now)
            except DedupeKeyTakenError:
                raise JobDuplicateError(job) from None
            work.record(JobRequeued.of(requeued, at=now))
            work.notify(TOPIC, "")
        return requeued

    def delete(self, job_id: UUID) -> None:
        """Deletes the job, which must be over."""
        with self._transactions() as work:
            job = self._sight.found(work, job_id, installation=MANAGE_INSTALLATION, lock=True)
            if not job.is_over:
                raise JobStateError(job, sorted(OVER, key=lambda state: state.value))
            JobRepository(work).remove(job)
            work.record(JobDeleted.of(job, at=self._clock.now()))

    def _of_the_installation(self, before: UUID | None, wanted: JobFilter, call: Call, *, limit: int) -> Page[Job]:
        principal = None if call.principal is None else replace(call.principal, tenant_id=INSTALLATION)
        within = Call(call.method, call.request_id, deadline=call.deadline, principal=principal)
        token = current_call.set(within)
        try:
            with self._transactions.apart(read_only=True) as work:
                return JobRepository(work).list_before(before, wanted, Sight("", None), limit=limit)
        finally:
            current_call.reset(token)
