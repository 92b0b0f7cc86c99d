"""Bringing a database to the schema of this release, and finding out whether it is there.

Migrations go forward only. They run as the role that owns the schema, over a connection without a transaction pooler.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import function_backend
from function_backend.persistence.connecting import connect
from function_backend.persistence.failures import driver_error
from function_backend.persistence.refusals import SchemaError
from function_backend.persistence.roles import OWNER, admit, prepare_roles, prepare_schema
from function_backend.persistence.settings import DatabaseSettings, database_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK = 7_310_229_041  # Any number, as long as it is this one: two migrations of one database wait for each other.
_LOCK_TIMEOUT = "5s"
_MINIMUM_VERSION = 150_000


def upgrade(url: str, *, serving_login: str | None = None) -> None:
    """Brings the database to the schema of this release; does nothing when it is there.

    `serving_login` is the role that the service connects as, which is then let in.
    Raises MissingPrivilegeError or SchemaError with what to do, psycopg's errors when the database cannot be reached.
    """
    engine = create_engine(database_url(url), poolclass=NullPool, use_native_hstore=False, pool_reset_on_return=None)
    try:
        with engine.connect() as connection:
            _upgrade(connection, serving_login)
    finally:
        engine.dispose()


def current(url: str) -> str | None:
    """The revision of the database; None when it was never migrated."""
    with connect(DatabaseSettings(url=url), url) as driver:
        exists = driver.execute("select to_regclass('public.alembic_version') is not null").fetchone()
        if exists is None or not exists[0]:
            return None
        row = driver.execute("select version_num from public.alembic_version").fetchone()
    return None if row is None else str(row[0])


def head() -> str:
    """The revision that this release needs."""
    return revisions()[-1]


def revisions() -> list[str]:
    """Every revision, oldest first.

    Read off the names of the files, which begin with it: each start asks, and Alembic takes 200 ms to load.
    """
    found = sorted(file.name.partition("_")[0] for file in (migrations_folder() / "versions").glob("[0-9]*_*.py"))
    if not found:
        raise SchemaError("this installation carries no migrations; install the package again")
    return found


def require_current(url: str) -> None:
    """Returns when the schema is the one of this release or of a later one; raises SchemaError otherwise.

    A later one is fine: changes to the schema keep the previous release working (CONTRIBUTING.md).
    """
    found = current(url)
    if found is None:
        raise SchemaError(
            f"The database has no schema yet; this release needs {head()}. Run: function-backend migrate "
            "--database-url <URL of the role that owns the schema>"
        )
    if found in revisions()[:-1]:
        raise SchemaError(
            f"The database schema is at {found}; this release needs {head()}. Run: function-backend migrate "
            "--database-url <URL of the role that owns the schema>"
        )


def migrations_folder() -> Path:
    """Where the migrations lie: inside the installed package, or beside it in a checkout."""
    package = Path(function_backend.__path__[0])
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise SchemaError("this installation carries no migrations; install the package again")


def _upgrade(connection: Connection, serving_login: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - see `revisions`
    from alembic.config import Config  # noqa: PLC0415

    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101  narrows the type of what the dialect hands out
    driver.autocommit = True
    if driver.info.server_version < _MINIMUM_VERSION:
        raise SchemaError(f"PostgreSQL {driver.info.server_version // 10_000} is too old; 15 or newer is needed.")
    driver.execute("select pg_advisory_lock(%s)", (_LOCK,))
    try:
        prepare_roles(driver)
        prepare_schema(driver)
        driver.execute(f"set role {OWNER}")
        # A migration that waits for a lock makes everybody behind it wait too.
        driver.execute(f"set lock_timeout = '{_LOCK_TIMEOUT}'")
        driver.autocommit = False
        config = Config()
        config.set_main_option("script_location", str(migrations_folder()))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        driver.autocommit = True
        driver.execute("reset role")
        if serving_login is not None:
            admit(driver, serving_login)
    except Exception as error:
        if isinstance(driver_error(error), psycopg.errors.LockNotAvailable):
            raise SchemaError(
                "Another transaction holds a table that a migration must change. Nothing was changed; run it again."
            ) from error
        raise
    finally:
        driver.close()
