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

_LONGEST_PAUSE = 5.0
_SHORTEST_PAUSE = 0.1
_SAMPLE_SECONDS = 0.1
_LONGEST_SAMPLE_SECONDS = 1.0
_SAMPLE_CALLS = 20


class Threads(Protocol):
    """The threads that serve a method, and the calls that wait for one of them."""

    @property
    def size(self) -> int:
        """How many calls run at once at most."""

    @property
    def waiting(self) -> Callable[[], int]:
        """Says how many calls wait."""

    def finished(self) -> int:
        """How many calls are over."""


class OverloadedError(LimitExceededError):
    """The server has more work than it can finish in time."""

    reason = "OVERLOADED"

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("The server is busy; retry after the given delay.", retry_after=retry_after)


class LoadShedding(Stage):
    """Estimates how long a call that arrives now would wait: the length of the queue by what leaves it per second.

    A call that is refused costs little, so the queue shrinks as soon as it is too long. Health is served elsewhere and
    stays reachable.
    """

    def __init__(
        self,
        threads_of: Callable[[Method], Threads | None],
        *,
        longest_wait: timedelta,
        longest_queue: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threads_of = threads_of
        self._longest_wait = longest_wait.total_seconds()
        self._longest_queue = longest_queue
        self._clock = clock
        self._throughputs: dict[int, _Throughput] = {}

    def entering(self, method: Method) -> Hook | None:
        """Refuses with OVERLOADED when the queue is too long, or would take too long."""
        threads = self._threads_of(method)
        if threads is None:
            return None
        throughput = self._throughputs.setdefault(id(threads), _Throughput(threads, self._clock))
        waiting, size = threads.waiting, threads.size
        longest_wait, longest_queue = self._longest_wait, self._longest_queue

        def enter(exchange: Exchange) -> None:  # noqa: ARG001
            queue = waiting()
            if queue <= size:
                throughput.relaxed = True
                return
            wait = queue * throughput.seconds_per_call()
            if wait > longest_wait or queue > longest_queue:
                raise OverloadedError(timedelta(seconds=min(max(wait, _SHORTEST_PAUSE), _LONGEST_PAUSE)))

        return enter


class _Throughput:
    """How fast calls leave the threads while others queue up for them."""

    __slots__ = ("_clock", "_finished", "_seconds_per_call", "_since", "_threads", "relaxed")

    def __init__(self, threads: Threads, clock: Callable[[], float]) -> None:
        self.relaxed = True
        """Whether there was no queue a moment ago: then the time until now says nothing about how fast one shrinks."""
        self._threads = threads
        self._clock = clock
        self._since = 0.0
        self._finished = 0
        self._seconds_per_call = 0.0

    def seconds_per_call(self) -> float:
        """Seconds from the end of one call to the end of the next, over the last tenth of a second, or second.

        0 while it is not known. Threads that look at once may do the same work twice, which does no harm.
        """
        now = self._clock()
        elapsed = now - self._since
        if not self.relaxed and elapsed < _SAMPLE_SECONDS:
            return self._seconds_per_call
        finished = self._threads.finished()
        ended = finished - self._finished
        if not self.relaxed and ended < _SAMPLE_CALLS and elapsed < _LONGEST_SAMPLE_SECONDS:
            # A pause of a tenth of a second, such as other processes cause, is not yet the speed of this one.
            return self._seconds_per_call
        self._finished, self._since = finished, now
        self._seconds_per_call = 0.0 if self.relaxed else elapsed / max(ended, 1)
        self.relaxed = False
        return self._seconds_per_call
