"""Stopping the statement of a call that nobody waits for any more."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

import psycopg

from function_backend.kernel.errors import CancelledError

if TYPE_CHECKING:
    from function_backend.kernel.call import Call
    from function_backend.persistence.wire import Driver

_log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 2.0


class Interrupt:
    """Cancels what runs on one connection, for as long as the connection works for one call.

    `disarm` waits for a cancellation that is on its way: it must not hit the call that gets the connection next.
    """

    __slots__ = ("_armed", "_call", "_driver", "_lock")

    def __init__(self, call: Call | None, driver: Driver) -> None:
        self._call = call
        self._driver = driver
        self._lock = Lock()
        self._armed = True
        if call is None:
            return
        call.interrupt_with(self)
        if call.ended:
            self.disarm()
            raise CancelledError("The caller cancelled the call.")

    def __call__(self) -> None:
        """Cancels the running statement; called by the thread that learns of the end of the call."""
        with self._lock:
            if not self._armed:
                return
            try:
                self._driver.cancel_safe(timeout=_TIMEOUT_SECONDS)
            except psycopg.Error as error:
                # The statement timeout stops it later; the caller has its answer already.
                _log.info("a statement could not be cancelled: %s", type(error).__name__)

    def disarm(self) -> None:
        """The connection works for this call no longer."""
        if self._call is not None:
            self._call.interrupt_with(None)
        with self._lock:
            self._armed = False
