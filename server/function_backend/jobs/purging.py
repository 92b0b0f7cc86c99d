"""Deleting jobs that have been over for long enough."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from function_backend.kernel.jobs import JobKind, JobPriority, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from function_backend.kernel.clock import Clock
    from function_backend.kernel.jobs import JobRun
    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.persistence.wire import Driver

    Purge = Callable[[Driver, datetime], int]

_KEPT_FOR = timedelta(hours=6)
_PURGE_JOBS_SQL = "select purge_jobs(%s, 1000)"


def purge_schedule(
    name: str, purge: Purge, *, transactions: Transactions, clock: Clock, cron: str = "* * * * *"
) -> Schedule:
    """Has the function called until it finds nothing more to delete; by default every minute.

    `purge` is handed a connection on which functions of the definer answer, and the moment; it deletes a limited number
    of rows in its own transaction and says how many.
    """

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
