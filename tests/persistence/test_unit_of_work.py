from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from function_backend.kernel.events import DomainEvent
from function_backend.persistence.engine import Database
from function_backend.persistence.failures import MissingTenantError
from function_backend.persistence.hot_read import HotRead
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from tests.factories.auth import a_principal, calling
from tests.factories.events import an_event

_STORE = text("insert into stored_answer values (:tenant, :id, '', '', false, now(), now())")
_IDS = text("select request_id from stored_answer")
_HOT_IDS = HotRead("select request_id from stored_answer where tenant_id = {tenant}")


def _store(work: UnitOfWork, row_id: UUID) -> None:
    work.connection.execute(_STORE, {"tenant": work.tenant_id, "id": row_id})


def _ids(transactions: Transactions) -> set[UUID]:
    with transactions.reading() as work:
        return set(work.connection.execute(_IDS).scalars())


class _RecordingSink:
    """Remembers what it was given, and whether the transaction was still open."""

    def __init__(self) -> None:
        self.appended: list[tuple[bool, Sequence[DomainEvent]]] = []
        self.told: list[bool] = []

    def append(self, work: UnitOfWork, events: Sequence[DomainEvent]) -> None:
        self.appended.append((work.has_begun, list(events)))

    def committed(self, work: UnitOfWork) -> None:
        self.told.append(work.has_begun)


class TestOwnTransaction:
    def test_leaving_the_block_commits(self, transactions: Transactions) -> None:
        row_id = uuid4()
        with calling():
            with transactions() as work:
                _store(work, row_id)
            assert _ids(transactions) == {row_id}

    def test_an_exception_undoes_everything_and_passes_through(self, transactions: Transactions) -> None:
        with calling():
            with pytest.raises(KeyError), transactions() as work:
                _store(work, uuid4())
                raise KeyError
            assert _ids(transactions) == set()

    def test_a_block_without_statements_does_not_reach_the_database(self, transactions: Transactions) -> None:
        with calling() as call:
            with transactions() as work:
                assert not work.has_begun
            assert call.committed_position is None

    def test_without_a_call_nothing_begins(self, transactions: Transactions) -> None:
        with pytest.raises(MissingTenantError), transactions():
            pass

    def test_before_the_caller_is_known_nothing_begins(self, transactions: Transactions) -> None:
        with calling() as call:
            call.principal = None
            with pytest.raises(MissingTenantError), transactions():
                pass

    def test_sqlalchemy_cannot_begin_without_a_tenant_either(self, worker_database: Database) -> None:
        with pytest.raises(MissingTenantError), worker_database.primary.engine.begin():
            pass

    def test_a_commit_tells_its_position_which_only_grows(self, transactions: Transactions) -> None:
        positions = []
        for _ in range(3):
            with calling() as call:
                with transactions() as work:
                    _store(work, uuid4())
                positions.append(call.committed_position)
        assert None not in positions
        assert positions == sorted(set(positions), key=lambda position: position or 0)

    def test_the_connection_goes_back_without_tenant_or_transaction(self, transactions: Transactions) -> None:
        with calling(), transactions() as work:
            driver = work.driver
        row = driver.execute("select current_setting('app.tenant_id', true), pg_current_xact_id_if_assigned()")
        assert row.fetchone() in {("", None), (None, None)}

    def test_core_and_the_driver_see_the_same_transaction(self, transactions: Transactions) -> None:
        with calling(), transactions() as work:
            by_core = work.connection.execute(text("select pg_current_xact_id()::text")).scalar_one()
            by_driver = work.driver.execute("select pg_current_xact_id()::text").fetchone()
        assert by_driver == (by_core,)

    def test_a_swallowed_failure_of_a_statement_cannot_be_committed(self, transactions: Transactions) -> None:
        with calling():
            with pytest.raises(RuntimeError, match="swallowed"), transactions() as work:
                _store(work, uuid4())
                with pytest.raises(Exception, match="division by zero"):
                    work.connection.execute(text("select 1 / 0"))
            assert _ids(transactions) == set()

    def test_an_interrupted_copy_leaves_a_usable_pool(self, transactions: Transactions) -> None:
        with calling():
            with pytest.raises(KeyError), transactions() as work, work.driver.cursor() as cursor:
                copy = cursor.copy("copy (select generate_series(1, 100000)) to stdout")
                copy.__enter__()
                raise KeyError
            assert _ids(transactions) == set()


