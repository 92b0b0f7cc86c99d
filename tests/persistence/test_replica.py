from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from sqlalchemy import text

from function_backend.events.recording import EventRecorder
from function_backend.kernel.identity import Principal
from function_backend.persistence.engine import Database
from function_backend.persistence.hot_read import HotRead
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from tests.factories.auth import a_principal, calling
from tests.fixtures.replica import ReplicatedServers

_PATIENCE = 60.0
_HOT = HotRead(
    "select pg_is_in_recovery(), (select count(*) from stored_answer where tenant_id = {tenant}) from (select 1) one"
)
# Seen on the replica or not, and how many rows of the tenant.
Seen = tuple[bool, int]


def _by_core(work: UnitOfWork) -> Seen:
    row = work.connection.execute(text("select pg_is_in_recovery(), (select count(*) from stored_answer)")).one()
    return row[0], row[1]


def _by_hot_read(work: UnitOfWork) -> Seen:
    ((is_replica, count),) = work.fetch(_HOT).rows
    return is_replica == b"t", int(count or 0)


def _by_hot_read_with_position(work: UnitOfWork) -> Seen:
    ((is_replica, count),) = work.fetch(_HOT, with_position=True).rows
    return is_replica == b"t", int(count or 0)


ways = pytest.mark.parametrize("look", [_by_core, _by_hot_read, _by_hot_read_with_position])


@pytest.fixture
def transactions(replicated_servers: ReplicatedServers, recorder: EventRecorder) -> Iterator[Transactions]:
    servers = replicated_servers
    opened = Database(DatabaseSettings(url=servers.primary.app_url, replica_url=servers.replica.app_url))
    yield Transactions(opened, recorder)
    opened.dispose()


def _write(transactions: Transactions, principal: Principal) -> int:
    with calling(principal) as call:
        with transactions() as work:
            work.connection.execute(
                text("insert into stored_answer values (:t, :id, '', '', false, now(), now())"),
                {"t": work.tenant_id, "id": uuid4()},
            )
        assert call.committed_position is not None
        return call.committed_position


def _see(
    transactions: Transactions, principal: Principal, look: Callable[[UnitOfWork], Seen], minimum: int | None = None
) -> Seen:
    with calling(principal, minimum_position=minimum), transactions.reading() as work:
        return look(work)


def _eventually(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen"
        time.sleep(0.02)


@ways
def test_reads_go_to_the_replica(transactions: Transactions, look: Callable[[UnitOfWork], Seen]) -> None:
    assert _see(transactions, a_principal(), look)[0] is True


@ways
def test_a_read_that_must_see_more_than_the_replica_has_goes_to_the_primary(
    replicated_servers: ReplicatedServers, transactions: Transactions, look: Callable[[UnitOfWork], Seen]
) -> None:
    principal = a_principal()
    replicated_servers.pause()
    try:
        position = _write(transactions, principal)
        assert _see(transactions, principal, look) == (True, 0)
        assert _see(transactions, principal, look, position) == (False, 1)
    finally:
        replicated_servers.resume()
    # The replica catches up with the next thing that is written, at the latest.
    _write(transactions, a_principal())
    _eventually(lambda: _see(transactions, principal, look, position) == (True, 1))


@ways
def test_a_call_always_sees_what_it_wrote(transactions: Transactions, look: Callable[[UnitOfWork], Seen]) -> None:
    principal = a_principal()
    for count in range(1, 21):
        position = _write(transactions, principal)
        assert _see(transactions, principal, look, position)[1] == count


def test_a_snapshot_that_must_see_more_than_the_replica_has_is_of_the_primary(
    replicated_servers: ReplicatedServers, transactions: Transactions
) -> None:
    principal = a_principal()

    def look(minimum: int | None = None) -> Seen:
        with calling(principal, minimum_position=minimum), transactions.snapshot() as work:
            return _by_core(work)

    replicated_servers.pause()
    try:
        position = _write(transactions, principal)
        assert look() == (True, 0)
        assert look(position) == (False, 1)
    finally:
        replicated_servers.resume()
    _write(transactions, a_principal())
    _eventually(lambda: look(position) == (True, 1))


def test_writes_and_what_joins_them_stay_on_the_primary(transactions: Transactions) -> None:
    with calling(), transactions.edge() as edge:
        assert _by_core(edge)[0] is False
        with transactions.reading() as work:
            assert _by_core(work)[0] is False


@ways
def test_without_the_replica_the_primary_answers(
    replicated_servers: ReplicatedServers, transactions: Transactions, look: Callable[[UnitOfWork], Seen]
) -> None:
    principal = a_principal()
    assert _see(transactions, principal, look)[0] is True
    replicated_servers.stop_replica()
    try:
        for _ in range(3):
            assert _see(transactions, principal, look)[0] is False
    finally:
        replicated_servers.start_replica()
    _eventually(lambda: _see(transactions, principal, look)[0] is True)


def test_the_position_of_a_replica_is_what_it_has_applied(
    replicated_servers: ReplicatedServers, transactions: Transactions
) -> None:
    replicated_servers.pause()
    try:
        position = _write(transactions, a_principal())
        with calling(), transactions.reading() as work:
            assert work.fetch_position() < position
    finally:
        replicated_servers.resume()
