"""When a child that has ended is started again."""

from __future__ import annotations

import time

_SHORT_LIFE_SECONDS = 10.0
_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 30.0


class Restarts:
    """At once after a long life; after short ones with a delay that doubles, up to half a minute."""

    def __init__(self) -> None:
        self._failures: dict[int, int] = {}
        self._due: dict[int, float] = {}

    def schedule(self, index: int, *, lived: float) -> float:
        """Puts the child on the list; the seconds until it is due."""
        failures = self._failures.get(index, 0) + 1 if lived < _SHORT_LIFE_SECONDS else 0
        self._failures[index] = failures
        delay = min(_FIRST_DELAY_SECONDS * 2 ** (failures - 1), _LONGEST_DELAY_SECONDS) if failures else 0.0
        self._due[index] = time.monotonic() + delay
        return delay

    def due(self) -> list[int]:
        """The children to start now; each is named once."""
        now = time.monotonic()
        ready = [index for index, moment in self._due.items() if moment <= now]
        for index in ready:
            del self._due[index]
        return ready
