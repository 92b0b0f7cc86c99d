"""Counting the jobs that are not over, for the metrics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.persistence.wire import Driver

_EVERY_SECONDS = 15.0
_COUNT_SQL = "select kind, state, jobs from count_jobs()"


class JobCounts:
    """Counts now and then."""

    def __init__(self, transactions: Transactions, told: Callable[[Mapping[tuple[str, str], int]], None]) -> None:
        """`told` is handed the numbers by kind and state."""
        self._transactions = transactions
        self._told = told
        self._counted_at = 0.0

    def look(self) -> None:
        """Counts when it is time to."""
        if time.monotonic() - self._counted_at < _EVERY_SECONDS:
            return
        self._counted_at = time.monotonic()
        self._told(self._transactions.without_tenant(_count))


def _count(driver: Driver) -> dict[tuple[str, str], int]:
    return {(kind, state): jobs for kind, state, jobs in driver.execute(_COUNT_SQL).fetchall()}
