"""Threads of a process that send while there is something to send."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from function_backend.kernel.errors import ServiceError

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_AFTER_FAILURE_SECONDS = 5.0
_CLOSE_SECONDS = 5.0


class Senders:
    """See `Background`."""

    def __init__(self, run_due: Callable[[Callable[[], bool]], bool], *, threads: int) -> None:
        """`run_due` sends some of what is due and says whether there was any; it asks whether to stop in between."""
        self._run_due = run_due
        self._count = threads
        self._ending = threading.Event()
        self._awake = threading.Condition()
        self._woken = 0
        self._threads: list[threading.Thread] = []

    @property
    def name(self) -> str:
        """See `Background`."""
        return "notifications"

    def start(self) -> None:
        """See `Background`."""
        for number in range(self._count):
            thread = threading.Thread(target=self._run, name=f"notifications-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def wake(self, _: str = "") -> None:
        """There is, or may be, something to send."""
        with self._awake:
            self._woken += 1
            self._awake.notify()

    def end(self) -> None:
        """See `Background`."""
        self._ending.set()
        with self._awake:
            self._awake.notify_all()

    def close(self) -> None:
        """See `Background`. A thread that waits for a provider ends with the process; its notification is due again."""
        self.end()
        for thread in self._threads:
            thread.join(_CLOSE_SECONDS / max(1, self._count))

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                if self._run_due(self._ending.is_set):
                    # There may be more, and the other threads may sleep.
                    self.wake()
                    continue
            except ServiceError as error:
                _log.warning("sending notifications was interrupted: %s", error.reason)
                self._ending.wait(_AFTER_FAILURE_SECONDS)
            except Exception:  # noqa: BLE001  the thread goes on, whatever it is
                _log.exception("sending notifications failed")
                self._ending.wait(_AFTER_FAILURE_SECONDS)
            self._sleep()

    def _sleep(self) -> None:
        with self._awake:
            if not self._woken and not self._ending.is_set():
                self._awake.wait(_LOOK_SECONDS)
            self._woken = max(0, self._woken - 1)
