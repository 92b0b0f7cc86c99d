"""Turns signals that would end the process at once into an orderly exit, so that the server is stopped."""

import os
import signal
import sys
import threading
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def exit_in_order(number: int, _frame: FrameType | None) -> None:
    """Leave through SystemExit, which runs `finally` and what was registered with atexit."""
    sys.exit(128 + number)


class OrderlyExit:
    """Handles SIGTERM and SIGHUP as long as nobody else does.

    Whoever installed a handler before keeps it, and stops the server by itself; whoever installs one
    later replaces ours. Ctrl-C needs nothing: Python raises KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._handled: list[signal.Signals] = []

    def install(self) -> None:
        """Handle the signals that would kill this process; only the main thread can, elsewhere nothing happens."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._handle)
                self._handled.append(number)

    def remove(self) -> None:
        """Give the signals back, except those that somebody else has taken over."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in self._handled:
            if signal.getsignal(number) == self._handle:
                signal.signal(number, signal.SIG_DFL)
        self._handled.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            # A forked child that has no handler of its own dies of the signal, as it would without us.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        exit_in_order(number, frame)
