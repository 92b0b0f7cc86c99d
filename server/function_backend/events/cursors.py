"""How far a consumer has come, tenant by tenant and lane by lane, and who is at it.

Leases end by the clock of the database, which all workers share; whoever holds one counts its time by an own monotonic
clock from before it was asked for, and stops earlier. So no jump of a worker's clock lets two work at once. The fence
grows with each new holder: a receiver that remembers the highest one can refuse whoever has come back from the dead.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, LiteralString, NamedTuple

from function_backend.events.log import BEGINNING

if TYPE_CHECKING:
    from uuid import UUID

    from function_backend.events.log import LoggedEvent
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_REGISTER_SQL = "select register_event_consumer(%b, %b::int, %b)"
_WORK_SQL = "select tenant_id, lane from event_work(%b, %b::int)"
_BACKLOG_SQL = "select behind, waiting_tenants from event_backlog(%b)"
_ADD_SQL = """
    insert into event_cursor (tenant_id, consumer, lane, position, recorded_at, fence, failures, updated_at)
    values (%b, %b, %b::int, 0, %b, 0, 0, clock_timestamp()) on conflict do nothing
"""
_LOCK_SQL = """
    select position, recorded_at, fence, failures from event_cursor
    where tenant_id = %b and consumer = %b and lane = %b::int
        and (retry_at is null or retry_at <= clock_timestamp())
    for update skip locked
"""
_TAKE_SQL = """
    update event_cursor set
        fence = case when holder = %b then fence else fence + 1 end, holder = %b,
        held_until = clock_timestamp() + %b::float8 * interval '1 second'
    where tenant_id = %b and consumer = %b and lane = %b::int
        and (holder is null or holder = %b or held_until <= clock_timestamp())
        and (retry_at is null or retry_at <= clock_timestamp())
    returning position, recorded_at, fence, failures
"""
_ADVANCE_SQL = """
    update event_cursor set
        position = %b, recorded_at = %b, failures = 0, retry_at = null, updated_at = clock_timestamp(),
        held_until = case when holder is null then null else clock_timestamp() + %b::float8 * interval '1 second' end
    where tenant_id = %b and consumer = %b and lane = %b::int and fence = %b and position <= %b
"""
_FAILED_SQL = """
    update event_cursor set
        failures = failures + 1, retry_at = clock_timestamp() + %b::float8 * interval '1 second',
        updated_at = clock_timestamp()
    where tenant_id = %b and consumer = %b and lane = %b::int and fence = %b and position = %b
    returning failures
"""
_PAUSE_SQL = """
    update event_cursor set retry_at = clock_timestamp() + %b::float8 * interval '1 second'
    where tenant_id = %b and consumer = %b and lane = %b::int and fence = %b
"""
_RELEASE_SQL = """
    update event_cursor set holder = null, held_until = null
    where tenant_id = %b and consumer = %b and lane = %b::int and holder = %b
"""
_SET_ASIDE_SQL = """
    insert into event_dead_letter (
        tenant_id, consumer, position, event_id, type, subject_type, subject_id, attempts, failure, set_aside_at
    )
    values (%b, %b, %b, %b, %b, %b, %b, %b::int, %b, clock_timestamp()) on conflict do nothing
