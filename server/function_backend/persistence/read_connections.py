"""Connections for reads of a single statement, outside SQLAlchemy's pool.

Taking a connection there costs about 20 µs of CPU, a third of the whole read; here it is a pop from a list. They are
plain psycopg connections in autocommit, last in first out, so that only as many exist as were ever needed at once.
"""

from __future__ import annotations

import time
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from function_backend.persistence.failures import PoolExhaustedError
from function_backend.persistence.patience import patience, raise_when_out_of_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from function_backend.persistence.wire import Driver


class ReadConnections:
    """A bounded stack of connections."""

    def __init__(self, connect: Callable[[], Driver], *, size: int, timeout: float) -> None:
        self._connect = connect
        self._idle: list[Driver] = []
        self._free = BoundedSemaphore(size)
        self._timeout = timeout
        self._is_over = False
        self.in_use = 0
        self.waits = 0
        self.waited_seconds = 0.0

    def take(self) -> tuple[Driver, bool]:
        """A connection, and whether it was just made; PoolExhaustedError when all stay busy for too long."""
        if not self._free.acquire(blocking=False):
            self._wait()
        self.in_use += 1
        try:
            return self._idle.pop(), False
        except IndexError:
            pass
        try:
            return self._connect(), True
        except BaseException:
            self._release()
            raise

    def give_back(self, driver: Driver) -> None:
        """The connection is idle again."""
        self._idle.append(driver)
        self._release()
        if self._is_over:
            self.close()

    def drop(self, driver: Driver) -> None:
        """The connection is of no more use."""
        driver.close()
        self._release()

    def end(self) -> None:
        """Closes the idle connections, and those in use when they come back."""
        self._is_over = True
        self.close()

    def close(self) -> None:
        """Closes the idle connections."""
        while True:
            try:
                idle = self._idle.pop()
            except IndexError:
                return
            idle.close()

    def _wait(self) -> None:
        began_at = time.monotonic()
        found = self._free.acquire(timeout=patience(self._timeout))
        self.waits += 1
        self.waited_seconds += time.monotonic() - began_at
        if not found:
            raise_when_out_of_time()
            raise PoolExhaustedError

    def _release(self) -> None:
        self.in_use -= 1
        self._free.release()
