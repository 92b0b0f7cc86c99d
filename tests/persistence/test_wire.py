from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from function_backend.persistence import wire
from tests.fixtures import postgres

_PATIENCE = 60.0


@pytest.fixture
def driver(database: postgres.Database) -> Iterator[wire.Driver]:
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        yield connection


def test_the_result_of_the_last_statement_is_returned(driver: wire.Driver) -> None:
    assert wire.run(driver, b"select 1; select 2").get_value(0, 0) == b"2"


def test_each_statement_has_its_result(driver: wire.Driver) -> None:
    results = wire.run_each(driver, b"begin; select 1; select 2; commit")
    assert [result.get_value(0, 0) for result in results[1:3]] == [b"1", b"2"]
    assert all(map(wire.succeeded, results))


def test_after_a_failed_statement_no_other_runs(driver: wire.Driver) -> None:
    results = wire.run_each(driver, b"select 1; select 1 / 0; select 2")
    assert [wire.succeeded(result) for result in results] == [True, False]
    assert isinstance(wire.failure(driver, results[-1]), psycopg.errors.DivisionByZero)
    with pytest.raises(psycopg.errors.DivisionByZero):
        wire.run(driver, b"select 1 / 0")


def test_a_statement_larger_than_any_buffer_arrives_whole(driver: wire.Driver) -> None:
    text = b"x" * (8 << 20)
    (result,) = wire.run_each(driver, b"select length('" + text + b"')")
    assert result.get_value(0, 0) == str(len(text)).encode()


@pytest.mark.parametrize("text", ["plain", "it's", 'a "b"', "back\\slash", "snow ☃", "; drop table company; --"])
def test_a_quoted_text_is_the_same_text(driver: wire.Driver, text: str) -> None:
    assert wire.run(driver, b"select " + wire.literal(driver, text)).get_value(0, 0) == text.encode()


@pytest.mark.parametrize("run", [wire.run, wire.run_each])
def test_waiting_for_the_server_leaves_the_other_threads_free(
    database: postgres.Database, driver: wire.Driver, run: Callable[[wire.Driver, bytes], object]
) -> None:
    """With the interpreter held while waiting, this would never end: what is waited for is done by another thread."""
    with psycopg.connect(database.app_url, autocommit=True) as holder:
        holder.execute("select pg_advisory_lock(1)")
        waiter = threading.Thread(target=run, args=(driver, b"select pg_advisory_lock(1); select 1"))
        waiter.start()
        query = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
        while holder.execute(query).fetchone() == (0,):
            pass
        holder.execute("select pg_advisory_unlock(1)")
        waiter.join(_PATIENCE)
        assert not waiter.is_alive()


def test_a_lost_connection_is_told_as_such(database: postgres.Database, driver: wire.Driver) -> None:
    with psycopg.connect(database.superuser_url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 10000)", (driver.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        wire.run(driver, b"select 1")
    with pytest.raises(psycopg.OperationalError):
        wire.run_each(driver, b"select 1")
