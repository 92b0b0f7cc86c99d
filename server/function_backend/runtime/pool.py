"""The threads that run calls, and how much waits for them."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

_LOG = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class CallPool(ThreadPoolExecutor):
    """A thread pool for gRPC calls that can tell how busy it is, which load shedding and the end of a process ask.

    The standard pool takes three locks, a condition and a semaphore for each call, in the one thread that accepts
    calls: about 25 µs where a call takes 150. Here a call is one entry in a queue (docs/adr/0005-pipeline.md).
    Calls arrive from one thread, that of the gRPC server.
    """

    def __init__(self, threads: int, *, name: str) -> None:
        """Starts the threads with the first call, so that the process may still fork before it."""
        super().__init__(max_workers=threads, thread_name_prefix=name)
        self.size = threads
        """How many calls run at once at most."""
        self._name = name
        self._calls: SimpleQueue[_Entry | None] = SimpleQueue()
        self.waiting: Callable[[], int] = self._calls.qsize
        """How many calls wait for a thread. Asked for each call, so it is the queue's own function."""
        self._arrived = 0
        # One number for each thread, which only that thread changes.
        self._finished = [0] * threads
        self._last_arrival = time.monotonic()
        self._workers: list[threading.Thread] = []
        self._ended = False

    def finished(self) -> int:
        """How many calls are over."""
        return sum(self._finished)

    @property
    def unfinished(self) -> int:
        """How many calls wait or run."""
        return self._arrived - self.finished()

    @property
    def quiet_seconds(self) -> float:
        """How long no call has arrived; 0 while one waits or runs."""
        return 0.0 if self.unfinished else time.monotonic() - self._last_arrival

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs the function when a thread is free. What comes back tells when it is done, and nothing else."""
        if self._ended:
            raise RuntimeError("the pool has ended")
        if not self._workers:
            self._start()
        self._last_arrival = time.monotonic()
        self._arrived += 1
        entry = _Entry(function, args, kwargs)
        self._calls.put(entry)
        return entry  # type: ignore[return-value] # gRPC asks for add_done_callback alone

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - inherited
        """Ends the threads when the calls before are done; those that still wait are given up with `cancel_futures`."""
        self._ended = True
        if cancel_futures:
            with contextlib.suppress(Empty):
                while True:
                    self._calls.get_nowait()
                    self._arrived -= 1
        for _ in self._workers:
            self._calls.put(None)
        if wait:
            for worker in self._workers:
                worker.join()
        self._workers.clear()
        super().shutdown(wait=False)

    def _start(self) -> None:
        self._workers = [
            threading.Thread(target=self._run, args=(number,), name=f"{self._name}_{number}", daemon=True)
            for number in range(self.size)
        ]
        for worker in self._workers:
            worker.start()

    def _run(self, number: int) -> None:
        take, finished = self._calls.get, self._finished
        while (entry := take()) is not None:
            try:
                entry.function(*entry.args, **entry.kwargs)
            except BaseException:  # noqa: BLE001 - the thread must live on for the next call
                _LOG.exception("a call failed outside its handler")
            finished[number] += 1
            entry.finish()
            # Nothing of a call may outlive it while the thread waits for the next one.
            del entry


class _Entry:
    """One call that waits or runs."""

    __slots__ = ("_callbacks", "_done", "args", "function", "kwargs")

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self._callbacks: list[Callable[[Any], object]] = []
        self._done = False

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Calls back when the call is over, at once when it is over already."""
        self._callbacks.append(callback)
        if self._done:
            self._call_back()

    def finish(self) -> None:
        """Marks the call as over."""
        self._done = True
        self._call_back()

    def _call_back(self) -> None:
        # Both threads may come here; what one of them has popped the other does not see.
        with contextlib.suppress(IndexError):
            while True:
                self._callbacks.pop()(self)
