"""Deleting what has been over for long enough: jobs, and what other packages keep for a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from function_backend.kernel.jobs import JobKind, JobPriority, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from function_backend.kernel.clock import Clock
    from function_backend.kernel.jobs import JobRun
    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.persistence.wire import Driver


Purge: TypeAlias = "Callable[[Driver, datetime], int]"
"""Deletes a limited number of rows and says how many, on a connection on which functions of the definer answer."""

_KEPT_FOR = timedelta(hours=6)
_PURGE_JOBS_SQL = "select purge_jobs(%s, 1000)"


def purge_schedule(
    name: str, purge: Purge, *, transactions: Transactions, clock: Clock, cron: str = "*/5 * * * *"
) -> Schedule:
    """Has the function called until it finds nothing more to delete; by default every five minutes."""

    def run(job: JobRun) -> None:
        now, done = clock.now(), 0
        while found := transactions.across_tenants(lambda driver: purge(driver, now)):
            done += found
            job.progress(done)
            job.check()

    kind = JobKind(name=name, run=run, priority=JobPriority.LOW, max_attempts=3, kept_for=_KEPT_FOR)
    return Schedule(name=name, cron=cron, kind=kind)


def purge_jobs(driver: Driver, now: datetime) -> int:
    """Deletes jobs of all tenants whose time is over; how many."""
    row = driver.execute(_PURGE_JOBS_SQL, (now,)).fetchone()
    return 0 if row is None else int(row[0])
