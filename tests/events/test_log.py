from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function_backend.events.log import (
    EventFilter,
    Lane,
    LoggedEvent,
    find_event,
    head,
    oldest,
    position_at,
    read_events,
)
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.auth import a_principal, calling
from tests.factories.events import OtherHappened, ThingHappened, an_event
from tests.fixtures import postgres

_SUBJECTS = [UUID(int=number) for number in range(1, 4)]
_LABELS = [{}, {"team": "red"}, {"team": "red", "tier": "gold"}, {"team": "blue"}]


def _record(transactions: Transactions, principal: Principal, *happened: ThingHappened) -> None:
    with calling(principal), transactions() as work:
        work.record(*happened)


def _read(
    transactions: Transactions,
    principal: Principal,
    *,
    after: int = 0,
    limit: int = 100,
    wanted: EventFilter | None = None,
    lane: Lane | None = None,
) -> list[LoggedEvent]:
    with calling(principal), transactions.reading() as work:
        return read_events(work, after=after, limit=limit, wanted=wanted or EventFilter(), lane=lane)


class TestReading:
    def test_an_event_comes_back_as_it_was_recorded(self, transactions: Transactions) -> None:
        principal = a_principal()
        happened = an_event(sequence=7, payload=b"\0what", labels={"team": "red"})
        _record(transactions, principal, happened)
        (read,) = _read(transactions, principal)
        assert (read.tenant_id, read.position, read.type) == (principal.tenant_id, 1, ThingHappened.type)
        assert (read.subject_type, read.subject_id, read.sequence) == ("thing", happened.subject_id, 7)
        assert (read.occurred_at, read.payload, read.actor) == (happened.occurred_at, b"\0what", principal.actor)
        assert (read.labels, read.trace_context) == ({"team": "red"}, "")
        assert datetime.now(UTC) - read.recorded_at < timedelta(minutes=5)

    def test_positions_follow_each_other_without_a_gap_whoever_writes(self, transactions: Transactions) -> None:
        principal = a_principal()
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda _: _record(transactions, principal, an_event(), an_event()), range(20)))
        events = _read(transactions, principal)
        assert [event.position for event in events] == list(range(1, 41))
        moments = [event.recorded_at for event in events]
        assert moments == sorted(moments)

    def test_whoever_reads_while_others_write_misses_nothing(self, transactions: Transactions) -> None:
        principal = a_principal()
        seen: list[int] = []
        with ThreadPoolExecutor(4) as pool:
            writing = [pool.submit(_record, transactions, principal, an_event()) for _ in range(60)]
            while not all(each.done() for each in writing):
                seen += [event.position for event in _read(transactions, principal, after=seen[-1] if seen else 0)]
        seen += [event.position for event in _read(transactions, principal, after=seen[-1] if seen else 0)]
        assert seen == list(range(1, 61))

    def test_a_page_ends_at_its_limit_and_the_next_one_goes_on(self, transactions: Transactions) -> None:
        principal = a_principal()
        _record(transactions, principal, *(an_event() for _ in range(5)))
        assert [event.position for event in _read(transactions, principal, limit=2)] == [1, 2]
        assert [event.position for event in _read(transactions, principal, after=2, limit=2)] == [3, 4]

    def test_an_event_is_found_by_its_id_in_its_tenant_alone(self, transactions: Transactions) -> None:
        principal = a_principal()
        _record(transactions, principal, an_event())
        (event,) = _read(transactions, principal)
        with calling(principal), transactions.reading() as work:
            assert find_event(work, event.id) == event
            assert find_event(work, uuid4()) is None
        with calling(), transactions.reading() as work:
            assert find_event(work, event.id) is None


class TestPlaces:
    def test_an_empty_log_ends_where_it_begins(self, transactions: Transactions) -> None:
        with calling(), transactions.reading() as work:
            assert (head(work).position, oldest(work), position_at(work, datetime.now(UTC))) == (0, 1, 0)

    def test_a_moment_stands_for_what_was_recorded_then_and_later(self, transactions: Transactions) -> None:
        principal = a_principal()
        for _ in range(3):
            _record(transactions, principal, an_event())
        events = _read(transactions, principal)
        with calling(principal), transactions.reading() as work:
            assert [position_at(work, event.recorded_at) for event in events] == [0, 1, 2]
            assert position_at(work, events[-1].recorded_at + timedelta(microseconds=1)) == 3
            assert position_at(work, datetime(2020, 1, 1, tzinfo=UTC)) == 0
            assert (head(work).position, head(work).recorded_at) == (3, events[-1].recorded_at)


