"""Schedules of which each tenant gets a job of its own: one job of the installation asks for all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.kernel.identifiers import new_id
from function_backend.kernel.jobs import INSTALLATION, JobKind
from function_backend.persistence import arrays

if TYPE_CHECKING:
    from datetime import datetime

    from function_backend.jobs.registry import JobRegistry
    from function_backend.kernel.clock import Clock
    from function_backend.kernel.jobs import JobRun, Schedule
    from function_backend.persistence.unit_of_work import Transactions, UnitOfWork

_NAME = "jobs.for_each_tenant"
_PAGE = 200
_ATTEMPTS = 20
_KEPT_FOR = timedelta(days=1)

_TENANTS_SQL = "select active_tenants(%s, %s::bigint::integer)"
_FIRE_SQL = """
    select fire_for_tenants(
        %b::text, %b::timestamptz, %b::timestamptz, %b::uuid[], %b::uuid[], %b::text, %b::bigint::integer, %b::bytea,
        %b::bigint::integer, %b::bigint::integer
    )
"""


class ForEachTenant:
    """Goes through the active tenants, page by page. A moment makes one job of each, whatever interrupts it."""

    def __init__(self, *, transactions: Transactions, registry: JobRegistry, clock: Clock) -> None:
        self._transactions = transactions
        self._registry = registry
        self._clock = clock

    def kind(self) -> JobKind:
        """The kind of jobs that does so; the payload is the name of the schedule."""
        return JobKind(name=_NAME, run=self.run, max_attempts=_ATTEMPTS, kept_for=_KEPT_FOR)

    def run(self, job: JobRun) -> None:
        """See JobKind."""
        declared = self._registry.schedules.get(job.payload.decode())
        if declared is None or job.scheduled_for is None:
            return  # The schedule is no more.
        schedule, _ = declared
        after = UUID(bytes=job.kept) if job.kept else INSTALLATION
        done = 0
        while True:
            with self._transactions() as work:
                rows = work.driver.execute(_TENANTS_SQL, (after, _PAGE)).fetchall()
                tenants = [tenant_id for (tenant_id,) in rows if tenant_id != INSTALLATION]
                if not tenants:
                    return
                self._fire(work, schedule, job.scheduled_for, tenants)
                after = tenants[-1]
                done += len(tenants)
                job.progress(done)
                job.keep(after.bytes, work)
                work.notify("jobs", "")

    def _fire(self, work: UnitOfWork, schedule: Schedule, moment: datetime, tenants: list[UUID]) -> None:
        kind = schedule.kind
        work.driver.execute(
            _FIRE_SQL,
            (
                schedule.name,
                moment,
                self._clock.now(),
                arrays.uuids(tenants),
                arrays.uuids([new_id() for _ in tenants]),
                kind.name,
                int(kind.priority),
                schedule.payload,
                kind.max_attempts,
                int(kind.kept_for.total_seconds()),
            ),
        )


def fired_kind(schedule: Schedule) -> tuple[str, int, bytes, int, int]:
    """What a moment of the schedule asks for: kind, priority, payload, attempts, and seconds to be kept."""
    kind = schedule.kind
    if schedule.per_tenant:
        return _NAME, int(kind.priority), schedule.name.encode(), _ATTEMPTS, int(_KEPT_FOR.total_seconds())
    return kind.name, int(kind.priority), schedule.payload, kind.max_attempts, int(kind.kept_for.total_seconds())
