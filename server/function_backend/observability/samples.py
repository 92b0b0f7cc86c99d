"""Numbers that components keep about themselves, turned into metrics now and then rather than with every call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

from function_backend.kernel.statistics import CacheStatistics, ConsumerStatistics, PoolStatistics, Reading

_CONSUMER_COUNTERS = {
    "handled": ("function_backend_events_handled", "Events that a consumer has handled."),
    "failures": ("function_backend_event_failures", "Attempts of a consumer that failed."),
    "set_aside": ("function_backend_events_set_aside", "Events that a consumer has given up."),
}


class Samples:
    """Reads caches, pools and queues when `take` is called."""

    def __init__(
        self,
        registry: CollectorRegistry | None,
        *,
        caches: Mapping[str, CacheStatistics],
        pools: Mapping[str, PoolStatistics],
        queues: Mapping[str, Callable[[], int]],
        consumers: Mapping[str, ConsumerStatistics] | None = None,
        readings: Mapping[str, Reading] | None = None,
    ) -> None:
        consumers = consumers or {}
        self._totals = [
            *(_Total(self._cache_counter(what, registry), caches, what) for what in ("hits", "misses", "evictions")),
            _Total(
                Counter("function_backend_pool_waits", "Waits for a connection.", ["pool"], registry=registry),
                pools,
                "waits",
            ),
            _Total(
                Counter(
                    "function_backend_pool_wait_seconds", "Time waited for a connection.", ["pool"], registry=registry
                ),
                pools,
                "waited_seconds",
            ),
            *(
                _Total(Counter(name, text, ["consumer"], registry=registry), consumers, attribute)
                for attribute, (name, text) in _CONSUMER_COUNTERS.items()
            ),
        ]
        entries = _gauge("function_backend_cache_entries", "Entries of a cache.", "cache", registry)
        in_use = _gauge("function_backend_pool_connections_in_use", "Connections lent out.", "pool", registry)
        waiting = _gauge("function_backend_calls_waiting", "Calls that wait for a thread.", "threads", registry)
        # Each process asks the database, so the largest number is the one that is up to date.
        backlog = _gauge("function_backend_event_backlog", "Events before a consumer.", "consumer", registry, "livemax")
        lag = _gauge(
            "function_backend_event_lag_seconds", "Age of what a consumer works at.", "consumer", registry, "livemax"
        )
        self._present: list[tuple[Gauge, Callable[[], float]]] = [
            *((entries.labels(name), cache.__len__) for name, cache in caches.items()),
            *((in_use.labels(name), lambda pool=pool: pool.in_use) for name, pool in pools.items()),
            *((waiting.labels(name), waiting_now) for name, waiting_now in queues.items()),
            *((backlog.labels(name), lambda each=each: each.backlog) for name, each in consumers.items()),
            *((lag.labels(name), each.lag_seconds) for name, each in consumers.items()),
            *(
                (
                    Gauge(f"function_backend_{name}", reading.help, multiprocess_mode="livesum", registry=registry),
                    reading.read,
                )
                for name, reading in (readings or {}).items()
            ),
        ]

    def take(self) -> None:
        """Brings the metrics up to date."""
        for total in self._totals:
            total.advance()
        for gauge, read in self._present:
            gauge.set(read())

    @staticmethod
    def _cache_counter(what: str, registry: CollectorRegistry | None) -> Counter:
        return Counter(f"function_backend_cache_{what}", f"Cache {what}.", ["cache"], registry=registry)


class _Total:
    """A counter that follows a number which only grows."""

    def __init__(self, counter: Counter, sources: Mapping[str, object], attribute: str) -> None:
        self._attribute = attribute
        self._followed = [(source, counter.labels(name)) for name, source in sources.items()]
        self._seen = [0.0] * len(self._followed)

    def advance(self) -> None:
        for place, (source, counter) in enumerate(self._followed):
            now = float(getattr(source, self._attribute))
            if now > self._seen[place]:
                counter.inc(now - self._seen[place])
                self._seen[place] = now


def _gauge(
    name: str,
    help_text: str,
    label: str,
    registry: CollectorRegistry | None,
    mode: Literal["livesum", "livemax"] = "livesum",
) -> Gauge:
    return Gauge(name, help_text, [label], multiprocess_mode=mode, registry=registry)