class TestEdge:
    def test_units_of_work_inside_are_part_of_it(self, transactions: Transactions) -> None:
        with calling(), transactions.edge() as edge:
            with transactions() as first:
                _store(first, uuid4())
            with transactions.reading() as second:
                assert len(list(second.connection.execute(_IDS))) == 1
            assert first is edge
            assert second is edge

    def test_leaving_an_inner_block_commits_nothing(self, transactions: Transactions) -> None:
        principal = a_principal()
        with calling(principal), pytest.raises(KeyError), transactions.edge():
            with transactions() as work:
                _store(work, uuid4())
            raise KeyError
        with calling(principal):
            assert _ids(transactions) == set()

    def test_after_it_units_of_work_stand_alone_again(self, transactions: Transactions) -> None:
        with calling():
            with transactions.edge() as edge:
                pass
            with transactions() as work:
                assert work is not edge

    def test_what_is_discarded_is_rolled_back_without_an_error(self, worker_database: Database) -> None:
        sink = _RecordingSink()
        transactions = Transactions(worker_database, sink)
        with calling() as call:
            with transactions.edge() as edge:
                _store(edge, uuid4())
                edge.record(an_event())
                edge.notify("topic", "text")
                edge.discard()
            assert _ids(transactions) == set()
        assert sink.appended == []
        assert call.committed_position is None

    def test_hot_reads_inside_see_what_was_written(self, transactions: Transactions) -> None:
        row_id = uuid4()
        with calling(), transactions.edge() as edge:
            _store(edge, row_id)
            assert edge.fetch(_HOT_IDS).rows == [(str(row_id).encode(),)]


class TestRecording:
    def test_events_reach_the_sink_once_while_the_transaction_is_open(self, worker_database: Database) -> None:
        sink = _RecordingSink()
        transactions = Transactions(worker_database, sink)
        first, second = an_event(), an_event()
        with calling(), transactions() as work:
            _store(work, uuid4())
            work.record(first)
            work.record(second)
            assert sink.told == []
        assert sink.appended == [(True, [first, second])]
        assert sink.told == [False]

    def test_a_failing_sink_undoes_the_change(self, worker_database: Database) -> None:
        class FailingSink(_RecordingSink):
            def append(self, work: UnitOfWork, events: Sequence[DomainEvent]) -> None:
                raise KeyError

        transactions = Transactions(worker_database, FailingSink())
        with calling():
            with pytest.raises(KeyError), transactions() as work:
                _store(work, uuid4())
                work.record(an_event())
            assert _ids(transactions) == set()


class TestReading:
    def test_writing_is_refused_by_the_database(self, transactions: Transactions) -> None:
        with calling(), pytest.raises(Exception, match="read-only transaction"), transactions.reading() as work:
            _store(work, uuid4())

    def test_recording_and_notifying_are_refused(self, transactions: Transactions) -> None:
        with calling(), transactions.reading() as work:
            with pytest.raises(RuntimeError):
                work.record(an_event())
            with pytest.raises(RuntimeError):
                work.notify("topic", "text")

    def test_it_leaves_no_position_behind(self, transactions: Transactions) -> None:
        with calling() as call:
            _ids(transactions)
        assert call.committed_position is None

    def test_the_position_of_the_server_covers_what_was_committed(self, transactions: Transactions) -> None:
        with calling() as call:
            with transactions() as work:
                _store(work, uuid4())
            with transactions.reading() as work:
                assert work.fetch_position() >= (call.committed_position or 0)


def test_a_notification_longer_than_postgresql_carries_is_refused_before_the_commit(
    transactions: Transactions,
) -> None:
    with calling():
        with pytest.raises(ValueError, match="longer"), transactions() as work:
            _store(work, uuid4())
            work.notify("topic", "x" * 8000)
        assert _ids(transactions) == set()