class TestFilters:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        recorded=st.lists(
            st.tuples(
                st.sampled_from([ThingHappened, OtherHappened]), st.sampled_from(_SUBJECTS), st.sampled_from(_LABELS)
            ),
            max_size=8,
        ),
        types=st.lists(
            st.sampled_from(
                [
                    ThingHappened.type,
                    OtherHappened.type,
                    "function.test.*",
                    "function.t_st.*",
                    "*",
                    "function.test.v1.Th*",
                ]
            ),
            max_size=2,
        ),
        subject_types=st.lists(st.sampled_from(["thing", "other", "nothing"]), max_size=2),
        subject_ids=st.lists(st.sampled_from(_SUBJECTS), max_size=2),
        labels=st.sampled_from(_LABELS),
    )
    def test_the_database_and_the_program_choose_the_same(
        self,
        transactions: Transactions,
        recorded: Sequence[tuple[type[ThingHappened], UUID, dict[str, str]]],
        types: Sequence[str],
        subject_types: Sequence[str],
        subject_ids: Sequence[UUID],
        labels: dict[str, str],
    ) -> None:
        principal = a_principal()
        for kind, subject_id, carried in recorded:
            _record(transactions, principal, an_event(kind, subject_id=subject_id, labels=carried))
        wanted = EventFilter(types=types, subject_types=subject_types, subject_ids=subject_ids, labels=labels)
        everything = _read(transactions, principal)
        assert len(everything) == len(recorded)
        assert _read(transactions, principal, wanted=wanted) == [each for each in everything if wanted.matches(each)]

    def test_lanes_share_all_events_and_keep_each_resource_together(self, transactions: Transactions) -> None:
        principal = a_principal()
        _record(transactions, principal, *(an_event() for _ in range(40)))
        lanes = [_read(transactions, principal, lane=Lane(number, 4)) for number in range(4)]
        assert sorted(event.position for lane in lanes for event in lane) == list(range(1, 41))
        subjects = [{event.subject_id for event in lane} for lane in lanes]
        assert sum(map(len, subjects)) == len(set[UUID]().union(*subjects))


class TestPartitions:
    def test_every_day_has_its_partition_before_it_comes(self, fresh_database: postgres.Database) -> None:
        with psycopg.connect(fresh_database.app_url) as connection:
            made = connection.execute("select make_event_partitions(6)").fetchone()
            # The database may be a copy of one that was made before midnight.
            assert made in {(3,), (4,)}
            assert connection.execute("select make_event_partitions(6)").fetchone() == (0,)

    def test_what_is_old_is_dropped_and_the_rest_stays(self, fresh_database: postgres.Database) -> None:
        with psycopg.connect(fresh_database.superuser_url, autocommit=True) as connection:
            connection.execute("select make_event_partition((now() - interval '40 days')::date)")
            connection.execute("select make_event_partition((now() - interval '20 days')::date)")
        with psycopg.connect(fresh_database.app_url, autocommit=True) as connection:
            dropped = connection.execute("select drop_event_partitions(interval '30 days')").fetchone()
            assert dropped == (1,)
            with pytest.raises(psycopg.Error, match="kept for an hour at least"):
                connection.execute("select drop_event_partitions(interval '0')")

    def test_an_event_beyond_all_partitions_is_kept_all_the_same(self, fresh_database: postgres.Database) -> None:
        tenant = uuid4()
        with psycopg.connect(fresh_database.superuser_url, autocommit=True) as connection:
            connection.execute("select set_config('app.tenant_id', %s, false)", (str(tenant),))
            # As if the clock of the database had been far ahead once.
            connection.execute(
                "insert into audit_head (tenant_id, seq, hash, recorded_at) "
                "values (%s, 0, '', now() + interval '9 days')",
                (tenant,),
            )
            connection.execute(
                "select record_event(now(), '', '', '', '', %s, 1::smallint, 't', 's', %s, 1, now(), null, null, null, "
                "'', '{}'::jsonb)",
                (uuid4(), uuid4()),
            )
            assert connection.execute("select count(*) from event_default").fetchone() == (1,)
            # The day can get no partition of its own any more, and that does no harm.
            assert connection.execute("select make_event_partition((now() + interval '9 days')::date)").fetchone() == (
                False,
            )
            assert connection.execute("select count(*) from event").fetchone() == (1,)
            assert connection.execute("select purge_stray_events(interval '1 day', 10)").fetchone() == (0,)


def test_a_worker_of_the_release_before_still_records(database: postgres.Database) -> None:
    tenant, first, second = uuid4(), uuid4(), uuid4()
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", (str(tenant),))
        one = connection.execute(
            "select record_event(now(), 'a', 'm', 'r', '', %s, 1::smallint, 't', 's', %s, 1, now(), null, null, null, "
            "'')",
            (first, first),
        ).fetchone()
        two = connection.execute(
            "select record_events(now(), 'a', 'm', 'r', '', array[%s], array[1]::smallint[], array['t'], array['s'], "
            "array[%s], array[2]::bigint[], array[now()], array[null]::bytea[], array[null]::bytea[], "
            "array[null]::jsonb[], array['']::bytea[])",
            (second, second),
        ).fetchone()
        rows = connection.execute("select position, id, labels from event order by position").fetchall()
    assert (one, two) == ((1,), (2,))
    assert rows == [(1, first, {}), (2, second, {})]
