"""The database made ready to serve: found or started, at the schema of this release, with a first tenant in it."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import psycopg

from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.secret import Secret
from function_backend.persistence import migrate
from function_backend.persistence.embedded.errors import EmbeddedPostgresError
from function_backend.persistence.embedded.folder import write_private
from function_backend.persistence.embedded.launcher import EmbeddedPostgres, RunningCluster
from function_backend.persistence.engine import Database
from function_backend.persistence.refusals import DatabaseAwayError
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.service.first_tenant import ensure_default_tenant
from function_backend.settings.tree import Settings
from function_backend.vault.master_key_text import new_master_key, read_master_keys

_LOG = logging.getLogger(__name__)

_SECRET_FILE = "token-secret"  # noqa: S105 - the name of a file
_MASTER_KEY_FILE = "master-keys"
_FIRST_MASTER_KEY = "k1"
_PATIENCE = timedelta(seconds=30)
_PAUSE_SECONDS = 1.0
_RETRY_SECONDS = 2.0


@dataclass(slots=True)
class Installation:
    """A database that can be served from."""

    database: DatabaseSettings
    token_secret: Secret
    master_keys: tuple[Secret, ...]
    """Where the settings name none: those that are kept with the embedded database."""
    first_key: str | None = field(repr=False)
    """The administrator's key when it was just made; it is never known again."""
    _embedded: EmbeddedPostgres | None = None
    _retry_at: float = 0.0

    def look_after(self) -> None:
        """Starts the embedded server again when it has died; called a few times a second by the supervisor."""
        if self._embedded is None or time.monotonic() < self._retry_at:
            return
        try:
            self._embedded.ensure_running()
        except (EmbeddedPostgresError, psycopg.Error, OSError) as error:
            _LOG.error("the embedded PostgreSQL does not start again", extra={"cause": str(error)})
            self._retry_at = time.monotonic() + _RETRY_SECONDS


def open_installation(settings: Settings, embedded: EmbeddedPostgres | None) -> Installation:
    """The database that the settings name, or the embedded one, which was started, migrated now.

    Raises EmbeddedPostgresError, SchemaError or DatabaseAwayError, each with what to do.
    """
    if embedded is None:
        _await(lambda: migrate.require_current(settings.database.url))
        if settings.token.secret is None:
            raise ValueError("read_settings lets nobody come here without token.secret")
        return Installation(settings.database, settings.token.secret, (), make_first_tenant(settings.database))
    cluster = embedded.start()
    database = replace(settings.database, url=cluster.app_url)
    if migrate.current(cluster.owner_url) != migrate.head():
        migrate.upgrade(cluster.owner_url)
    secret = settings.token.secret or _kept_secret(cluster.data_dir / _SECRET_FILE)
    master_keys = () if settings.auth.master_keys else _kept_master_keys(cluster.data_dir / _MASTER_KEY_FILE)
    first_key = make_first_tenant(database)
    _announce(cluster)
    return Installation(database, secret, master_keys, first_key, embedded)


def _announce(cluster: RunningCluster) -> None:
    _LOG.info(
        "embedded PostgreSQL runs",
        extra={"data": str(cluster.data_dir), "version": cluster.server_version, "adopted": cluster.adopted},
    )


def _await(step: Callable[[], None]) -> None:
    """Waits for a database that is only just starting, as containers that start together do."""
    ends_at = time.monotonic() + _PATIENCE.total_seconds()
    while True:
        try:
            return step()
        except psycopg.OperationalError as error:
            if time.monotonic() > ends_at:
                raise DatabaseAwayError(
                    f"The database did not answer within {_PATIENCE.total_seconds():.0f} seconds: {error}"
                ) from error
            _LOG.warning("waiting for the database")
            time.sleep(_PAUSE_SECONDS)


def make_first_tenant(database: DatabaseSettings) -> str | None:
    """The administrator's key of the tenant `default` when that was just made; None when it was there."""
    clock = SystemClock()
    recorder = EventRecorder(clock)
    recorder.learn(EVENT_PAYLOADS)
    # Closed again before any worker is forked: a connection does not survive being shared.
    opened = Database(database)
    try:
        return ensure_default_tenant(Transactions(opened, recorder), clock)
    finally:
        opened.dispose()


def _kept_secret(path: Path) -> Secret:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return Secret(path.read_text(encoding="utf-8").strip())


def _kept_master_keys(path: Path) -> tuple[Secret, ...]:
    """The keys of the file, one a line, the current one first. Without it nothing that is encrypted opens again."""
    if not path.exists():
        write_private(path, new_master_key(_FIRST_MASTER_KEY) + "\n")
    keys = tuple(Secret(line.strip()) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    try:
        read_master_keys(keys)
    except ValueError as error:
        raise EmbeddedPostgresError(f"{path}: {error}") from None
    return keys
