"""Events that a consumer set aside, as the consumer itself sees them when somebody wants one tried again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from function_backend.events.log import LoggedEvent, find_event

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_ADD_SQL = """
    insert into event_dead_letter (
        tenant_id, consumer, lane, position, event_id, type, subject_type, subject_id, attempts, failure, set_aside_at
    )
    values (%b, %b, %b::int, %b, %b, %b, %b, %b, %b::int, %b, clock_timestamp())
    on conflict (tenant_id, consumer, position) do update
        set attempts = event_dead_letter.attempts + 1, failure = excluded.failure, resend_at = null
"""
_ASKED_FOR_SQL = "select tenant_id, lane from dead_letters_to_resend(%b, %b::int)"
_NEXT_SQL = """
    select id, event_id, resend_at from event_dead_letter
    where tenant_id = %b and consumer = %b and lane = %b::int and resend_at is not null
    order by resend_at, position limit 1 for update skip locked
"""
_FAILED_SQL = """
    update event_dead_letter set attempts = attempts + 1, failure = %b, resend_at = null
    where tenant_id = %b and id = %b
"""
_DELETE_SQL = "delete from event_dead_letter where tenant_id = %b and id = %b and resend_at = %b"
_LONGEST_FAILURE = 1_000


class AskedFor(NamedTuple):
    """An event that is to be tried again."""

    letter_id: UUID
    event: LoggedEvent | None
    """None when it is not kept any more."""
    asked_at: datetime


def asked_for(driver: Driver, consumer: str, *, limit: int) -> list[tuple[UUID, int]]:
    """Tenants and lanes with events that are to be tried again. Outside any tenant."""
    return [(row[0], row[1]) for row in driver.execute(_ASKED_FOR_SQL, [consumer, limit]).fetchall()]


class DeadLetterQueue:
    """The dead letters of one consumer, within a unit of work."""

    def __init__(self, work: UnitOfWork, consumer: str) -> None:
        self._work = work
        self._consumer = consumer

    def set_aside(self, event: LoggedEvent, *, lane: int, attempts: int, failure: str) -> None:
        """Keeps in mind that the event was passed over, or once more when it was tried again."""
        what = [event.position, event.id, event.type, event.subject_type, event.subject_id]
        parameters = [self._work.tenant_id, self._consumer, lane, *what, attempts, failure[:_LONGEST_FAILURE]]
        self._work.driver.execute(_ADD_SQL, parameters)

    def next(self, lane: int) -> AskedFor | None:
        """The next one of the lane that is to be tried again, locked until the commit."""
        row = self._work.driver.execute(_NEXT_SQL, [self._work.tenant_id, self._consumer, lane]).fetchone()
        return None if row is None else AskedFor(row[0], find_event(self._work, row[1]), row[2])

    def failed(self, letter_id: UUID, failure: str) -> None:
        """It was tried again in vain, and is left alone until somebody asks for it once more."""
        self._work.driver.execute(_FAILED_SQL, [failure[:_LONGEST_FAILURE], self._work.tenant_id, letter_id])

    def handled(self, letter: AskedFor) -> None:
        """The consumer is through with its event; nothing changes when it was set aside again meanwhile."""
        self._work.driver.execute(_DELETE_SQL, [self._work.tenant_id, letter.letter_id, letter.asked_at])
