"""Finding jobs and schedules, and steering them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy import or_, select

from function_backend.jobs.tables import job_schedule_table, job_table
from function_backend.kernel.pagination import Page
from function_backend.persistence import arrays
from function_backend.persistence.failures import violated_constraint
from function_backend.services.jobs.domain import Failure, Job, JobFilter, JobState, Sight

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_job = job_table.c
_UNSEEN = {"payload", "asker", "kept", "holder", "fence", "trace_context"}
_LISTED = [column for column in job_table.columns if column.name not in _UNSEEN | {"result"}]
_FIND_SQL = "select * from found_job(%b, %b, %b)"
_CANCEL_SQL = "select * from cancel_job(%b, %b, %b)"
_REQUEUE_SQL = "select * from requeue_job(%b, %b, %b)"
_WATCHED_SQL = "select * from watched_jobs(%b::uuid[], %b::uuid[])"
_LEARN_SQL = "select learn_job_schedules(%s, %s, %s, %s)"
_PAUSE_SQL = "select pause_job_schedule(%s, %s, %s, %s)"
_RUN_SQL = """
    select run_job_schedule(
        %s, %s, %s, %s, %s, %s, %s::bigint::integer, %s, %s::bigint::integer, %s::bigint::integer
    )
"""
_DEDUPE = "job_dedupe_idx"


class DedupeKeyTakenError(Exception):
    """Another job with the same dedupe key waits or runs."""


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """How a schedule stands."""

    next_at: datetime
    due_at: datetime | None
    paused_at: datetime | None
    paused_by: str
    revision: int


class JobRepository:
    """Jobs; those of another tenant than the unit of work's are for callers who administer the installation."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find(self, tenant_id: UUID, job_id: UUID, *, lock: bool = False) -> Job | None:
        """The job; locked until the transaction ends when it is to be changed."""
        return self._one(_FIND_SQL, (tenant_id, job_id, lock))

    def list_before(self, before: UUID | None, wanted: JobFilter, sight: Sight, *, limit: int) -> Page[Job]:
        """Jobs of the unit of work's tenant asked for before the given one, without what came out, the latest first."""
        query = select(*_LISTED).where(_job.tenant_id == self._work.tenant_id)
        if before is not None:
            query = query.where(_job.id < before)
        if wanted.kind:
            query = query.where(_job.kind == wanted.kind)
        if wanted.states:
            query = query.where(_job.state.in_([state.name.lower() for state in wanted.states]))
        if wanted.creator:
            query = query.where(_job.creator == wanted.creator)
        if sight.kinds is not None:
            query = query.where(or_(_job.creator == sight.caller, _job.kind.in_(list(sight.kinds))))
        rows = self._work.connection.execute(query.order_by(_job.id.desc()).limit(limit + 1))
        found = [_read({str(name): value for name, value in row.items()}) for row in rows.mappings()]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (str(found[-1].id),) if more else None)

    def cancel(self, job: Job, *, at: datetime) -> Job:
        """The job that is over, or is to end."""
        return self._one(_CANCEL_SQL, (job.tenant_id, job.id, at)) or job

    def requeue(self, job: Job, *, at: datetime) -> Job:
        """The job, which is tried again. Raises DedupeKeyTakenError when another one with its key is open."""
        try:
            return self._one(_REQUEUE_SQL, (job.tenant_id, job.id, at)) or job
        except Exception as error:
            if violated_constraint(error) == _DEDUPE:
                raise DedupeKeyTakenError from error
            raise

    def remove(self, job: Job) -> None:
        """Deletes a job that is over."""
        self._work.driver.execute("select delete_job(%b, %b)", (job.tenant_id, job.id))

    def _one(self, statement: str, values: Sequence[object]) -> Job | None:
        with self._work.driver.cursor(row_factory=dict_row, binary=True) as cursor:
            row = cursor.execute(statement, values).fetchone()
        return None if row is None else _read(row)


class ScheduleRepository:
    """How the schedules of the installation stand."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def all(self) -> Mapping[str, StoredSchedule]:
        """Those that are stored, by their names."""
        rows = self._work.connection.execute(select(job_schedule_table))
        return {
            row.name: StoredSchedule(row.next_at, row.due_at, row.paused_at, row.paused_by, row.revision)
            for row in rows
        }

    def learn(self, name: str, *, cron: str, time_zone: str, next_at: datetime) -> None:
        """Makes sure that there is one: no process may have run jobs yet."""
        self._work.driver.execute(_LEARN_SQL, ([name], [cron], [time_zone], [next_at]))

    def pause(self, name: str, *, at: datetime, by: str) -> None:
        """Pauses it unless it is paused."""
        self._work.driver.execute(_PAUSE_SQL, (name, at, by, None))

    def resume(self, name: str, *, next_at: datetime) -> None:
        """Lets it go on unless it does."""
        self._work.driver.execute(_PAUSE_SQL, (name, None, "", next_at))

    def run(self, name: str, *, at: datetime, job_id: UUID, fired: Sequence[object]) -> UUID | None:
        """The job that it asks for, or the one before, which is not over; `fired` says what is asked for."""
        call = self._work.call
        by = "" if call.principal is None else call.principal.actor
        row = self._work.driver.execute(_RUN_SQL, (name, at, by, call.request_id, job_id, *fired)).fetchone()
        return None if row is None else row[0]


def watched_jobs(driver: Driver, wanted: Sequence[tuple[UUID, UUID]]) -> list[Job]:
    """The jobs of any tenants, by tenant and id, as far as they are there."""
    tenants, ids = arrays.uuids([tenant for tenant, _ in wanted]), arrays.uuids([job_id for _, job_id in wanted])
    with driver.cursor(row_factory=dict_row, binary=True) as cursor:
        return [_read(row) for row in cursor.execute(_WATCHED_SQL, (tenants, ids)).fetchall()]


def _read(row: Mapping[str, Any]) -> Job:
    failed = row["failure_status"] != 0
    return Job(
        tenant_id=row["tenant_id"],
        id=row["id"],
        kind=row["kind"],
        state=JobState[row["state"].upper()],
        priority=row["priority"],
        creator=row["creator"],
        request_id=row["request_id"],
        dedupe_key=row["dedupe_key"] or "",
        schedule=row["schedule"] or "",
        scheduled_for=row["scheduled_for"],
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        cancelled_at=row["cancelled_at"],
        done=row["done"],
        total=row["total"],
        details=row["details"],
        result=row.get("result", b""),
        failure=Failure(row["failure_status"], row["failure_reason"], row["failure"]) if failed else None,
        created_at=row["created_at"],
        run_at=row["run_at"],
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        ended_at=row["ended_at"],
        expires_at=row["expires_at"],
    )
