"""Threads for hashing passwords, apart from those that serve calls.

A hash takes tens of milliseconds of a core. Whoever would have to wait behind more than a few others is refused at
once, so that a flood of sign-ins occupies no more call threads than the queue is long; on Linux the threads run at a
lower priority, so that other calls go first when there are not enough cores. argon2, bcrypt, scrypt and PBKDF2 all work
without the interpreter's lock.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from function_backend.kernel.call import current_call
from function_backend.kernel.errors import DeadlineError
from function_backend.services.auth.errors.sign_in import HashingOverloadedError

T = TypeVar("T")

_RETRY_AFTER = timedelta(milliseconds=500)


class HashingPool:
    """Runs what hashes passwords. Its threads start with the first task, so after the fork."""

    def __init__(self, *, threads: int, queue: int, niceness: int = 0) -> None:
        """`niceness` is how far its threads give way to others, from 0 to 19."""
        self._room = threading.BoundedSemaphore(threads + queue)
        self._niceness = niceness
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="hashing", initializer=self._give_way)
        self._lock = threading.Lock()
        self._hashes = 0

    @property
    def hashes(self) -> int:
        """How many hashes were computed since the process began."""
        return self._hashes

    @contextmanager
    def admission(self) -> Iterator[None]:
        """Keeps a place in the queue for what runs inside; HashingOverloadedError when there is none.

        Taken before anything else is done for a sign-in, so that whoever is refused costs nothing.
        """
        if not self._room.acquire(blocking=False):
            raise HashingOverloadedError(_RETRY_AFTER)
        try:
            yield
        finally:
            self._room.release()

    def run(self, hashing: Callable[[], T]) -> T:
        """What the function returns, which computes one hash; within an `admission`. DeadlineError when time runs out.

        A hash that nobody waits for any more is computed nevertheless, unless it has not begun.
        """
        call = current_call.get()
        remaining = None if call is None else call.remaining()
        future = self._executor.submit(self._counted, hashing)
        try:
            return future.result(None if remaining is None else max(remaining, 0.0))
        except TimeoutError:
            future.cancel()
            raise DeadlineError(
                "The time ran out while the password was checked.", metadata={"remaining_ms": "0"}
            ) from None

    def close(self) -> None:
        """Ends its threads, once they have done what they have begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _counted(self, hashing: Callable[[], T]) -> T:
        with self._lock:
            self._hashes += 1
        return hashing()

    def _give_way(self) -> None:
        # Linux alone has priorities for single threads.
        if self._niceness and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
