"""Events that somebody could not handle."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg

from tests.fixtures.server import RunningServer


def set_aside(server: RunningServer, event_id: UUID, *, consumer: str = "sink-test", lane: int = 0) -> str:
    """The id of a dead letter of the event, as the consumer would leave one behind."""
    letter_id = uuid4()
    with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
        found = connection.execute(
            "insert into event_dead_letter (tenant_id, id, consumer, lane, position, event_id, type, subject_type, "
            "subject_id, attempts, failure, set_aside_at) "
            "select e.tenant_id, %s, %s, %s, e.position, e.id, e.type, e.subject_type, e.subject_id, 3, "
            "'ValueError: it cannot be handled', clock_timestamp() from event e where e.id = %s",
            (letter_id, consumer, lane, event_id),
        )
        assert found.rowcount == 1
    return str(letter_id)
