"""Asking for jobs: rows that are written in the transaction of whoever asks, so that they exist when that commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from function_backend.jobs.askers import SERVICE, stored_asker
from function_backend.jobs.registry import JobRegistry
from function_backend.kernel.identifiers import new_id
from function_backend.persistence import arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from function_backend.kernel.clock import Clock
    from function_backend.kernel.jobs import JobKind, JobPriority
    from function_backend.persistence.unit_of_work import UnitOfWork

TOPIC = "jobs"
"""The topic of notifications that there is something to run."""
CANCELLED_TOPIC = "jobs_cancelled"
"""The topic of notifications that a job that runs is to end."""
ENDED_TOPIC = "jobs_ended"
"""The topic of notifications that jobs that callers asked for have ended."""

# Who comes second with a dedupe key waits for the first one's commit, and then adds nothing.
_ENQUEUE_SQL = """
    insert into job (
        tenant_id, id, kind, priority, state, payload, asker, creator, request_id, trace_context, dedupe_key,
        run_at, attempt, max_attempts, fence, done, total, details, kept, result, failure_status, failure_reason,
        failure, created_at, updated_at, kept_seconds
    )
    select
        %b::uuid, t.id, %b::text, %b::bigint, %b::text, t.payload, %b::text::jsonb, %b::text, %b::text, %b::text,
        t.dedupe_key, %b::timestamptz, 0, %b::bigint, 0, 0, 0, '', '', '', 0, '', '', %b::timestamptz, %b::timestamptz,
        %b::bigint
    from unnest(%b::uuid[], %b::bytea[], %b::text[]) as t (id, payload, dedupe_key)
    on conflict (tenant_id, kind, dedupe_key) where dedupe_key is not null and ended_at is null do nothing
    returning id
"""
_FIND_SQL = """
    select id from job where tenant_id = %b and kind = %b and dedupe_key = %b and ended_at is null
"""
_CANCEL_SQL = "select 1 from cancel_job(%s, %s, %s)"
_STANDINGS_SQL = "select id, state, failure, ended_at from job where tenant_id = %s and id = any(%s)"
_MOST_TRIES = 5


class JobStanding(NamedTuple):
    """How a job stands."""

    state: str
    """`waiting`, `queued`, `running`, `succeeded`, `failed` or `cancelled`."""
    failure: str
    ended_at: datetime | None


class JobQueue:
    """Takes jobs, and knows what kinds of them there are."""

    def __init__(self, clock: Clock, *, trace_context: Callable[[], str] = str) -> None:
        """`trace_context` gives the current `traceparent`, or nothing; the job goes on with it."""
        self.registry = JobRegistry()
        self._clock = clock
        self._trace_context = trace_context

    def enqueue(
        self,
        work: UnitOfWork,
        kind: JobKind | str,
        payload: bytes = b"",
        *,
        dedupe_key: str = "",
        priority: JobPriority | None = None,
        run_at: datetime | None = None,
        job_id: UUID | None = None,
    ) -> UUID:
        """The id of the job, which exists once the unit of work is committed, and runs as its caller.

        It is `job_id` when one is given, such as that of a resource which the job is about.

        With a dedupe key there is one job of the kind with that key at a time in a tenant: while one waits or runs, its
        id is returned instead and nothing is added. Raises KeyError for the name of a kind that nobody declared.
        """
        for _ in range(_MOST_TRIES):
            added = self.enqueue_many(
                work,
                kind,
                [payload],
                dedupe_keys=[dedupe_key],
                priority=priority,
                run_at=run_at,
                ids=[job_id or new_id()],
            )
            if added:
                return added[0]
            row = work.driver.execute(_FIND_SQL, (work.tenant_id, self._kind(kind).name, dedupe_key)).fetchone()
            if row is not None:
                found: UUID = row[0]
                return found
            # It ended between the two statements: then there is room for a new one.
        raise RuntimeError("jobs with the same dedupe key come and go faster than one can be added")

    def enqueue_many(
        self,
        work: UnitOfWork,
        kind: JobKind | str,
        payloads: Sequence[bytes],
        *,
        dedupe_keys: Sequence[str] = (),
        priority: JobPriority | None = None,
        run_at: datetime | None = None,
        ids: Sequence[UUID] = (),
    ) -> Sequence[UUID]:
        """The ids of the jobs that were added, in the order of their payloads; those left out are there already."""
        wanted = self._kind(kind)
        now = self._clock.now()
        principal = work.call.principal
        as_asker = principal is not None and wanted.runs_as == "asker"
        is_due = run_at is None or run_at <= now
        keys = [key.encode() or None for key in dedupe_keys] or [None] * len(payloads)
        rows = work.driver.execute(
            _ENQUEUE_SQL,
            (
                work.tenant_id,
                wanted.name,
                int(wanted.priority if priority is None else priority),
                "queued" if is_due else "waiting",
                orjson.dumps(stored_asker(principal)).decode() if as_asker and principal is not None else None,
                SERVICE if principal is None else principal.actor,
                work.call.request_id,
                self._trace_context(),
                now if run_at is None else run_at,
                wanted.max_attempts,
                now,
                now,
                int(wanted.kept_for.total_seconds()),
                arrays.uuids(ids or [new_id() for _ in payloads]),
                arrays.blobs(list(payloads)),
                arrays.optional_texts(keys),
            ),
        ).fetchall()
        if rows and is_due:
            work.notify(TOPIC, "")
        return [row[0] for row in rows]

    def cancel(self, work: UnitOfWork, job_id: UUID) -> None:
        """Cancels a job of the unit of work's tenant, or has it end soon when it runs; nothing when it is over."""
        work.driver.execute(_CANCEL_SQL, (work.tenant_id, job_id, self._clock.now()))
        work.notify(CANCELLED_TOPIC, str(job_id))

    @staticmethod
    def standings(work: UnitOfWork, job_ids: Sequence[UUID]) -> Mapping[UUID, JobStanding]:
        """How jobs of the unit of work's tenant stand; those that are deleted or never were are left out."""
        if not job_ids:
            return {}
        rows = work.driver.execute(_STANDINGS_SQL, (work.tenant_id, list(job_ids))).fetchall()
        return {row[0]: JobStanding(*row[1:]) for row in rows}

    def _kind(self, kind: JobKind | str) -> JobKind:
        return self.registry.kinds[kind] if isinstance(kind, str) else kind
