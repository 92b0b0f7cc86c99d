"""When versions are in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A time in which a version is in force, unless a later publication is as well."""

    number: int
    """Counts the publications of a decision, from 1."""
    version: int
    valid_from: datetime
    valid_until: datetime | None
    """Not included; None for ever."""
    ended_at: datetime | None
    """From when on it does not count any more, whatever else it says: its version was retired."""
    published_at: datetime
    publisher: str
    comment: str

    def covers(self, at: datetime) -> bool:
        """Whether it is in force at the time, as far as it is concerned."""
        return (
            self.valid_from <= at
            and (self.valid_until is None or at < self.valid_until)
            and (self.ended_at is None or at < self.ended_at)
        )


class Timeline:
    """The publications of one decision."""

    __slots__ = ("_latest_first",)

    def __init__(self, publications: Sequence[Publication]) -> None:
        self._latest_first = sorted(publications, key=lambda each: (each.valid_from, each.number), reverse=True)

    def in_force(self, at: datetime) -> Publication | None:
        """The one that counts at the time: of those that cover it, the one that began last and was made last."""
        return next((each for each in self._latest_first if each.covers(at)), None)

    def ahead(self, now: datetime) -> list[Publication]:
        """Those that count now or will count later, as far as it is known, in the order in which they were made."""
        changes = {now}
        for each in self._latest_first:
            changes |= {at for at in (each.valid_from, each.valid_until) if at is not None and at > now}
        counting = {found.number: found for at in changes if (found := self.in_force(at)) is not None}
        return [counting[number] for number in sorted(counting)]

    def versions_from(self, at: datetime) -> frozenset[int]:
        """Those that are in force at the time, or will be at a later one as far as is known."""
        # It changes only where a publication begins or ends.
        turns = {turn for each in self._latest_first for turn in (each.valid_from, each.valid_until, each.ended_at)}
        moments = [at, *(turn for turn in turns if turn is not None and turn > at)]
        return frozenset(found.version for found in map(self.in_force, moments) if found is not None)

    def before(self, current: Publication | None, *, retired: frozenset[int]) -> int | None:
        """The version that was published before the current one and may come back; None when there is none.

        Without a current one, the version that was published last.
        """
        made = sorted(self._latest_first, key=lambda each: each.number, reverse=True)
        for each in made:
            if current is not None and (each.number >= current.number or each.version == current.version):
                continue
            if each.version not in retired:
                return each.version
        return None
