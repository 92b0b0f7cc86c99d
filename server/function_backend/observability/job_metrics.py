"""Numbers about jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0, 1_800.0, 7_200.0)
"""Seconds: from a job that does nothing to one of hours."""


class JobMetrics:
    """What became of the attempts of this process, and how many jobs there are in all."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._attempts = Counter(
            "function_backend_job_attempts",
            "Attempts at jobs that ended, by the state of the job after it.",
            ["kind", "state"],
            registry=registry,
        )
        self._seconds = Histogram(
            "function_backend_job_attempt_seconds",
            "Seconds that an attempt took.",
            ["kind"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._held = Gauge(
            "function_backend_jobs_held",
            "Jobs that processes of this host hold.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        # Each process asks the same database.
        self._open = Gauge(
            "function_backend_jobs_open",
            "Jobs of the installation that are not over.",
            ["kind", "state"],
            multiprocess_mode="livemostrecent",
            registry=registry,
        )
        self._known: set[tuple[str, str]] = set()

    def ended(self, kind: str, state: str, seconds: float) -> None:
        """An attempt ended."""
        self._attempts.labels(kind, state).inc()
        self._seconds.labels(kind).observe(seconds)

    def held(self, jobs: int) -> None:
        """This process holds so many."""
        self._held.set(jobs)

    def count(self, jobs: Mapping[tuple[str, str], int]) -> None:
        """The installation has so many, by kind and state."""
        self._known |= jobs.keys()
        for kind, state in self._known:
            self._open.labels(kind, state).set(jobs.get((kind, state), 0))
