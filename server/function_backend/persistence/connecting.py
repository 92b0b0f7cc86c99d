"""How a connection is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import psycopg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from function_backend.persistence.settings import DatabaseSettings, database_url

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

    from function_backend.persistence.wire import Driver

_APPLICATION = "function-backend"
_IDLE_IN_TRANSACTION = "-c idle_in_transaction_session_timeout=60s"
_PREPARE_THRESHOLD = 5
_SHORTEST_CONNECT_TIMEOUT = 2  # libpq takes whole seconds and reads 1 as 2.


def arguments(settings: DatabaseSettings, url: str) -> dict[str, Any]:
    """What psycopg is told beside the URL: no transaction unless BEGIN says so, and dead peers are noticed."""
    told: dict[str, Any] = {
        "autocommit": True,
        # A pooler hands the next transaction to another server, which does not know the prepared statement, or knows
        # another one by its name and answers wrongly without an error.
        "prepare_threshold": None if settings.transaction_pooling else _PREPARE_THRESHOLD,
        "connect_timeout": max(_SHORTEST_CONNECT_TIMEOUT, round(settings.connect_timeout.total_seconds())),
        "application_name": _APPLICATION,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    if not settings.transaction_pooling and "options" not in database_url(url).query:
        told["options"] = _IDLE_IN_TRANSACTION
    return told


def connect(settings: DatabaseSettings, url: str) -> Driver:
    """A psycopg connection outside all pools, which the caller closes."""
    # SQLAlchemy's reading of the URL, several hosts included, so that both kinds of connection go to the same place.
    dialect = cast("Dialect", PGDialect_psycopg())  # type: ignore[no-untyped-call]
    _, told = dialect.create_connect_args(database_url(url))
    told.update(arguments(settings, url))
    driver: Driver = psycopg.connect(**told)
    return driver
