"""Work beside the calls of a worker that takes a bounded share of a processor."""

from __future__ import annotations

import time
from collections.abc import Callable

_SLICE_SECONDS = 0.002
"""How long a thread works at a stretch. A call that comes meanwhile waits that long at most: the interpreter runs one
thread at a time. A lower priority of the operating system would do harm instead, for a thread that is passed over while
it has the interpreter holds up all others."""
_LONGEST_PAUSE = 0.25


class Pace:
    """Keeps a thread to its share: it works in short slices and rests after each for as long as the share asks for."""

    def __init__(self, share: float, *, clock: Callable[[], float] = time.thread_time) -> None:
        """`share` is that of one processor, above 0 and up to 1."""
        self._rest = (1 - share) / share
        self._clock = clock
        self._began = clock()

    def rest_when_due(self) -> None:
        """Rests when a slice is over; to be called often, by the thread that works."""
        worked = self._clock() - self._began
        if worked >= _SLICE_SECONDS:
            time.sleep(min(worked * self._rest, _LONGEST_PAUSE))
            self._began = self._clock()
