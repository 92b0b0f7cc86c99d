"""The thread that signs chains now and then, in the processes that do background work."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from function_backend.kernel.errors import ServiceError

_log = logging.getLogger(__name__)

_CLOSE_SECONDS = 5.0
_SOON_SECONDS = 60.0
# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - a wait, nothing secret


class AuditKeeping:
    """Runs what there is to do every so often. Several processes may: each tenant's chain is locked for it."""

    name = "audit"

    def __init__(self, tasks: Sequence[Callable[[], object]], *, every: timedelta) -> None:
        self._tasks = tasks
        self._every = every.total_seconds()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins; returns at once."""
        thread = threading.Thread(target=self._run, name="audit-keeping", daemon=True)
        thread.start()
        # Not before: who closes meanwhile would wait for what has not begun.
        self._thread = thread

    def end(self) -> None:
        """Nothing new is to be begun."""
        self._ending.set()

    def close(self) -> None:
        """Waits, a few seconds at most, for what still runs."""
        self.end()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        # Not all processes at the same moment, and not while they start.
        wait = min(self._every, _SOON_SECONDS) * (0.5 + _RANDOM.random() / 2)
        while not self._ending.wait(wait):
            for task in self._tasks:
                try:
                    task()
                except ServiceError as error:
                    # It comes again.
                    _log.warning("the audit trail was not seen to: %s", error.message)
                except Exception:  # noqa: BLE001  the thread goes on, whatever it is
                    _log.exception("seeing to the audit trail failed")
                if self._ending.is_set():
                    return
            wait = self._every
