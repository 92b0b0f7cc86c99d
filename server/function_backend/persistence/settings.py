"""How to reach the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

EMBEDDED_URL = "postgresql://embedded"
"""Stands for the server that the service brings itself, whose URL is known once it runs."""

_DRIVER = "postgresql+psycopg"
_ACCEPTED = ("postgresql", "postgres", _DRIVER)


def database_url(text: str) -> URL:
    """The URL with the driver of this service; ValueError, without the URL's secret, when it is no PostgreSQL URL."""
    # Only where a URL is looked at: with the embedded server it is started while this is loaded.
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("is not a URL; expected postgresql://user:password@host:5432/database") from None
    if url.drivername not in _ACCEPTED:
        raise ValueError(f"has the scheme {url.drivername!r}; expected postgresql://user:password@host:5432/database")
    return url.set(drivername=_DRIVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where PostgreSQL is and how much of it one worker may take."""

    url: str = field(repr=False)
    """Of the primary, as the role that serves: no superuser, no owner of tables."""
    replica_url: str | None = field(default=None, repr=False)
    """Of a streaming replica, or of several behind one address; reads go there when it is fresh enough for them."""
    listen_url: str | None = field(default=None, repr=False)
    """Of the primary without a pooler in between, for LISTEN; needed only when `url` leads to a pooler."""
    transaction_pooling: bool = False
    """Whether PgBouncer or the like pools transactions in between: no prepared statements, no start-up options."""
    pool_size: int = 8
    """Connections of one worker for transactions, and as many again at most for single-statement reads."""
    pool_timeout: timedelta = timedelta(seconds=5)
    """How long a call waits for a free connection before it is refused."""
    connect_timeout: timedelta = timedelta(seconds=2)
    """How long opening a connection may take."""
    statement_timeout: timedelta = timedelta(seconds=30)
    """For statements of calls without a deadline; a deadline that is nearer counts instead."""

    def __post_init__(self) -> None:
        for name in ("url", "replica_url", "listen_url"):
            text = getattr(self, name)
            if text not in (None, EMBEDDED_URL):
                try:
                    database_url(text)
                except ValueError as error:
                    raise ValueError(f"{name} {error}") from None
        if self.pool_size < 1:
            raise ValueError("pool_size must be at least 1")
        for name in ("pool_timeout", "connect_timeout", "statement_timeout"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name} must be more than 0")
