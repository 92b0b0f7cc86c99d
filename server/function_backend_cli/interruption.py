"""Long commands end in order when they are told to, by Ctrl-C or by whoever stops the machine."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
"""The exit status of a command that was told to end."""
_PATIENCE_SECONDS = 10.0
"""How long ending in order may take: a call that does not return, or a library that does not let the process go."""


@contextmanager
def interruptible(*, patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """SIGTERM ends the block like Ctrl-C does, with a KeyboardInterrupt; the process is gone after `patience` seconds.

    What a command keeps for the next run it keeps as it goes, so that nothing hangs on ending in order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        last = threading.Timer(patience, _end_at_once)
        last.daemon = True
        last.start()
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    # What is ignored, as SIGINT is behind nohup, stays so.
    heard = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)


def _end_at_once() -> None:
    sys.stderr.write("Interrupted, and ended without waiting any longer.\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)
