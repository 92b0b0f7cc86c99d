"""Cron expressions in a time zone. The cronsim library reads them as Debian's cron does, clock changes included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

# Looking forwards from ever further back: a moment that comes every minute would else be counted through for months.
_WINDOWS = tuple(timedelta(minutes=minutes) for minutes in (10, 1_500, 46_000, 600_000, 30_000_000))


class Cron:
    """The moments that a cron expression names."""

    def __init__(self, expression: str, time_zone: str = "UTC") -> None:
        """Raises ValueError when the expression or the zone says nothing."""
        try:
            self._zone = ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{time_zone!r} is not the name of a time zone, such as Europe/Berlin") from error
        self._expression = expression
        try:
            CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f"{expression!r} is not a cron expression such as '*/5 * * * *': {error}") from error

    def next(self, after: datetime) -> datetime | None:
        """The first moment after the given one, in UTC; None when there is none within decades."""
        after = after.astimezone(UTC)
        for moment in CronSim(self._expression, after.astimezone(self._zone)):
            found = moment.astimezone(UTC)
            # Where clocks go back, the local time that comes next may be one that has been already.
            if found > after:
                return found
        return None

    def last(self, until: datetime, *, since: datetime) -> datetime:
        """The latest moment up to the given one; `since`, which is a moment itself, when none has come since."""
        for window in _WINDOWS:
            latest, moment = None, self.next(max(since, until - window))
            while moment is not None and moment <= until:
                latest, moment = moment, self.next(moment)
            if latest is not None:
                return latest
            if until - window <= since:
                break
        return since
