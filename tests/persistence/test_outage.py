"""The database goes away in the middle of work and comes back, on a server that belongs to this test alone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from function_backend.events.audit import audit_record_table
from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.errors import UnavailableError
from function_backend.kernel.identity import Principal
from function_backend.persistence import migrate
from function_backend.persistence.embedded.errors import PostgresStartError
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.engine import Database
from function_backend.persistence.failures import CommitInDoubtError
from function_backend.persistence.hot_read import HotRead
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.auth import a_principal, calling
from tests.factories.events import ThingHappened, an_event, payload_of
from tests.fixtures.scratch import scratch_folder

_PATIENCE = 60.0
_HOT = HotRead("select request_id from stored_answer where tenant_id = {tenant}")
_INSERT = text("insert into stored_answer values (:tenant, :id, '', '', false, now(), now())")


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    with scratch_folder() as folder:
        embedded = EmbeddedPostgres(folder / "data")
        cluster = embedded.start()
        try:
            migrate.upgrade(cluster.owner_url)
            yield embedded
        finally:
            embedded.stop()


@pytest.fixture
def transactions(server: EmbeddedPostgres) -> Iterator[Transactions]:
    opened = Database(DatabaseSettings(url=server.ensure_running().app_url))
    recorder = EventRecorder(SystemClock())
    recorder.learn({ThingHappened: payload_of})
    yield Transactions(opened, recorder)
    opened.dispose()


def _write(transactions: Transactions, principal: Principal, row_id: UUID) -> None:
    with calling(principal), transactions() as work:
        work.connection.execute(_INSERT, {"tenant": work.tenant_id, "id": row_id})
        work.record(an_event(subject_id=row_id))


def _read(transactions: Transactions, principal: Principal) -> set[str]:
    with calling(principal), transactions.reading() as work:
        return {(row[0] or b"").decode() for row in work.fetch(_HOT).rows}


def _eventually(attempt: Callable[[], object]) -> None:
    ends_at = time.monotonic() + _PATIENCE
    while True:
        try:
            attempt()
        except UnavailableError:
            assert time.monotonic() < ends_at, "it did not recover"
            time.sleep(0.05)
        else:
            return


def test_while_it_is_away_calls_are_unavailable_and_afterwards_all_is_well(
    server: EmbeddedPostgres, transactions: Transactions
) -> None:
    principal, kept = a_principal(), uuid4()
    _write(transactions, principal, kept)
    assert _read(transactions, principal) == {str(kept)}
    server.stop()
    for attempt in (
        lambda: _write(transactions, principal, uuid4()),
        lambda: _read(transactions, principal),
    ):
        with pytest.raises(UnavailableError) as away:
            attempt()
        assert away.value.retry_after is not None
    server.start()
    _eventually(lambda: _read(transactions, principal))
    assert _read(transactions, principal) == {str(kept)}
    _write(transactions, principal, uuid4())


def test_killed_under_load_it_loses_nothing_that_was_committed_and_keeps_nothing_half(
    server: EmbeddedPostgres, transactions: Transactions
) -> None:
    principal = a_principal()
    committed: list[UUID] = []
    in_doubt: list[UUID] = []
    refused: list[UUID] = []
    unexpected: list[BaseException] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            row_id = uuid4()
            try:
                _write(transactions, principal, row_id)
                committed.append(row_id)
            except CommitInDoubtError:
                in_doubt.append(row_id)
            except UnavailableError:
                refused.append(row_id)
                time.sleep(0.01)
            except BaseException as error:  # noqa: BLE001  shown by the assertion
                unexpected.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            _until_more_by(20, committed)
            killed = server.ensure_running().pid
            os.kill(killed, signal.SIGKILL)
            _until_more_by(1, refused)
            _restart(server, killed=killed)
        _until_more_by(20, committed)
    finally:
        stop.set()
        for thread in threads:
            thread.join(_PATIENCE)

    assert unexpected == []
    found = _read(transactions, principal)
    assert {str(row_id) for row_id in committed} <= found
    assert found <= {str(row_id) for row_id in (*committed, *in_doubt)}
    with calling(principal), transactions.reading() as work:
        recorded = work.connection.execute(audit_record_table.select()).all()
    assert {str(row.subject_id) for row in recorded} == found
    assert sorted(row.seq for row in recorded) == list(range(1, len(recorded) + 1))


def _restart(server: EmbeddedPostgres, *, killed: int) -> None:
    ends_at = time.monotonic() + _PATIENCE
    while True:
        try:
            # Its connections are gone a moment before the killed process is, which until then counts as running.
            if server.ensure_running().pid != killed:
                return
            assert time.monotonic() < ends_at, "the killed server does not end"
        except PostgresStartError:
            # The killed server's children may need a moment to go.
            if time.monotonic() > ends_at:
                raise
        time.sleep(0.01)


def _until_more_by(count: int, grows: list[UUID]) -> None:
    wanted = len(grows) + count
    ends_at = time.monotonic() + _PATIENCE
    while len(grows) < wanted:
        assert time.monotonic() < ends_at, "it did not happen"
        time.sleep(0.01)
