from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.errors import (
    DeadlineError,
    InvalidArgumentError,
    LimitExceededError,
    Status,
    UnavailableError,
)
from function_backend.persistence.engine import Database
from function_backend.persistence.failures import (
    DatabaseUnavailableError,
    TransientConflictError,
    translate,
    violated_constraint,
)
from function_backend.persistence.hot_read import HotRead
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from tests.factories.auth import a_principal, calling
from tests.factories.events import RefusingSink
from tests.fixtures import postgres

_ONE = HotRead("select 1, {tenant}")


class TestUnstorableValues:
    @pytest.mark.parametrize(
        ("statement", "value"),
        [
            ("select cast(:value as text)", "a\0b"),
            ("select cast(:value as jsonb)", '{"a": "\\u0000"}'),
            ("select cast(:value as text)", "\ud800"),
            ("select cast(:value as bigint)", 1 << 80),
            ("select cast(:value as timestamptz)", "300000-01-01"),
        ],
    )
    def test_they_are_the_callers_fault(self, transactions: Transactions, statement: str, value: object) -> None:
        with calling(), pytest.raises(InvalidArgumentError) as refused, transactions.reading() as work:
            work.connection.execute(text(statement), {"value": value})
        assert refused.value.reason == "INVALID_REQUEST"


class TestDefects:
    def test_a_wrong_statement_stays_what_it_is(self, transactions: Transactions) -> None:
        with calling(), pytest.raises(Exception, match="no_such_table"), transactions.reading() as work:
            work.connection.execute(text("select * from no_such_table"))

    def test_what_is_not_of_the_database_has_no_translation(self) -> None:
        assert translate(KeyError("x"), None) is None


