"""Numbers that components keep about themselves, turned into metrics now and then rather than with every call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from function_backend.kernel.statistics import CacheStatistics, PoolStatistics


class Samples:
    """Reads caches, pools and queues when `take` is called."""

    def __init__(
        self,
        registry: CollectorRegistry | None,
        *,
        caches: Mapping[str, CacheStatistics],
        pools: Mapping[str, PoolStatistics],
        queues: Mapping[str, Callable[[], int]],
    ) -> None:
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
        ]
        entries = _gauge("function_backend_cache_entries", "Entries of a cache.", "cache", registry)
        in_use = _gauge("function_backend_pool_connections_in_use", "Connections lent out.", "pool", registry)
        waiting = _gauge("function_backend_calls_waiting", "Calls that wait for a thread.", "threads", registry)
        self._present: list[tuple[Gauge, Callable[[], int]]] = [
            *((entries.labels(name), cache.__len__) for name, cache in caches.items()),
            *((in_use.labels(name), lambda pool=pool: pool.in_use) for name, pool in pools.items()),
            *((waiting.labels(name), waiting_now) for name, waiting_now in queues.items()),
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


def _gauge(name: str, help_text: str, label: str, registry: CollectorRegistry | None) -> Gauge:
    return Gauge(name, help_text, [label], multiprocess_mode="livesum", registry=registry)
