"""The conversation of one unit of work with a server: begun late, ended once, safe against stale connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from function_backend.persistence import wire
from function_backend.persistence.failures import CommitInDoubtError, is_connection_lost
from function_backend.persistence.hot_read import HotRead, HotRows, Parameter
from function_backend.persistence.interrupt import Interrupt
from function_backend.persistence.node import Node, ReplicaBehindError, driver_of
from function_backend.persistence.position import POSITION_SQL, parse_position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult
    from sqlalchemy.pool import PoolProxiedConnection

    from function_backend.kernel.call import Call
    from function_backend.persistence.engine import Database

CHANNEL = "function_backend"
"""The channel of all change notifications; the first word of a notification is its topic."""


class Session:
    """Opens a transaction with the first statement and ends it once."""

    __slots__ = ("_call", "_core", "_database", "_driver", "_interrupt", "_lent", "_node", "_read_only", "_snapshot")

    def __init__(self, database: Database, call: Call, *, read_only: bool, snapshot: bool = False) -> None:
        self._database = database
        self._call = call
        self._read_only = read_only
        self._snapshot = snapshot
        self._node: Node = database.primary
        self._lent: PoolProxiedConnection | None = None
        self._driver: wire.Driver | None = None
        self._core: Connection | None = None
        self._interrupt: Interrupt | None = None

    @property
    def is_open(self) -> bool:
        """Whether a transaction was begun and not yet ended."""
        return self._driver is not None

    @property
    def driver(self) -> wire.Driver:
        """The psycopg connection, inside the transaction."""
        return self._driver or self._open()

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, inside the transaction.

        Made when it is first asked for: a unit of work that keeps to the driver saves 50 µs, half of its overhead.
        """
        if self._core is None:
            self._driver or self._open()
            self._core = Connection(self._node.engine, self._lent)
            self._core.begin()
        return self._core

    def fetch(self, read: HotRead, parameters: Sequence[Parameter], *, with_position: bool) -> HotRows:
        """The rows of a hot read."""
        statement = read.statement(self._call.tenant_id, parameters)
        if self._driver is not None:
            return HotRows.of(wire.run(self._driver, statement), None)
        replica = self._database.replica() if self._read_only else None
        if replica is not None:
            try:
                return self._fetch_at(replica, statement, with_position=with_position)
            except ReplicaBehindError:
                pass
            except psycopg.Error as error:
                if not is_connection_lost(error):
                    raise
                self._database.avoid_replica()
        return self._fetch_at(self._database.primary, statement, with_position=with_position)

    def commit(self, notifications: Sequence[str], *, returns_position: bool) -> int | None:
        """Commits and notifies in one message; the WAL position behind the commit when asked for it."""
        driver = self.driver
        if driver.pgconn.transaction_status == TransactionStatus.INERROR:
            # COMMIT would answer ROLLBACK without an error: somebody swallowed the failure of a statement.
            raise RuntimeError("a statement of the transaction failed and the failure was swallowed")
        self._disarm()
        results = self._send_commit(driver, _commit_message(driver, notifications, returns_position=returns_position))
        self._close()
        last = results[-1]
        if not returns_position or not wire.succeeded(last):
            return None
        text = last.get_value(0, 0)
        return None if text is None else parse_position(text)

    def roll_back(self) -> None:
        """Undoes what was done, if anything was, and gives the connection back."""
        driver, lent = self._driver, self._lent
        if driver is None or lent is None:
            return
        self._disarm()
        try:
            if driver.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                wire.run(driver, b"rollback")
            else:
                # Lost, or in the middle of something such as COPY: PostgreSQL rolls back when the connection goes.
                _drop(lent)
        except psycopg.Error:  # The failure that led here is the one to tell.
            _drop(lent)
        finally:
            self._close()

    def _send_commit(self, driver: wire.Driver, message: bytes) -> list[PGresult]:
        try:
            results = wire.run_each(driver, message)
        except psycopg.Error as error:
            raise CommitInDoubtError from error
        first = results[0]
        if wire.succeeded(first):
            return results
        failure = wire.failure(driver, first)
        if is_connection_lost(failure):
            raise CommitInDoubtError from failure
        raise failure

    def _fetch_at(self, node: Node, statement: bytes, *, with_position: bool) -> HotRows:
        return node.read(lambda driver: self._ask(node, driver, statement, with_position=with_position))

    def _ask(self, node: Node, driver: wire.Driver, statement: bytes, *, with_position: bool) -> HotRows:
        interrupt = Interrupt(self._call, driver)
        try:
            opening = node.opening()
            minimum = opening.minimum_position if node.is_replica else None
            if not with_position and minimum is None:
                return HotRows.of(wire.run(driver, opening.around(statement)), None)
            results = wire.run_each(driver, opening.around(f"select {POSITION_SQL}; ".encode() + statement))
            if not wire.succeeded(results[-1]):
                raise wire.failure(driver, results[-1])
            # The position is asked before the rows are: whatever was visible to others by then is in the rows.
            position = parse_position(results[-2].get_value(0, 0) or b"0/0")
            if minimum is not None and position < minimum:
                raise ReplicaBehindError
            return HotRows.of(results[-1], max(position - 1, opening.minimum_position or 0))
        finally:
            interrupt.disarm()

    def _open(self) -> wire.Driver:
        replica = self._database.replica() if self._read_only else None
        if replica is not None:
            try:
                return self._open_at(replica)
            except ReplicaBehindError:
                pass
            except Exception as error:
                if not is_connection_lost(error):
                    raise
                self._database.avoid_replica()
        return self._open_at(self._database.primary)

    def _open_at(self, node: Node) -> wire.Driver:
        # Connections that lay idle while the database restarted are all dead: pass over as many as there can be.
        for attempt in range(self._database.settings.pool_size + 1):
            lent = node.engine.raw_connection()
            driver = driver_of(lent)
            try:
                interrupt = self._begin(node, driver)
            except BaseException as error:
                lost = is_connection_lost(error)
                if lost:
                    lent.invalidate()
                else:
                    lent.close()
                if not lost or attempt == self._database.settings.pool_size:
                    raise
            else:
                self._node, self._lent, self._driver, self._interrupt = node, lent, driver, interrupt
                return driver
        raise AssertionError("unreachable")

    def _begin(self, node: Node, driver: wire.Driver) -> Interrupt:
        interrupt = Interrupt(self._call, driver)
        try:
            node.begin(driver, read_only=self._read_only, snapshot=self._snapshot)
        except BaseException:
            interrupt.disarm()
            raise
        return interrupt

    def _disarm(self) -> None:
        if self._interrupt is not None:
            self._interrupt.disarm()
            self._interrupt = None

    def _close(self) -> None:
        core, lent = self._core, self._lent
        self._core = self._lent = self._driver = None
        if core is not None:
            # Its transaction is over; this tells SQLAlchemy, and gives the connection back.
            core.close()
        elif lent is not None:
            lent.close()


def _drop(lent: PoolProxiedConnection) -> None:
    # Core has dropped it already when the loss showed in a statement of its own.
    if lent.is_valid:
        lent.invalidate()


def _commit_message(driver: wire.Driver, notifications: Sequence[str], *, returns_position: bool) -> bytes:
    if not returns_position:
        return b"commit"
    if not notifications:
        return b"commit; select pg_current_wal_insert_lsn()"
    # NOTIFY takes a lock of the whole cluster until its transaction ends. In a transaction of its own, which need not
    # wait for the disk since nothing is lost with it, commits of different workers stay parallel.
    calls = b", ".join(
        b"pg_notify('" + CHANNEL.encode() + b"', " + wire.literal(driver, text) + b")" for text in notifications
    )
    return b"commit; set local synchronous_commit = off; select pg_current_wal_insert_lsn(), " + calls
