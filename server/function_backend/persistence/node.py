"""One PostgreSQL server as this worker sees it: its pool, its connections for single reads, and the BEGIN hook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import QueuePool

from function_backend.kernel.call import current_call
from function_backend.persistence import wire
from function_backend.persistence.opening import Opening
from function_backend.persistence.position import parse_position
from function_backend.persistence.read_connections import ReadConnections
from function_backend.persistence.roles import serving_prefix
from function_backend.persistence.settings import DatabaseSettings, database_url

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

_APPLICATION = "function-backend"
_IDLE_IN_TRANSACTION = "-c idle_in_transaction_session_timeout=60s"


class ReplicaBehindError(Exception):
    """The replica has not yet applied what the call must see."""


def connect_arguments(settings: DatabaseSettings, url: str) -> dict[str, Any]:
    """How psycopg connects: each statement on its own unless BEGIN says otherwise; dead peers are noticed soon."""
    arguments: dict[str, Any] = {
        "autocommit": True,
        # A pooler hands the next transaction to another server, which does not know the prepared statement, or knows
        # another one by its name and answers wrongly without an error.
        "prepare_threshold": None if settings.transaction_pooling else 5,
        "connect_timeout": max(2, round(settings.connect_timeout.total_seconds())),
        "application_name": _APPLICATION,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    if not settings.transaction_pooling and "options" not in database_url(url).query:
        arguments["options"] = _IDLE_IN_TRANSACTION
    return arguments


class Node:
    """A primary, or a replica, or several replicas behind one address."""

    def __init__(self, settings: DatabaseSettings, url: str, *, is_replica: bool) -> None:
        self.is_replica = is_replica
        self._settings = settings
        self._prefix: str | None = None
        self.engine: Engine = create_engine(
            database_url(url),
            connect_args=connect_arguments(settings, url),
            poolclass=QueuePool,
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=settings.pool_timeout.total_seconds(),
            pool_use_lifo=True,
            use_native_hstore=False,
        )
        self.reading_engine: Engine = self.engine.execution_options(read_only=True)
        self.reads = ReadConnections(
            self.connect, size=settings.pool_size, timeout=settings.pool_timeout.total_seconds()
        )
        event.listen(self.engine, "connect", self._learn_role)
        event.listen(self.engine, "begin", self._begin)

    def opening(self) -> Opening:
        """The words that put the current call's tenant and time limit on a transaction here."""
        return Opening.of(
            current_call.get(), role_prefix=self._prefix or "", default_timeout=self._settings.statement_timeout
        )

    def connect(self) -> wire.Driver:
        """A connection outside all pools, which the caller closes."""
        arguments, options = self.engine.dialect.create_connect_args(self.engine.url)
        options.update(connect_arguments(self._settings, self.engine.url.render_as_string(hide_password=False)))
        driver: wire.Driver = psycopg.connect(*arguments, **options)
        self._learn_role(driver, None)
        return driver

    def dispose(self) -> None:
        """Closes the connections that are not in use."""
        self.reads.close()
        self.engine.dispose()

    def _begin(self, connection: Connection) -> None:
        read_only = bool(connection.get_execution_options().get("read_only", False))
        opening = self.opening()
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101  narrows the type of what the dialect hands out
        minimum = opening.minimum_position if self.is_replica else None
        result = wire.run(driver, opening.begin(read_only=read_only, ask_position=minimum is not None))
        if minimum is None:
            return
        position = result.get_value(0, 0)
        if position is None or parse_position(position) < minimum:
            wire.run(driver, b"rollback")
            raise ReplicaBehindError

    def _learn_role(self, driver: wire.Driver, _record: object) -> None:
        # Once per worker: all connections of a node log in with the same URL.
        if self._prefix is None:
            self._prefix = serving_prefix(driver)
