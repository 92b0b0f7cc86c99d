"""One PostgreSQL server as this worker sees it: its pool, its connections for single reads, and the BEGIN hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, create_engine, event

from function_backend.kernel.call import current_call
from function_backend.persistence import wire
from function_backend.persistence.connecting import arguments, connect
from function_backend.persistence.failures import is_connection_lost
from function_backend.persistence.measured_pool import MeasuredPool
from function_backend.persistence.opening import Opening
from function_backend.persistence.position import POSITION_SQL, parse_position
from function_backend.persistence.read_connections import ReadConnections
from function_backend.persistence.roles import serving_prefix
from function_backend.persistence.settings import DatabaseSettings, database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import PoolProxiedConnection

    from function_backend.kernel.statistics import PoolStatistics

T = TypeVar("T")


class ReplicaBehindError(Exception):
    """The replica has not yet applied what the call must see."""


def driver_of(connection: PoolProxiedConnection) -> wire.Driver:
    """The psycopg connection behind SQLAlchemy's."""
    driver = connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101  narrows the type of what the dialect hands out
    return driver


class Node:
    """A primary, or a replica, or several replicas behind one address."""

    def __init__(self, settings: DatabaseSettings, url: str, *, is_replica: bool) -> None:
        self.is_replica = is_replica
        self._settings = settings
        self._url = url
        self._prefix: str | None = None
        self.engine: Engine = create_engine(
            database_url(url),
            connect_args=arguments(settings, url),
            poolclass=MeasuredPool,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.pool_timeout.total_seconds(),
            pool_use_lifo=True,
            use_native_hstore=False,
        )
        self.reads = ReadConnections(
            self.connect, size=settings.pool_size, timeout=settings.pool_timeout.total_seconds()
        )
        event.listen(self.engine, "connect", self._learn_role)
        event.listen(self.engine, "begin", self._begin_for_core)

    def opening(self) -> Opening:
        """The words that put the current call's tenant and time limit on a transaction here."""
        return Opening.of(
            current_call.get(), role_prefix=self._prefix or "", default_timeout=self._settings.statement_timeout
        )

    def opening_without_tenant(self) -> Opening:
        """The same without a tenant, for functions that are asked before it is known."""
        return Opening.without_tenant(
            current_call.get(), role_prefix=self._prefix or "", default_timeout=self._settings.statement_timeout
        )

    def connect(self) -> wire.Driver:
        """A connection outside all pools, which the caller closes."""
        driver = connect(self._settings, self._url)
        self._learn_role(driver, None)
        return driver

    def begin(self, driver: wire.Driver, *, read_only: bool, snapshot: bool = False) -> None:
        """Begins a transaction of the current call.

        Raises MissingTenantError before anything is sent; ReplicaBehindError when a replica has not applied yet what
        the call must see, which is asked in the same message.
        """
        opening = self.opening()
        minimum = opening.minimum_position if self.is_replica else None
        if snapshot:
            # Asked before: a question inside the transaction would take the snapshot, which is older than the answer.
            if minimum is not None:
                asked = wire.run(driver, f"select {POSITION_SQL}".encode()).get_value(0, 0)
                if asked is None or parse_position(asked) < minimum:
                    raise ReplicaBehindError
            wire.run(driver, opening.begin(read_only=read_only, snapshot=True))
            return
        result = wire.run(driver, opening.begin(read_only=read_only, ask_position=minimum is not None))
        if minimum is None:
            return
        position = result.get_value(0, 0)
        if position is None or parse_position(position) < minimum:
            wire.run(driver, b"rollback")
            raise ReplicaBehindError

    def read(self, use: Callable[[wire.Driver], T]) -> T:
        """What `use` returns, on a connection outside a transaction; repeated when the connection had died idle."""
        while True:
            driver, is_new = self.reads.take()
            try:
                found = use(driver)
            except BaseException as error:
                if driver.pgconn.transaction_status == TransactionStatus.IDLE:
                    self.reads.give_back(driver)
                    raise
                self.reads.drop(driver)
                if is_new or not is_connection_lost(error):
                    raise
            else:
                self.reads.give_back(driver)
                return found

    @property
    def pools(self) -> Mapping[str, PoolStatistics]:
        """How the pools are used, by what they are for."""
        pool = self.engine.pool
        assert isinstance(pool, MeasuredPool)  # noqa: S101  narrows the type of what was asked for above
        return {"transactions": pool, "reads": self.reads}

    def dispose(self) -> None:
        """Closes the connections that are not in use; others are made when they are needed."""
        self.reads.close()
        self.engine.dispose()

    def end(self) -> None:
        """Closes all connections, those in use when they come back."""
        self.reads.end()
        self.engine.dispose()

    def _begin_for_core(self, connection: Connection) -> None:
        driver = driver_of(connection.connection)
        # A session has begun already when it asks for a Core connection; nobody else can begin without a tenant either.
        if driver.pgconn.transaction_status == TransactionStatus.IDLE:
            self.begin(driver, read_only=False)

    def _learn_role(self, driver: wire.Driver, _record: object) -> None:
        # Once per worker: all connections of a node log in with the same URL.
        if self._prefix is None:
            try:
                self._prefix = serving_prefix(driver)
            except BaseException:
                driver.close()
                raise
