"""When a delivery that failed is tried again.

After 5 seconds, then three times as long each time, up to 12 hours; each pause is moved by a fifth at random, so that
what failed together does not come back together. The last attempt is three days after the delivery was queued.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_FIRST_PAUSE = timedelta(seconds=5)
_FACTOR = 3.0
_LONGEST_PAUSE = timedelta(hours=12)
_JITTER = 0.2
_LONGEST_WISH = timedelta(hours=24)
"""What a receiver asks for beyond this is not honoured: it could hold deliveries for ever."""
_OVERLOADED = frozenset({429, 502, 503, 504})
"""What Standard Webhooks 1.0 asks senders to slow down for, and 503, with which receivers ask for it themselves."""


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When to try again, and until when."""

    retry_for: timedelta = timedelta(days=3)
    """From when a delivery was queued to its last attempt."""

    def next_attempt(
        self,
        *,
        attempts: int,
        queued_at: datetime,
        now: datetime,
        wish: timedelta | None = None,
        chance: random.Random,
    ) -> datetime | None:
        """When to try again after this many attempts have failed; None when it is given up.

        `wish` is what the receiver asked for: no attempt is made before it is over.
        """
        end = queued_at + self.retry_for
        if now >= end:
            return None
        planned = min(now + pause_after(attempts, chance), end)
        return planned if wish is None else max(planned, now + wish)


def pause_after(attempts: int, chance: random.Random) -> timedelta:
    """The pause after so many attempts, from 1."""
    # Beyond 20 the power only grows further above the longest pause.
    grown = _FIRST_PAUSE * _FACTOR ** min(attempts - 1, 20)
    return min(grown, _LONGEST_PAUSE) * chance.uniform(1 - _JITTER, 1 + _JITTER)


def wished_pause(status: int, retry_after: str | None, *, now: datetime) -> timedelta | None:
    """What a receiver asks for with `Retry-After`, as seconds or as a date (RFC 9110 section 10.2.3), a day at most.

    None when it asks for nothing, or nothing that can be read.
    """
    if retry_after is None or status < 300:  # noqa: PLR2004  2xx
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**6)), _LONGEST_WISH)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), _LONGEST_WISH)


def quiet_after(status: int, wish: timedelta | None) -> timedelta | None:
    """How long the other deliveries wait too, where the status is about the receiver as a whole; None where not."""
    if status not in _OVERLOADED:
        return None
    return _FIRST_PAUSE if wish is None else wish
