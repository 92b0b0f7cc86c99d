"""Refuses work before the queue in front of it is so long that nobody waits for the answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.errors import LimitExceededError

_SMOOTHING = 0.05
_LONGEST_PAUSE = 5.0
_SHORTEST_PAUSE = 0.1


class Threads(Protocol):
    """The threads that serve a method, and the calls that wait for one of them."""

    def waiting(self) -> int:
        """Calls that wait."""

    @property
    def size(self) -> int:
        """Threads there are."""


class OverloadedError(LimitExceededError):
    """The server has more work than it can finish in time."""

    reason = "OVERLOADED"

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("The server is busy; retry after the given delay.", retry_after=retry_after)


class LoadShedding(Stage):
    """Estimates how long a call that arrives now would wait, from the queue and what calls took lately.

    A call that is refused costs little, so the queue shrinks as soon as it is too long. Health is served elsewhere and
    stays reachable.
    """

    def __init__(
        self, threads_of: Callable[[Method], Threads | None], *, longest_wait: timedelta, longest_queue: int
    ) -> None:
        self._threads_of = threads_of
        self._longest_wait = longest_wait.total_seconds()
        self._longest_queue = longest_queue
        self._busy: dict[int, _Busy] = {}

    def entering(self, method: Method) -> Hook | None:
        """Refuses with OVERLOADED when the queue is too long, or would take too long."""
        threads = self._threads_of(method)
        if threads is None:
            return None
        busy = self._busy_of(threads)
        longest_wait, longest_queue = self._longest_wait, self._longest_queue

        def enter(exchange: Exchange) -> None:  # noqa: ARG001
            waiting = threads.waiting()
            if waiting < threads.size:
                return
            wait = waiting * busy.seconds / threads.size
            if wait > longest_wait or waiting > longest_queue:
                raise OverloadedError(timedelta(seconds=min(max(wait, _SHORTEST_PAUSE), _LONGEST_PAUSE)))

        return enter

    def leaving(self, method: Method) -> Hook | None:
        """Learns how long calls take. Refused ones count too: they are what empties the queue."""
        threads = self._threads_of(method)
        if threads is None or method.request_streaming or method.response_streaming:
            return None
        busy, monotonic = self._busy_of(threads), time.monotonic

        def leave(exchange: Exchange) -> None:
            # Two threads may overwrite each other's step; an estimate does not need better.
            busy.seconds += (monotonic() - exchange.started - busy.seconds) * _SMOOTHING

        return leave

    def _busy_of(self, threads: Threads) -> _Busy:
        return self._busy.setdefault(id(threads), _Busy())


class _Busy:
    """What a call takes of a thread, in seconds, averaged over the last few dozen calls."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0
