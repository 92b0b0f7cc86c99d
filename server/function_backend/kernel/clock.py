"""The time, as something that is handed in and not looked up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current moment as an aware datetime in UTC, in whole microseconds."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The current moment in UTC."""
        return datetime.now(UTC)
