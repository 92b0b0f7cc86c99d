"""Days and spans of days."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from function_backend.services.company.domain.checks import Checks


class Period(NamedTuple):
    """A span of days, start included, end excluded; a missing side is open."""

    start: date | None = None
    end: date | None = None


def calendar_day(checks: Checks, path: str, year: int, month: int, day: int) -> date | None:
    """The day; None when there is no such day."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        if year == 0 or month == 0 or day == 0:
            checks.refuse(path, "must have a year, a month and a day")
        else:
            checks.refuse(path, f"{year:04d}-{month:02d}-{day:02d} is no day of the calendar")
        return None


def check_period(checks: Checks, parent: str, period: Period) -> Period | None:
    """The validity of the value at the path `parent`; None for one that is open on both sides."""
    start, end = period
    if start is not None and end is not None and start >= end:
        checks.refuse_field(parent, "validity", f"ends on {end}, which is not after its start on {start}")
    return None if start is None and end is None else period
