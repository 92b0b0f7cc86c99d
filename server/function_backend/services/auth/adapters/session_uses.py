"""When sessions were last used, collected in each worker and written now and then."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.persistence.wire import Driver

_TOUCH_SQL = "select touch_sessions(%s::uuid[], %s::timestamptz[], %s)"
_MOST = 20_000
_AT_LEAST = timedelta(minutes=1)


class SessionUses:
    """Takes notes for 0.2 µs each. A session is written at most once a minute, whoever uses it how often."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[UUID, datetime] = {}
        self._lock = threading.Lock()

    def note(self, session_id: UUID) -> None:
        """A token of the session was used just now."""
        # Beyond the limit a use is forgotten, and the session may seem idle for a minute longer than it was.
        if session_id in self._seen or len(self._seen) < _MOST:
            self._seen[session_id] = self._clock.now()

    def write(self, driver: Driver) -> None:
        """Writes what was noted since the last time."""
        with self._lock:
            seen, self._seen = self._seen, {}
        if seen:
            driver.execute(_TOUCH_SQL, (list(seen), list(seen.values()), _AT_LEAST))
