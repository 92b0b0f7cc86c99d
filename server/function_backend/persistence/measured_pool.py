"""SQLAlchemy's pool, with a look at who has to wait, and for how long somebody waits for them."""

from __future__ import annotations

import logging
import time

from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.util.queue import Empty

from function_backend.persistence.failures import PoolExhaustedError
from function_backend.persistence.patience import patience, raise_when_out_of_time

# SQLAlchemy speaks in the name of the class, and tells of each pool that is closed.
logging.getLogger(f"{__name__}.MeasuredPool").setLevel(logging.WARNING)


class MeasuredPool(QueuePool):
    """Counts the waits for a connection; whoever finds one at once costs nothing."""

    waits = 0
    waited_seconds = 0.0
    _over = False
    """Whether another pool has taken the place of this one."""

    def dispose(self) -> None:
        """Closes the connections that are here, and those that are lent out when they come back."""
        self._over = True
        super().dispose()

    @property
    def in_use(self) -> int:
        """Connections that are lent out."""
        return self.checkedout()

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        if self._over:
            # Nobody takes it any more, and what is merely let go of is closed whenever the collector comes by.
            super().dispose()

    def _do_get(self) -> ConnectionPoolEntry:
        if self.checkedin() or self.checkedout() < self.size():
            return super()._do_get()
        began_at = time.monotonic()
        try:
            return self._pool.get(block=True, timeout=patience(self._timeout))
        except Empty:
            raise_when_out_of_time()
            raise PoolExhaustedError from None
        finally:
            # Two threads may overwrite each other's step; what is counted here is rare and need not be exact.
            self.waits += 1
            self.waited_seconds += time.monotonic() - began_at
