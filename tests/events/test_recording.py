from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid4

import psycopg
import pytest

from function_backend.events.recording import EventRecorder
from function_backend.events.sharding import SHARDS, shard_of
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.engine import Database
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.auth import a_principal, calling
from tests.factories.events import ThingHappened, an_event, payload_of
from tests.fixtures import postgres

_LOG_SQL = """
    select id, shard, type, subject_type, subject_id, sequence, occurred_at, trace_context, payload
    from event where tenant_id = %s order by position
"""


def _logged(database: postgres.Database, tenant_id: UUID) -> list[tuple[object, ...]]:
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(_LOG_SQL, (tenant_id,)).fetchall()


@pytest.mark.parametrize("count", [1, 3])
def test_every_event_is_in_the_log_in_order(
    database: postgres.Database, transactions: Transactions, count: int
) -> None:
    principal = a_principal()
    happened = [an_event(sequence=number, payload=bytes([number])) for number in range(1, count + 1)]
    with calling(principal), transactions() as work:
        work.record(*happened)
    rows = _logged(database, principal.tenant_id)
    assert [(row[4], row[5], row[6], row[8]) for row in rows] == [
        (event.subject_id, event.sequence, event.occurred_at, event.payload) for event in happened
    ]
    assert {(row[2], row[3]) for row in rows} == {(ThingHappened.type, ThingHappened.subject_type)}
    assert [row[1] for row in rows] == [shard_of(event.subject_id) for event in happened]
    assert all(isinstance(row[0], UUID) and row[0].version == 7 for row in rows)


def test_a_change_that_is_undone_leaves_no_event(database: postgres.Database, transactions: Transactions) -> None:
    principal = a_principal()
    with calling(principal), pytest.raises(KeyError), transactions() as work:
        work.record(an_event())
        raise KeyError
    assert _logged(database, principal.tenant_id) == []


def test_the_trace_travels_with_the_event(database: postgres.Database, worker_database: Database) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    recorder = EventRecorder(SystemClock(), trace_context=lambda: trace)
    recorder.learn({ThingHappened: payload_of})
    principal = a_principal()
    with calling(principal), Transactions(worker_database, recorder)() as work:
        work.record(an_event())
    assert [row[7] for row in _logged(database, principal.tenant_id)] == [trace]


def test_an_event_that_nobody_can_serialise_stops_the_change(worker_database: Database) -> None:
    transactions = Transactions(worker_database, EventRecorder(SystemClock()))
    with calling(), pytest.raises(RuntimeError, match="ThingHappened"), transactions() as work:
        work.record(an_event())


class TestShards:
    def test_a_resource_stays_in_its_shard(self) -> None:
        subject_id = uuid4()
        assert len({shard_of(subject_id) for _ in range(3)}) == 1

    def test_ids_spread_over_all_shards(self) -> None:
        counts = Counter(shard_of(new_id()) for _ in range(SHARDS * 100))
        assert set(counts) == set(range(SHARDS))
        assert max(counts.values()) < 3 * min(counts.values())
