"""Several statements in one message, on a real connection."""

from __future__ import annotations

import threading

import psycopg
import pytest

from function_backend.persistence import wire
from tests.fixtures.postgres import Database


def test_other_threads_run_while_a_message_waits_for_the_server(database: Database) -> None:
    with (
        psycopg.connect(database.app_url, autocommit=True) as waiting,
        psycopg.connect(database.app_url, autocommit=True) as holding,
    ):
        holding.execute("select pg_advisory_lock(1)")
        answers: list[bytes | None] = []

        def ask() -> None:
            answers.append(wire.run_each(waiting, b"select pg_advisory_lock(1); select 'mine'")[-1].get_value(0, 0))

        thread = threading.Thread(target=ask)
        thread.start()
        # Runs, and the lock comes free, only if the other thread does not hold the interpreter while it waits.
        while holding.execute("select exists (select from pg_locks where not granted)").fetchone() != (True,):
            pass
        holding.execute("select pg_advisory_unlock(1)")
        thread.join()
    assert answers == [b"mine"]


def test_messages_and_answers_may_be_large(database: Database) -> None:
    with psycopg.connect(database.app_url, autocommit=True) as driver:
        results = wire.run_each(driver, b"select '" + b"x" * 5_000_000 + b"'; select repeat('y', 5000000)")
        assert [len(result.get_value(0, 0) or b"") for result in results] == [5_000_000, 5_000_000]


def test_the_first_failed_statement_is_the_last_result(database: Database) -> None:
    with psycopg.connect(database.app_url, autocommit=True) as driver:
        first, failed = wire.run_each(driver, b"select 1; select 1/0; select 3")
        assert wire.succeeded(first)
        assert isinstance(wire.failure(driver, failed), psycopg.errors.DivisionByZero)


def test_a_connection_that_is_cut_while_a_message_waits_is_told_as_lost(database: Database) -> None:
    with (
        psycopg.connect(database.app_url, autocommit=True) as waiting,
        psycopg.connect(database.superuser_url, autocommit=True) as other,
    ):
        other.execute("select pg_advisory_lock(2)")
        results: list[bool] = []
        thread = threading.Thread(
            target=lambda: results.extend(map(wire.succeeded, wire.run_each(waiting, b"select pg_advisory_lock(2)")))
        )
        thread.start()
        while other.execute("select exists (select from pg_locks where not granted)").fetchone() != (True,):
            pass
        other.execute("select pg_terminate_backend(%s)", (waiting.info.backend_pid,))
        thread.join()
        assert results
        assert not any(results)
        with pytest.raises(psycopg.OperationalError):
            wire.run(waiting, b"select 1")
