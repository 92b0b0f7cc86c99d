"""How many jobs a process takes at once.

A job that is taken and waits for a thread is withheld from other processes, so of kinds that take long only as many are
taken as threads are free. Of kinds that take a millisecond, one by one would mean a transaction for each; as many are
taken as the threads do within a tenth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from function_backend.jobs.statements import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from function_backend.kernel.jobs import JobKind

_AHEAD_SECONDS = 0.1
_MOST_AHEAD = 500
_WEIGHT = 0.2
_SHORTEST = 1e-4


class Appetite:
    """Learns how long jobs of each kind take."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._seconds: dict[str, float] = {}

    def learn(self, kind: str, seconds: float) -> None:
        """A job of the kind took so long."""
        before = self._seconds.get(kind, seconds)
        # What takes long is believed at once: too few taken costs a little time, too many holds jobs up.
        self._seconds[kind] = seconds if seconds > 4 * before else before + _WEIGHT * (seconds - before)

    def limits(self, kinds: Iterable[JobKind], in_hand: Mapping[str, int]) -> list[Limits]:
        """How many of each kind to take now, given how many of each are in hand; none of those that are not wanted."""
        total = sum(in_hand.values())
        slow = sum(count for kind, count in in_hand.items() if not self._is_short(kind))
        free = self._threads - total
        wanted = []
        for kind in kinds:
            now = free
            if self._is_short(kind.name) and slow < self._threads:
                ahead = int((self._threads - slow) * _AHEAD_SECONDS / max(self._seconds[kind.name], _SHORTEST))
                now = max(free, min(ahead, _MOST_AHEAD) - (total - slow))
            if kind.most_running_per_process:
                now = min(now, kind.most_running_per_process - in_hand.get(kind.name, 0))
            if now > 0:
                wanted.append(Limits(kind.name, now, kind.most_running, kind.most_running_per_tenant))
        return wanted

    def _is_short(self, kind: str) -> bool:
        seconds = self._seconds.get(kind)
        return seconds is not None and seconds < _AHEAD_SECONDS / 2
