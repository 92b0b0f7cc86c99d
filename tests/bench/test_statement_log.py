"""What the figures rest on: transactions read from a real server's log say what was sent."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg

from bench.replayer import Replay
from bench.statement_log import StatementLog, Transaction
from function_backend.persistence.embedded.folder import DataFolder
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from tests.fixtures.scratch import scratch_folder

_AWKWARD = ["it's", "two\nlines", "a\ttab", "\x1f", "", None, "$1 = 'x', $2 = NULL"]


def _recorded(url: str, log: Path) -> list[Transaction]:
    recording = StatementLog(url, log)
    with recording.recording(), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select 'outside of any transaction'")
        for text in _AWKWARD:
            connection.execute("begin; set local statement_timeout = 1000", prepare=False)
            connection.execute("insert into note values (%s, %b, %s)", (uuid.uuid4(), b"\x00\xff", text))
            connection.execute("commit; select 1", prepare=False)
        connection.execute("begin", prepare=False)
        connection.execute("insert into note values (%s, %s, %s)", (uuid.uuid4(), b"", "taken back"))
        connection.execute("rollback", prepare=False)
    return recording.transactions()


def test_committed_transactions_are_recorded_and_can_be_repeated() -> None:
    with scratch_folder() as folder, EmbeddedPostgres(folder / "data", durable=False) as cluster:
        url = cluster.superuser_url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table note (id uuid primary key, content bytea, text text)")
            recorded = _recorded(url, DataFolder(folder / "data").log)
            assert len(recorded) == len(_AWKWARD)
            assert all(transaction.names("insert into note") for transaction in recorded)
            assert [len(transaction.statements) for transaction in recorded] == [3] * len(_AWKWARD)
            before = connection.execute("select * from note order by id").fetchall()
            connection.execute("truncate note")
            Replay(url, [transaction.statements for transaction in recorded], at_once=3).run()
            assert connection.execute("select * from note order by id").fetchall() == before
            assert {text for *_, text in before} == set(_AWKWARD)
