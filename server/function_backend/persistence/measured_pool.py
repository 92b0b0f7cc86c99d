"""SQLAlchemy's pool, with a look at who has to wait."""

from __future__ import annotations

import time

from sqlalchemy.pool import ConnectionPoolEntry, QueuePool


class MeasuredPool(QueuePool):
    """Counts the waits for a connection; whoever finds one at once costs nothing."""

    waits = 0
    waited_seconds = 0.0

    @property
    def in_use(self) -> int:
        """Connections that are lent out."""
        return self.checkedout()

    def _do_get(self) -> ConnectionPoolEntry:
        if self.checkedin() or self.checkedout() < self.size():
            return super()._do_get()
        began_at = time.monotonic()
        try:
            return super()._do_get()
        finally:
            # Two threads may overwrite each other's step; what is counted here is rare and need not be exact.
            self.waits += 1
            self.waited_seconds += time.monotonic() - began_at