"""
_LONGEST_FAILURE = 1_000


class Cursor(NamedTuple):
    """How far one lane of a tenant has come."""

    position: int
    recorded_at: datetime
    fence: int
    failures: int
    """How often the events behind the position were tried in vain."""

    def moved(self, position: int, recorded_at: datetime) -> Cursor:
        """The same, further on."""
        return Cursor(position, recorded_at, self.fence, 0)


class WaitingLane(NamedTuple):
    """A lane with events that nobody is at."""

    tenant_id: UUID
    lane: int


class Backlog(NamedTuple):
    """What a consumer has before it."""

    events: int
    """Positions over all tenants and lanes, at most so many events."""
    lanes: int
    """In how many lanes of tenants."""


def register(driver: Driver, consumer: str, *, lanes: int, from_start: bool) -> int:
    """Makes the consumer known, and returns into how many lanes it divides a tenant: as many as the first time.

    The first time, unless it wants them `from_start`, events that are there already are passed over.
    """
    row = driver.execute(_REGISTER_SQL, [consumer, lanes, from_start], binary=True).fetchone()
    return lanes if row is None else int(row[0])


def waiting(driver: Driver, consumer: str, *, limit: int) -> list[WaitingLane]:
    """Lanes with events that nobody is at, those furthest behind first. Outside any tenant."""
    return [WaitingLane(*row) for row in driver.execute(_WORK_SQL, [consumer, limit]).fetchall()]


def backlog(driver: Driver, consumer: str) -> Backlog:
    """What the consumer has before it. Outside any tenant."""
    row = driver.execute(_BACKLOG_SQL, [consumer]).fetchone()
    return Backlog(0, 0) if row is None else Backlog(int(row[0]), int(row[1]))


class CursorRepository:
    """The cursors of one consumer, within a unit of work."""

    def __init__(self, work: UnitOfWork, consumer: str) -> None:
        self._work = work
        self._consumer = consumer

    def lock(self, lane: int) -> Cursor | None:
        """The cursor, locked until the commit; None when another transaction holds it, or it is to be left alone."""
        return self._have(lane, _LOCK_SQL, self._key(lane))

    def take(self, lane: int, holder: UUID, *, seconds: float) -> Cursor | None:
        """The cursor, leased for so long; None when another holder's lease has not ended, or it is to be left alone."""
        return self._have(lane, _TAKE_SQL, (holder, holder, seconds, *self._key(lane), holder))

    def advance(self, lane: int, cursor: Cursor, position: int, recorded_at: datetime, *, seconds: float = 0.0) -> bool:
        """Moves the cursor, and renews the lease where it is leased; False when it is somebody else's by now."""
        parameters = [position, recorded_at, seconds, *self._key(lane), cursor.fence, position]
        return self._work.driver.execute(_ADVANCE_SQL, parameters).rowcount == 1

    def failed(self, lane: int, cursor: Cursor, *, pause: float) -> int:
        """Counts a failure behind the position, and leaves the lane alone for a while; how many there were."""
        parameters = [pause, *self._key(lane), cursor.fence, cursor.position]
        row = self._work.driver.execute(_FAILED_SQL, parameters).fetchone()
        return 0 if row is None else int(row[0])

    def pause(self, lane: int, cursor: Cursor, *, seconds: float) -> None:
        """Leaves the lane alone for a while."""
        self._work.driver.execute(_PAUSE_SQL, [seconds, *self._key(lane), cursor.fence])

    def release(self, lane: int, holder: UUID) -> None:
        """Ends the holder's lease."""
        self._work.driver.execute(_RELEASE_SQL, [*self._key(lane), holder])

    def set_aside(self, event: LoggedEvent, *, attempts: int, failure: str) -> None:
        """Keeps in mind that the event was passed over."""
        what = [event.position, event.id, event.type, event.subject_type, event.subject_id]
        parameters = [self._work.tenant_id, self._consumer, *what, attempts, failure[:_LONGEST_FAILURE]]
        self._work.driver.execute(_SET_ASIDE_SQL, parameters)

    def _have(self, lane: int, statement: LiteralString, parameters: tuple[object, ...]) -> Cursor | None:
        row = self._work.driver.execute(statement, parameters).fetchone()
        # A tenant that came after the consumer has no cursor yet: it is read from its first event.
        if row is None and self._work.driver.execute(_ADD_SQL, [*self._key(lane), BEGINNING]).rowcount:
            row = self._work.driver.execute(statement, parameters).fetchone()
        return None if row is None else Cursor(*row)

    def _key(self, lane: int) -> tuple[UUID, str, int]:
        return self._work.tenant_id, self._consumer, lane