class TestConflicts:
    def test_the_victim_of_a_deadlock_may_run_again(self, transactions: Transactions) -> None:
        principal = a_principal()
        rows = [uuid4(), uuid4()]
        with calling(principal), transactions() as work:
            for row_id in rows:
                work.connection.execute(
                    text("insert into stored_answer values (:t, :id, '', '', false, now(), now())"),
                    {"t": work.tenant_id, "id": row_id},
                )
        failures: list[BaseException] = []
        both_hold_one = threading.Barrier(2)

        def lock(order: list[object]) -> None:
            try:
                with calling(principal), transactions() as work:
                    for row_id in order:
                        work.connection.execute(
                            text("select from stored_answer where request_id = :id for update"), {"id": row_id}
                        )
                        if row_id == order[0]:
                            both_hold_one.wait(30)
            except TransientConflictError as error:
                failures.append(error)

        threads = [threading.Thread(target=lock, args=(order,)) for order in (rows, rows[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [type(failure) for failure in failures] == [TransientConflictError]
        assert isinstance(failures[0], TransientConflictError)
        assert failures[0].status is Status.ABORTED

    def test_a_violated_constraint_is_named_to_the_repository(self, transactions: Transactions) -> None:
        insert = text("insert into stored_answer values (:t, :t, '', '', false, now(), now())")
        with calling(), pytest.raises(IntegrityError) as raised, transactions() as work:
            for _ in range(2):
                work.connection.execute(insert, {"t": work.tenant_id})
        assert violated_constraint(raised.value) == "stored_answer_pkey"


class TestLostConnections:
    @pytest.fixture
    def terminate(self, database: postgres.Database) -> Iterator[psycopg.Connection[tuple[int]]]:
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            yield connection

    def _terminate_all(self, connection: psycopg.Connection[tuple[int]]) -> None:
        connection.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
            "where application_name = 'function-backend' and datname = current_database()"
        )

    def test_idle_ones_are_replaced_without_anybody_noticing(
        self, transactions: Transactions, terminate: psycopg.Connection[tuple[int]]
    ) -> None:
        with calling():
            for _ in range(3):
                with transactions() as work:
                    work.connection.execute(text("select 1"))
                with transactions.reading() as work:
                    assert work.fetch(_ONE).rows[0][0] == b"1"
                self._terminate_all(terminate)

    def test_one_lost_in_a_transaction_makes_the_call_unavailable(
        self, transactions: Transactions, terminate: psycopg.Connection[tuple[int]]
    ) -> None:
        with calling():
            with pytest.raises(DatabaseUnavailableError) as lost, transactions() as work:
                work.connection.execute(text("select 1"))
                self._terminate_all(terminate)
                work.connection.execute(text("select 1"))
            with transactions() as work:
                work.connection.execute(text("select 1"))
        assert lost.value.metadata == {"dependency": "database"}
        assert lost.value.retry_after is not None

    def test_one_lost_at_the_commit_leaves_the_outcome_open(
        self, transactions: Transactions, terminate: psycopg.Connection[tuple[int]]
    ) -> None:
        with calling() as call:
            with pytest.raises(UnavailableError, match="may or may not"), transactions() as work:
                work.connection.execute(text("select 1"))
                self._terminate_all(terminate)
            assert call.committed_position is None
            with transactions() as work:
                work.connection.execute(text("select 1"))

    @pytest.mark.parametrize("by_core", [True, False])
    @pytest.mark.parametrize("lost_in", ["statement", "commit", "rollback"])
    def test_a_lost_one_takes_no_place_in_the_pool(
        self,
        transactions: Transactions,
        worker_database: Database,
        terminate: psycopg.Connection[tuple[int]],
        *,
        by_core: bool,
        lost_in: str,
    ) -> None:
        def work_until_lost() -> None:
            with calling(), transactions() as work:
                run = (lambda: work.connection.execute(text("select 1"))) if by_core else _run_by_driver(work)
                run()
                self._terminate_all(terminate)
                if lost_in == "statement":
                    run()
                if lost_in == "rollback":
                    raise KeyError

        for _ in range(worker_database.settings.pool_size + 1):
            with pytest.raises((UnavailableError, KeyError)):
                work_until_lost()
        assert worker_database.pools["primary transactions"].in_use == 0
        with calling(), transactions() as work:
            work.connection.execute(text("select 1"))

    def test_the_callers_text_names_no_host_and_no_statement(self) -> None:
        unreachable = Database(
            DatabaseSettings(
                url="postgresql://somebody:secret@127.0.0.1:1/nowhere", connect_timeout=timedelta(seconds=2)
            )
        )
        transactions = Transactions(unreachable, RefusingSink())
        for block in (transactions, transactions.reading):
            with calling(), pytest.raises(DatabaseUnavailableError) as away, block() as work:
                work.connection.execute(text("select 1"))
            assert "127.0.0.1" not in away.value.message
            assert "secret" not in away.value.message
        with calling(), pytest.raises(DatabaseUnavailableError), transactions.reading() as work:
            work.fetch(_ONE)
        with pytest.raises(DatabaseUnavailableError):
            unreachable.ping()
        unreachable.dispose()


def _run_by_driver(work: UnitOfWork) -> Callable[[], object]:
    return lambda: work.driver.execute("select 1")


class TestBusyPool:
    @pytest.fixture
    def busy(self, database: postgres.Database) -> Iterator[Transactions]:
        """A pool whose only connections are lent out."""
        opened = Database(DatabaseSettings(url=database.app_url, pool_size=1, pool_timeout=timedelta(milliseconds=200)))
        driver, _ = opened.primary.reads.take()
        transactions = Transactions(opened, RefusingSink())
        with calling(), transactions() as work:
            work.connection.execute(text("select 1"))
            yield transactions
        opened.primary.reads.give_back(driver)
        opened.dispose()

    def test_a_call_that_waits_too_long_for_a_connection_is_refused(self, busy: Transactions) -> None:
        for block, use in ((busy, _by_core), (busy.reading, _by_hot_read)):
            with calling(), pytest.raises(LimitExceededError) as refused, block() as work:
                use(work)
            assert refused.value.reason == "OVERLOADED"
            assert refused.value.retry_after is not None

    def test_nobody_waits_longer_than_the_caller_does(self, busy: Transactions) -> None:
        for block, use in ((busy, _by_core), (busy.reading, _by_hot_read)):
            with calling(seconds=0.05), pytest.raises(DeadlineError), block() as work:
                use(work)


def _by_core(work: UnitOfWork) -> None:
    work.connection.execute(text("select 1"))


def _by_hot_read(work: UnitOfWork) -> None:
    work.fetch(_ONE)
