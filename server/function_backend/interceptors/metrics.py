"""Rate, errors and duration of every method, as Prometheus metrics."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import defaultdict
from functools import cached_property

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: from a cached read to the longest call; further apart than a factor of 2.5 nowhere."""


class Metrics(Stage):
    """Counts calls when they begin and when they end.

    A call only appends to lists, which costs 0.1 µs and needs no lock; `flush` moves what they hold into the metrics.
    Counting in the call would cost 2 µs, and 6 µs where the metrics of several processes lie in shared files
    (docs/adr/0005-pipeline.md).
    """

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._started = Counter(
            "function_backend_rpc_started", "Calls that reached the server.", ["method"], registry=registry
        )
        self._handled = Counter(
            "function_backend_rpc_handled", "Calls that ended, by status.", ["method", "code"], registry=registry
        )
        self._duration = Histogram(
            "function_backend_rpc_duration_seconds",
            "Seconds from the first look at a call to its status.",
            ["method"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "function_backend_rpc_in_flight",
            "Calls that have begun and not ended.",
            ["method"],
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._tallies: list[_Tally] = []
        self._flushing = threading.Lock()

    def entering(self, method: Method) -> Hook:
        """Counts the call as begun."""
        begun = self._tally(method.path).begun

        def enter(exchange: Exchange) -> None:  # noqa: ARG001
            begun.append(None)

        return enter

    def leaving(self, method: Method) -> Hook:
        """Counts the call as ended, with its status and its duration."""
        ended, monotonic = self._tally(method.path).ended, time.monotonic

        def leave(exchange: Exchange) -> None:
            ended[exchange.code].append(monotonic() - exchange.started)

        return leave

    def flush(self) -> None:
        """Moves what the calls have left behind into the metrics."""
        with self._flushing:
            for tally in self._tallies:
                tally.flush()

    def _tally(self, path: str) -> _Tally:
        for tally in self._tallies:
            if tally.path == path:
                return tally
        made = _Tally(path, self._started, self._handled, self._duration, self._in_flight)
        self._tallies.append(made)
        return made


class _Tally:
    """What the calls of one method leave behind until the next flush."""

    def __init__(self, path: str, started: Counter, handled: Counter, duration: Histogram, in_flight: Gauge) -> None:
        self.path = path
        self.begun: list[None] = []
        self.ended: defaultdict[str, list[float]] = defaultdict(list)
        self._all_started = started
        self._all_handled = handled
        self._all_durations = duration
        self._all_in_flight = in_flight
        self._open = 0

    # Opened with the first flush, not at start: a histogram is eighteen places in a shared file, and of all methods
    # together that takes a tenth of a second.
    @cached_property
    def _started(self) -> Counter:
        return self._all_started.labels(self.path)

    @cached_property
    def _duration(self) -> Histogram:
        return self._all_durations.labels(self.path)

    @cached_property
    def _in_flight(self) -> Gauge:
        return self._all_in_flight.labels(self.path)

    def flush(self) -> None:
        # Ended first: a call that both begins and ends in between must not make the gauge negative.
        ended = sum(self._move(code, seconds) for code, seconds in list(self.ended.items()))
        begun = len(self.begun)
        # Appending goes on meanwhile, always behind what is taken away here.
        del self.begun[:begun]
        if begun:
            self._started.inc(begun)
        if begun or ended:
            self._open += begun - ended
            self._in_flight.set(self._open)

    def _move(self, code: str, seconds: list[float]) -> int:
        taken = seconds[:]
        if not taken:
            return 0
        del seconds[: len(taken)]
        self._all_handled.labels(self.path, code).inc(len(taken))
        taken.sort()
        # What observe() does, for all of them at once: each bucket holds those above the bound before it.
        below = 0
        for bound, bucket in zip((*_BUCKETS, float("inf")), self._duration._buckets, strict=True):  # noqa: SLF001
            within = bisect_right(taken, bound)
            if within > below:
                bucket.inc(within - below)
                below = within
        self._duration._sum.inc(sum(taken))  # noqa: SLF001
        return len(taken)
