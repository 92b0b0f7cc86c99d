"""Counting the calls of API keys in memory, and writing them down in batches off the path of any call.

A call costs an addition. Every few seconds the counts of keys with a daily quota are brought to the
database and those of other workers are learned; keys without one take their turn once a minute. So a quota may be
exceeded by what the other workers let through between two such moments, and by no more.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.services.auth.errors.api_key import ApiKeyQuotaExceededError

if TYPE_CHECKING:
    from function_backend.persistence.wire import Driver

FLUSH_EVERY = timedelta(seconds=3)
"""How often the counts of keys with a quota are exchanged."""
_WITHOUT_QUOTA_EVERY = timedelta(minutes=1)
_SLACK = timedelta(minutes=10)
_DAY = timedelta(days=1)
_BATCH = 1_000

_RECORD_SQL = """
    select api_key_id, calls_of_day from record_api_key_uses(%b::uuid[], %b, %b::bigint[], %b::timestamptz[])
"""


class KeyUse:
    """What this worker has counted of one key."""

    __slots__ = (
        "_clock",
        "_day",
        "_lock",
        "_looked",
        "_tick",
        "_today",
        "_written",
        "count",
        "flushed_at",
        "key_id",
        "limit",
        "used_at",
    )

    def __init__(self, key_id: UUID, clock: Clock, *, limit: int, calls_today: int) -> None:
        self.key_id = key_id
        self.limit = 0
        """Calls of one day; 0 for any number."""
        now = clock.now()
        self.flushed_at = now
        self.used_at = now
        self._clock = clock
        self._lock = threading.Lock()
        # One step in C, which no other thread can come between: a lock would cost a call four times as much.
        self._tick: Callable[[], int] = itertools.count(1).__next__
        self._looked = 0
        self._written = 0
        self._day = now.date()
        self._today = 0
        self.count: Callable[[], object] = self._tick
        """Counts one call; ApiKeyQuotaExceededError when the day's are used up."""
        self.refresh(limit=limit, calls_today=calls_today)

    def refresh(self, *, limit: int, calls_today: int) -> None:
        """Takes over what the database says of the key."""
        today = self._clock.now().date()
        with self._lock:
            self.limit = limit
            self._today = calls_today if self._day != today else max(self._today, calls_today)
            self._day = today
            self.count = self._count_limited if limit else self._tick

    def remaining(self) -> int | None:
        """Calls that are left today; None without a limit."""
        if not self.limit:
            return None
        with self._lock:
            used = self._today if self._day == self._clock.now().date() else 0
        return max(0, self.limit - used)

    def take(self) -> int:
        """The calls counted since the last time, which are no longer counted here."""
        with self._lock:
            # Looking counts one, too.
            self._looked += 1
            counted = self._tick() - self._looked
            pending, self._written = counted - self._written, counted
        return pending

    def put_back(self, calls: int) -> None:
        """Counts calls again that could not be written down."""
        with self._lock:
            self._written -= calls

    def learn(self, *, calls_today: int, day: date) -> None:
        """Takes over what all workers together have counted of the day, beside what came here since it was taken."""
        with self._lock:
            if day >= self._day:
                self._looked += 1
                self._day = day
                self._today = calls_today + self._tick() - self._looked - self._written

    def _count_limited(self) -> None:
        now = self._clock.now()
        today = now.date()
        with self._lock:
            if self._day != today:
                self._day, self._today = today, 0
            if self._today >= self.limit:
                raise ApiKeyQuotaExceededError(self.limit, _until_midnight(now))
            self._today += 1
        self._tick()


class KeyUses:
    """The keys that this worker counts."""

    def __init__(self, clock: Clock, *, remembered_for: timedelta) -> None:
        """`remembered_for` is how long a credential may hold on to where its calls are counted."""
        self._clock = clock
        self._forgotten_after = remembered_for + _SLACK
        self._uses: dict[UUID, KeyUse] = {}
        self._lock = threading.Lock()

    def of(self, key_id: UUID, *, limit: int, calls_today: int) -> KeyUse:
        """Where the calls of the key are counted."""
        with self._lock:
            use = self._uses.get(key_id)
            if use is None:
                use = self._uses[key_id] = KeyUse(key_id, self._clock, limit=limit, calls_today=calls_today)
                return use
        use.used_at = self._clock.now()
        use.refresh(limit=limit, calls_today=calls_today)
        return use

    def flush(self, driver: Driver, *, everything: bool = False) -> None:
        """Writes down what is due, or everything, and learns what other workers have."""
        now = self._clock.now()
        with self._lock:
            uses = list(self._uses.values())
        due = [use for use in uses if everything or use.limit or now - use.flushed_at >= _WITHOUT_QUOTA_EVERY]
        for start in range(0, len(due), _BATCH):
            self._write(driver, due[start : start + _BATCH], now)
        self._forget_idle(now)

    def flush_all(self, driver: Driver) -> None:
        """Writes down everything, for when the worker ends."""
        self.flush(driver, everything=True)

    def _write(self, driver: Driver, uses: Sequence[KeyUse], now: datetime) -> None:
        counted = [(use, calls) for use in uses if (calls := use.take())]
        if not counted:
            return
        today = now.astimezone(UTC).date()
        columns = (
            [use.key_id for use, _ in counted],
            today,
            [calls for _, calls in counted],
            [now for _ in counted],
        )
        try:
            rows = driver.execute(_RECORD_SQL, columns, binary=True).fetchall()
        except BaseException:
            for use, calls in counted:
                use.put_back(calls)
            raise
        totals: dict[UUID, int] = dict(rows)
        for use, _ in counted:
            use.flushed_at = use.used_at = now
            if use.key_id in totals:
                use.learn(calls_today=totals[use.key_id], day=today)

    def _forget_idle(self, now: datetime) -> None:
        # Longer than a credential is remembered: nobody holds on to what is forgotten here.
        with self._lock:
            for key_id, use in list(self._uses.items()):
                if now - use.used_at > self._forgotten_after:
                    del self._uses[key_id]


def _until_midnight(now: datetime) -> timedelta:
    midnight = datetime.combine(now.date(), datetime.min.time(), now.tzinfo) + _DAY
    return midnight - now
