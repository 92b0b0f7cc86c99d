"""Which version of a decision is in force when, as the service told it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from function.rules.v1 import distribution_service_pb2
from function_backend_client.rules.versions import RefusedVersion, UsableVersion, VersionKey

NEVER: Final = 1 << 63
"""A time after all others, in nanoseconds since 1970."""


class Timeline:
    """When which version of one decision is in force. It does not change; the service tells a new one."""

    __slots__ = ("_latest_first", "name", "window")

    def __init__(
        self,
        told: distribution_service_pb2.PublishedDefinition,
        find: Callable[[VersionKey], UsableVersion | RefusedVersion],
    ) -> None:
        self.name = told.name
        periods = [
            (
                period.valid_from.ToNanoseconds(),
                period.valid_until.ToNanoseconds() if period.HasField("valid_until") else NEVER,
                find(VersionKey(told.name, period.version)),
            )
            for period in told.periods
        ]
        # Of those that cover a time, the one that begins last counts, and of these the one that was made last.
        order = sorted(range(len(periods)), key=lambda number: (periods[number][0], number), reverse=True)
        self._latest_first = [periods[number] for number in order]
        self.window: tuple[int, int, UsableVersion | RefusedVersion | None] = (0, 0, None)
        """From when until when what is in force: what decisions look at first. Replaced as a whole, for any thread."""

    def in_force(self, at: int) -> UsableVersion | RefusedVersion | None:
        """What is in force at a time in nanoseconds since 1970."""
        for since, until, version in self._latest_first:
            if since <= at < until:
                return version
        return None

    def needs(self) -> list[VersionKey]:
        """The versions that it names."""
        return [VersionKey(version.name, version.number) for _, _, version in self._latest_first]

    def moved(self, at: int) -> UsableVersion | RefusedVersion | None:
        """What is in force at the time, remembered until that changes."""
        changes = [moment for period in self._latest_first for moment in period[:2]]
        since = max((moment for moment in changes if moment <= at), default=0)
        until = min((moment for moment in changes if moment > at), default=NEVER)
        found = self.in_force(at)
        self.window = (since, until, found)
        return found
