"""What a consumer of events has done and has before it, for metrics."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from function_backend.events.log import LoggedEvent


class Progress:
    """Numbers since the process began; read by whoever shows them."""

    def __init__(self) -> None:
        self.handled = 0
        """Events that were handled or delivered."""
        self.failures = 0
        """Attempts that failed."""
        self.set_aside = 0
        """Events that were given up."""
        self.backlog = 0
        """Events of all tenants that were not handled yet when it was last asked."""
        self._since: dict[Hashable, datetime] = {}
        self._lock = threading.Lock()

    def lag_seconds(self) -> float:
        """How long the oldest event that is being worked at has been there; 0 while there is none."""
        with self._lock:
            oldest = min(self._since.values(), default=None)
        return 0.0 if oldest is None else max(0.0, (datetime.now(UTC) - oldest).total_seconds())

    def begin(self, task: Hashable, events: Sequence[LoggedEvent]) -> None:
        """These are being worked at."""
        with self._lock:
            self._since[task] = events[0].recorded_at

    def done(self, task: Hashable, events: Sequence[LoggedEvent]) -> None:
        """These are done."""
        with self._lock:
            self.handled += len(events)
            self._since.pop(task, None)
