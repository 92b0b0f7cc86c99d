"""How long a process may believe that what it holds is its own.

No time of day is compared: clocks of machines differ and jump. A process counts up a number in the database, its beat;
the others watch the number, each by its own monotonic clock, and give a process up whose number stands still for the
length of a lease. The process itself gives up earlier, so that there is a time in which nobody works at a job before
somebody else does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

_BEATS = 12
"""How often a process beats within a lease."""
_OWN_SHARE = 2 / 3


class Lease:
    """That of this process."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.beat_every = seconds / _BEATS
        self._own = seconds * _OWN_SHARE
        self._clock = clock
        self._good_until = 0.0
        self._beat_at = -seconds

    @property
    def is_good(self) -> bool:
        """Whether nobody can have given this process up yet."""
        return self._clock() < self._good_until

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next beat."""
        return self._clock() - self._beat_at >= self.beat_every

    def now(self) -> float:
        """The monotonic clock that all of this goes by."""
        return self._clock()

    def renewed(self, asked_at: float) -> None:
        """A beat that was sent at that time has arrived."""
        self._beat_at = asked_at
        self._good_until = asked_at + self._own


class Peers:
    """The other processes, as far as their beats tell."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._seen: dict[UUID, tuple[int, float]] = {}

    def observe(self, beats: Mapping[UUID, int], *, own: UUID) -> list[tuple[UUID, int]]:
        """Those that have stood still for the length of a lease, each with its last beat."""
        now = self._lease.now()
        self._seen = {
            runner: before if (before := self._seen.get(runner)) is not None and before[0] == beat else (beat, now)
            for runner, beat in beats.items()
            if runner != own
        }
        return [(runner, beat) for runner, (beat, since) in self._seen.items() if now - since >= self._lease.seconds]
