from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.errors import CancelledError, DeadlineError
from function_backend.persistence.engine import Database
from function_backend.persistence.hot_read import HotRead
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from tests.factories.auth import calling
from tests.factories.events import RefusingSink
from tests.fixtures import postgres

# Far longer than any test waits: only being stopped ends it in time.
_LONG = 60


def _by_core(work: UnitOfWork) -> None:
    work.connection.execute(text(f"select pg_sleep({_LONG})"))


def _by_driver(work: UnitOfWork) -> None:
    work.driver.execute(f"select pg_sleep({_LONG})".encode())


def _by_hot_read(work: UnitOfWork) -> None:
    work.fetch(HotRead(f"select pg_sleep({_LONG}), {{tenant}}"))


ways = pytest.mark.parametrize("wait", [_by_core, _by_driver, _by_hot_read])


@pytest.fixture
def watcher(database: postgres.Database) -> Iterator[psycopg.Connection[tuple[int]]]:
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        yield connection


def _wait_until_it_sleeps(watcher: psycopg.Connection[tuple[int]]) -> None:
    query = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    while watcher.execute(query).fetchone() == (0,):
        pass


class TestDeadline:
    @ways
    def test_a_statement_does_not_outlive_it(
        self, transactions: Transactions, wait: Callable[[UnitOfWork], None]
    ) -> None:
        with calling(seconds=0.3), pytest.raises(DeadlineError), transactions.reading() as work:
            wait(work)

    @ways
    def test_when_it_has_passed_nothing_begins(
        self, transactions: Transactions, wait: Callable[[UnitOfWork], None]
    ) -> None:
        with calling(seconds=-1), pytest.raises(DeadlineError) as refused, transactions.reading() as work:
            wait(work)
        assert refused.value.metadata == {"remaining_ms": "0"}
        assert refused.value.__cause__ is None

    def test_without_one_the_setting_ends_a_statement(self, database: postgres.Database) -> None:
        opened = Database(DatabaseSettings(url=database.app_url, statement_timeout=timedelta(milliseconds=200)))
        try:
            transactions = Transactions(opened, RefusingSink())
            for wait in (_by_core, _by_hot_read):
                with calling(), pytest.raises(DeadlineError), transactions.reading() as work:
                    wait(work)
        finally:
            opened.dispose()

    def test_it_is_gone_with_the_transaction(self, transactions: Transactions) -> None:
        with calling(seconds=30), transactions() as work:
            driver = work.driver
            assert driver.execute("show statement_timeout").fetchone() != ("0",)
        assert driver.execute("show statement_timeout").fetchone() == ("0",)


class TestCancellation:
    @ways
    def test_the_running_statement_stops(
        self,
        transactions: Transactions,
        watcher: psycopg.Connection[tuple[int]],
        wait: Callable[[UnitOfWork], None],
    ) -> None:
        failures: list[BaseException] = []

        def work_until_stopped(call: Call) -> None:
            current_call.set(call)
            try:
                with transactions.reading() as work:
                    wait(work)
            except CancelledError as error:
                failures.append(error)

        with calling() as call:
            thread = threading.Thread(target=work_until_stopped, args=(call,))
            thread.start()
            _wait_until_it_sleeps(watcher)
            call.end()
            thread.join(_LONG / 2)
        assert [type(failure) for failure in failures] == [CancelledError]

    def test_a_call_that_is_over_begins_nothing(self, transactions: Transactions) -> None:
        with calling() as call:
            call.end()
            with pytest.raises(CancelledError), transactions() as work:
                work.connection.execute(text("select 1"))

    def test_an_end_that_comes_late_does_not_hit_the_next_call(self, transactions: Transactions) -> None:
        for _ in range(50):
            with calling() as first:
                with transactions() as work:
                    work.connection.execute(text("select 1"))
                first.end()
            with calling(), transactions() as work:
                work.connection.execute(text("select pg_sleep(0.001)"))

    def test_what_was_committed_stays_when_the_call_ends_afterwards(self, transactions: Transactions) -> None:
        row_id = uuid4()
        with calling() as call:
            with transactions() as work:
                work.connection.execute(
                    text("insert into stored_answer values (:t, :id, '', '', false, now(), now())"),
                    {"t": work.tenant_id, "id": row_id},
                )
            call.end()
            call.ended = False
            with transactions.reading() as work:
                assert work.connection.execute(text("select request_id from stored_answer")).scalar_one() == row_id
