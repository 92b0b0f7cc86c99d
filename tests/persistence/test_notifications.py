from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import text

from function_backend.kernel.slice import Slice
from function_backend.persistence.engine import Database
from function_backend.persistence.notifications import EPOCH_TOPIC, Listener, PeriodicTask
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from tests.factories.auth import calling
from tests.fixtures import postgres

_PATIENCE = 30.0


def _eventually(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen"
        time.sleep(0.01)


class _Heard:
    """A slice that remembers what it was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.epochs: list[str] = []
        self.resets = 0
        self.heard = threading.Event()

    def slice(self) -> Slice:
        return Slice(
            name="heard",
            servicers={},
            invalidations={"thing": self._hear, EPOCH_TOPIC: self.epochs.append, "broken": self._break},
            cache_resets=(self._reset,),
        )

    def _hear(self, what: str) -> None:
        self.texts.append(what)
        self.heard.set()

    def _break(self, what: str) -> None:
        raise KeyError(what)

    def _reset(self) -> None:
        self.resets += 1


@pytest.fixture
def heard() -> _Heard:
    return _Heard()


@pytest.fixture
def listener(database: postgres.Database, heard: _Heard) -> Iterator[Listener]:
    made = Listener(DatabaseSettings(url=database.app_url))
    made.start([heard.slice()])
    _eventually(made.healthy)
    yield made
    made.stop()


def _notify(transactions: Transactions, topic: str, what: str) -> None:
    with calling(), transactions() as work:
        work.connection.execute(text("select 1"))
        work.notify(topic, what)


class TestListening:
    def test_a_committed_change_is_heard_with_its_text(
        self, transactions: Transactions, listener: Listener, heard: _Heard
    ) -> None:
        _notify(transactions, "thing", "it's 'quoted' and has spaces")
        assert heard.heard.wait(_PATIENCE)
        assert heard.texts == ["it's 'quoted' and has spaces"]

    def test_many_changes_arrive_all_and_in_order(
        self, transactions: Transactions, listener: Listener, heard: _Heard
    ) -> None:
        for number in range(100):
            _notify(transactions, "thing", str(number))
        _eventually(lambda: len(heard.texts) == 100)
        assert heard.texts == [str(number) for number in range(100)]

    def test_a_change_that_was_rolled_back_is_not_heard(
        self, transactions: Transactions, listener: Listener, heard: _Heard
    ) -> None:
        with calling(), pytest.raises(KeyError), transactions() as work:
            work.connection.execute(text("select 1"))
            work.notify("thing", "never")
            raise KeyError
        _notify(transactions, "thing", "after it")
        assert heard.heard.wait(_PATIENCE)
        assert heard.texts == ["after it"]

    def test_who_commits_knows_it_before_its_caller_does(
        self, database: postgres.Database, transactions: Transactions, listener: Listener, heard: _Heard
    ) -> None:
        pools = Database(DatabaseSettings(url=database.app_url))
        try:
            told = Transactions(pools, transactions.sink, push=listener)
            for number in range(20):
                _notify(told, "thing", str(number))
                assert str(number) in heard.texts
            # The others hear of it in any case, and so it comes a second time.
            _eventually(lambda: len(heard.texts) == 40)
        finally:
            pools.dispose()

    def test_a_topic_of_nobody_is_passed_over(
        self, transactions: Transactions, listener: Listener, heard: _Heard
    ) -> None:
        _notify(transactions, "unknown", "x")
        _notify(transactions, "thing", "y")
        assert heard.heard.wait(_PATIENCE)
        assert heard.texts == ["y"]

    def test_when_a_copy_cannot_be_dropped_all_are(
        self, transactions: Transactions, listener: Listener, heard: _Heard
    ) -> None:
        before = heard.resets
        _notify(transactions, "broken", "x")
        _eventually(lambda: heard.resets > before)
        assert listener.healthy()


class TestAnnouncing:
    def test_whoever_is_woken_finds_what_is_to_be_told(
        self, listener: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found: list[bool] = []
        write = os.write

        def noting(descriptor: int, text: bytes) -> int:
            # The listener may go on from here, before the announcing thread does.
            found.append(bool(listener._announced))
            return write(descriptor, text)

        monkeypatch.setattr(os, "write", noting)
        listener.announce("of nobody", "something")
        assert found[0]


class TestEpoch:
    def test_it_is_handed_on_at_the_start_and_whenever_it_moves(
        self, database: postgres.Database, listener: Listener, heard: _Heard
    ) -> None:
        assert len(heard.epochs) == 1
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute("update auth_epoch set epoch = epoch + 1")
        _eventually(lambda: len(heard.epochs) == 2)
        assert int(heard.epochs[1]) == int(heard.epochs[0]) + 1

    def test_its_age_stays_small_while_the_database_answers(self, listener: Listener) -> None:
        first = listener.epoch_age()
        _eventually(lambda: listener.epoch_age() < first)
        assert first < _PATIENCE

    def test_before_the_start_it_is_infinitely_old(self, database: postgres.Database) -> None:
        listener = Listener(DatabaseSettings(url=database.app_url))
        assert listener.epoch_age() == float("inf")
        assert not listener.healthy()
        listener.stop()


class TestInterruption:
    def test_a_lost_connection_is_replaced_and_everything_cached_is_dropped(
        self, database: postgres.Database, transactions: Transactions, listener: Listener, heard: _Heard
    ) -> None:
        before = heard.resets
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
                "where application_name = 'function-backend' and datname = current_database()"
            )
        _eventually(lambda: heard.resets > before)
        _eventually(listener.healthy)
        _notify(transactions, "thing", "again")
        assert heard.heard.wait(_PATIENCE)

    def test_a_database_that_is_away_is_not_healthy_and_stopping_is_possible(self, heard: _Heard) -> None:
        listener = Listener(DatabaseSettings(url="postgresql://nobody@127.0.0.1:1/nowhere"))
        listener.start([heard.slice()])
        assert not listener.healthy()
        listener.stop()
        assert not [thread for thread in threading.enumerate() if thread.name == "listener"]


class TestBehindAPooler:
    def test_without_a_direct_url_it_polls_and_is_never_healthy(
        self, database: postgres.Database, heard: _Heard
    ) -> None:
        listener = Listener(DatabaseSettings(url=database.app_url, transaction_pooling=True))
        listener.start([heard.slice()])
        try:
            _eventually(lambda: bool(heard.epochs))
            _eventually(lambda: listener.epoch_age() < _PATIENCE)
            assert not listener.healthy()
        finally:
            listener.stop()

    def test_with_a_direct_url_it_listens_there(self, database: postgres.Database, heard: _Heard) -> None:
        settings = DatabaseSettings(url=database.app_url, transaction_pooling=True, listen_url=database.app_url)
        listener = Listener(settings)
        listener.start([heard.slice()])
        try:
            _eventually(listener.healthy)
        finally:
            listener.stop()


def test_periodic_tasks_run_and_a_failing_one_harms_nobody(database: postgres.Database, heard: _Heard) -> None:
    runs: list[object] = []

    def run(driver: Driver) -> None:
        runs.append(driver.execute("select 1").fetchone())

    def fail(driver: Driver) -> None:
        driver.execute("select 1 / 0")

    listener = Listener(DatabaseSettings(url=database.app_url))
    listener.start([heard.slice()], tasks=[PeriodicTask(0.01, fail), PeriodicTask(0.01, run)])
    try:
        _eventually(lambda: len(runs) >= 2)
        assert listener.healthy()
    finally:
        listener.stop()
