"""One thread of a worker that does what there is to do when it is woken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from function_backend.kernel.errors import ServiceError
from function_backend.services.rules.adapters.pace import Pace

_log = logging.getLogger(__name__)

_CLOSE_SECONDS = 5.0


class BackgroundWork:
    """Runs the work until there is none, each time that it is woken. The thread starts with the first time."""

    def __init__(self, name: str, work: Callable[[], None], pace: Pace) -> None:
        """`work` returns when nothing is left to do, or soon after the pace says that it is to end."""
        self._name = name
        self._work = work
        self._pace = pace
        self._awake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self, _: str = "") -> None:
        """There is, or may be, something to do."""
        with self._lock:
            if self._pace.ending:
                return
            if self._thread is None:
                # Not before there is work: the worker may still be forked.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        self._awake.set()

    def end(self) -> None:
        """The work is to be left off."""
        with self._lock:
            self._pace.end()
        self._awake.set()

    def close(self) -> None:
        """Ends the thread, and waits for that a few seconds at most."""
        self.end()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            self._awake.wait()
            self._awake.clear()
            if self._pace.ending:
                return
            try:
                self._work()
            except ServiceError as error:
                # Whoever wakes it next, wakes it when the database is back.
                _log.warning("%s was interrupted: %s", self._name, error.reason)
            except Exception:  # noqa: BLE001  the thread goes on, whatever it is
                _log.exception("%s failed", self._name)
