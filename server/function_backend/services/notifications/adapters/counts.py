"""What became of notifications, as metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from function_backend.services.notifications.repository.notification import Waiting

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Counts:
    """The numbers of one process."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._outcomes = Counter(
            "function_backend_notifications",
            "Attempts to hand notifications over, by what came of them.",
            ["channel", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "function_backend_notification_seconds",
            "Time that providers took to take a notification.",
            ["channel"],
            buckets=_SECONDS,
            registry=registry,
        )
        # Every process sees the same; the highest is the latest one or one as good.
        self._waiting = Gauge(
            "function_backend_notifications_waiting",
            "Notifications that are due.",
            ["channel"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        self._longest = Gauge(
            "function_backend_notifications_lag_seconds",
            "How long the oldest notification that is due has been so.",
            ["channel"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        self._seen: set[str] = set()

    def count(self, channel: str, outcome: str) -> None:
        """One more."""
        self._outcomes.labels(channel, outcome).inc()

    def took(self, channel: str, seconds: float) -> None:
        """How long a provider took."""
        self._seconds.labels(channel).observe(seconds)

    def wait(self, waiting: list[Waiting]) -> None:
        """What is due now."""
        found = {each.channel: each for each in waiting}
        self._seen |= found.keys()
        for channel in self._seen:
            each = found.get(channel, Waiting(channel, 0, 0.0))
            self._waiting.labels(channel).set(each.due)
            self._longest.labels(channel).set(max(0.0, each.longest_seconds))
