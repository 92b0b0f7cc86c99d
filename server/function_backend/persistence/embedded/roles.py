"""Makes the roles and the database in a cluster; what is there is left as it is."""

from pathlib import Path

import psycopg
from psycopg import sql

from function_backend.persistence.embedded.credentials import Credentials, Role
from function_backend.persistence.roles import DEFINER

DATABASE = "function_backend"

_LOGIN_ROLES = (Role.OWNER, Role.APPLICATION)
_HARMLESS = sql.SQL("NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")


def ensure_roles(credentials: Credentials, socket_folder: Path, *, database: str = DATABASE) -> str:
    """Make what is missing, and return the server's version.

    The owner owns the database and so makes its tables; the application logs in with nothing granted yet.
    """
    url = credentials.url(Role.SUPERUSER, socket_folder=socket_folder, database="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        with connection.transaction():  # one wait for the disk, not one for each role
            for role in _LOGIN_ROLES:
                if role.value not in known:
                    _create(connection, role, sql.SQL("LOGIN PASSWORD {}").format(credentials.passwords[role]))
            if DEFINER not in known:
                _create(connection, DEFINER, sql.SQL("NOLOGIN"))
                grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(DEFINER), sql.Identifier(Role.OWNER))
                connection.execute(grant)
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).rowcount == 0:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(Role.OWNER))
            )
        return _version(connection.info.server_version)


def set_passwords(credentials: Credentials, socket_folder: Path) -> None:
    """Give the roles that exist these passwords, while the server lets its own account in without one."""
    url = credentials.url(Role.SUPERUSER, socket_folder=socket_folder, database="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role in Role:
            if role.value in known:
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                connection.execute(statement.format(sql.Identifier(role), credentials.passwords[role]))


def reload_configuration(credentials: Credentials, socket_folder: Path) -> None:
    """Make the server read its configuration files again."""
    url = credentials.url(Role.SUPERUSER, socket_folder=socket_folder, database="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")


def _create(connection: "psycopg.Connection[tuple[str]]", role: str, option: sql.Composable) -> None:
    connection.execute(sql.SQL("CREATE ROLE {} {} {}").format(sql.Identifier(role), option, _HARMLESS))


def _version(number: int) -> str:
    return f"{number // 10000}.{number % 10000}"
