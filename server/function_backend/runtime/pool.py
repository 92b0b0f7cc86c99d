"""The threads that run calls, and how much waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class CallPool(ThreadPoolExecutor):
    """A thread pool that can tell how busy it is; load shedding and the orderly end of a process ask it.

    Calls arrive from one thread, that of the gRPC server.
    """

    def __init__(self, threads: int, *, name: str) -> None:
        super().__init__(max_workers=threads, thread_name_prefix=name)
        self.size = threads
        """How many calls run at once at most."""
        self._lock = threading.Lock()
        self._arrived = 0
        self._finished = 0
        self._last_arrival = time.monotonic()

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return self._work_queue.qsize()

    @property
    def unfinished(self) -> int:
        """How many calls wait or run."""
        return self._arrived - self._finished

    @property
    def quiet_seconds(self) -> float:
        """How long no call has arrived; 0 while one waits or runs."""
        return 0.0 if self.unfinished else time.monotonic() - self._last_arrival

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs the function when a thread is free."""
        self._last_arrival = time.monotonic()
        self._arrived += 1
        future = super().submit(function, *args, **kwargs)
        future.add_done_callback(self._finish)
        return future

    def _finish(self, _: object) -> None:
        with self._lock:
            self._finished += 1
