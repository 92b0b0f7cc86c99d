"""Categories of notifications, and when what was collected is sent as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

GENERAL, ACCOUNT, SECURITY = "general", "account", "security"

_DAYS = 8
_EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSchedule:
    """Times of day on some days of the week, in a time zone."""

    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    """From 1 for Monday to 7; all when empty."""
    time_zone: str = "UTC"

    def next_after(self, moment: datetime) -> datetime:
        """The first of the times after the moment, in UTC.

        A time that a change to summer time leaves out comes as much later as the clock was put forward; one that comes
        twice when it is put back comes once, the first time.
        """
        zone = ZoneInfo(self.time_zone)
        local = moment.astimezone(zone)
        days = self.weekdays or _EVERY_DAY
        found = (
            datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
            for day in (local.date() + timedelta(days=ahead) for ahead in range(_DAYS + 1))
            if day.isoweekday() in days
            for at in self.times
        )
        return min(each for each in found if each > moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """What notifications are about, and so what recipients may not want."""

    name: str
    description: str = ""
    mandatory: bool = False
    digest: DigestSchedule | None = None
    built_in: bool = False
    revision: int = 0


BUILT_IN: Sequence[Category] = (
    Category(name=GENERAL, description="Whatever has no category of its own", built_in=True),
    Category(name=ACCOUNT, description="Invitations and resets that somebody asked for", mandatory=True, built_in=True),
    Category(name=SECURITY, description="What concerns the safety of an account", mandatory=True, built_in=True),
)
"""The categories that every tenant has."""


def built_in_category(name: str) -> Category | None:
    """The category of the service with this name."""
    return next((each for each in BUILT_IN if each.name == name), None)
