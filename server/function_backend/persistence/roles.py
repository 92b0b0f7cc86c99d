"""The roles of a database: who owns the tables, who serves, and who looks across tenants.

- `function_backend_owner` owns tables. Row-level security is forced on it as on everybody.
- `function_backend_app` has what serving needs and bypasses nothing. The login that serves is a member of it.
- `function_backend_definer` owns the few SECURITY DEFINER functions, with a policy of its own on the tables they read.

All are NOLOGIN, belong to the cluster rather than to one database, and need no superuser.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from function_backend.persistence.wire import Driver

OWNER = "function_backend_owner"
APP = "function_backend_app"
DEFINER = "function_backend_definer"

_SET_OPTION_SINCE = 160_000

_SERVING_SQL = """
    select
        not r.rolsuper and not r.rolbypassrls
            and not coalesce(pg_has_role(r.oid, o.oid, 'member'), false)
            and coalesce(pg_has_role(r.oid, a.oid, 'usage'), false),
        coalesce(pg_has_role(r.oid, a.oid, 'member'), false),
        r.rolname
    from pg_roles r
    left join pg_roles o on o.rolname = 'function_backend_owner'
    left join pg_roles a on a.rolname = 'function_backend_app'
    where r.rolname = current_user
"""


class UnsafeRoleError(Exception):
    """The login can neither serve as it is nor put its power aside."""


class MissingPrivilegeError(Exception):
    """The login that migrates may not do what has to be done; the message says which statement would allow it."""


def serving_prefix(driver: Driver) -> str:
    """What a transaction of this login must begin with so that row-level security binds it; mostly nothing.

    A superuser, a role that bypasses row-level security or an owner of the tables serves as `function_backend_app`, by
    a `set local role` in the message that begins the transaction: a pooler keeps nothing of it.
    Raises UnsafeRoleError for a login that is no member of `function_backend_app`.
    """
    row = driver.execute(_SERVING_SQL, prepare=False).fetchone()
    if row is None:
        raise UnsafeRoleError("the current role is not in pg_roles")
    serves_as_it_is, may_serve, name = row
    if not may_serve:
        raise UnsafeRoleError(
            f"The database role {name!r} is not a member of {APP!r}. Run 'function-backend migrate' with the URL of "
            f"the role that owns the schema, then: GRANT {APP} TO {_quoted(name)};"
        )
    return "" if serves_as_it_is else f"set local role {APP}; "


def prepare_roles(driver: Driver) -> None:
    """Creates the roles that are missing and lets the current login act as the owner.

    Other databases of the cluster may have created them already, or be at it right now.
    """
    for role in (OWNER, APP, DEFINER):
        _create(driver, role)
    # The owner hands functions to the definer, and the login acts as the owner.
    _grant_role(driver, DEFINER, OWNER)
    login = _current_user(driver)
    _grant_role(driver, OWNER, login)
    _grant_role(driver, DEFINER, login)
    # Only needed when one login both migrates and serves; whether it may is found out when it serves.
    with contextlib.suppress(MissingPrivilegeError):
        _grant_role(driver, APP, login)


def prepare_schema(driver: Driver) -> None:
    """Lets the owner, and nobody else, create (and for a moment, let create) in the schema `public`."""
    try:
        driver.execute("revoke create on schema public from public", prepare=False)
        driver.execute(f"grant usage on schema public to {OWNER}, {APP}, {DEFINER}", prepare=False)
        driver.execute(f"grant create on schema public to {OWNER} with grant option", prepare=False)
    except psycopg.errors.InsufficientPrivilege:
        raise MissingPrivilegeError(
            f"The database role {_current_user(driver)!r} may not grant on schema public. Migrate as the owner of the "
            f"database, or let an administrator run: GRANT USAGE, CREATE ON SCHEMA public TO {OWNER} WITH GRANT OPTION;"
        ) from None


def admit(driver: Driver, login: str) -> None:
    """Lets the login serve: makes it a member of `function_backend_app`."""
    _grant_role(driver, APP, login)


def _create(driver: Driver, role: str) -> None:
    if _exists(driver, role):
        return
    try:
        driver.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)), prepare=False)
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return  # Another database's migration was faster.
    except psycopg.errors.InsufficientPrivilege:
        raise MissingPrivilegeError(
            f"The database role {_current_user(driver)!r} may not create roles. Let an administrator run: "
            f"CREATE ROLE {OWNER} NOLOGIN; CREATE ROLE {APP} NOLOGIN; CREATE ROLE {DEFINER} NOLOGIN; "
            f"GRANT {DEFINER} TO {OWNER}; GRANT {OWNER}, {DEFINER}, {APP} TO {_quoted(_current_user(driver))};"
        ) from None


def _grant_role(driver: Driver, role: str, member: str) -> None:
    if _may_act_as(driver, role, member):
        return
    try:
        driver.execute(sql.SQL("grant {} to {}").format(sql.Identifier(role), sql.Identifier(member)), prepare=False)
    except psycopg.errors.InsufficientPrivilege:
        raise MissingPrivilegeError(
            f"The database role {_current_user(driver)!r} may not pass on {role!r}. Let an administrator run: "
            f"GRANT {role} TO {_quoted(member)};"
        ) from None
    except (psycopg.errors.UniqueViolation, psycopg.errors.InternalError_):
        # Another migration granted the same in this moment ("tuple concurrently updated").
        return


def _may_act_as(driver: Driver, role: str, member: str) -> bool:
    # Since 16, whoever creates a role administers it without inheriting from it or being able to act as it.
    settable = driver.info.server_version < _SET_OPTION_SINCE or _has_role(driver, member, role, "set")
    return settable and _has_role(driver, member, role, "usage")


def _has_role(driver: Driver, member: str, role: str, privilege: str) -> bool:
    row = driver.execute("select pg_has_role(%s, %s, %s)", (member, role, privilege), prepare=False).fetchone()
    return row is not None and bool(row[0])


def _exists(driver: Driver, role: str) -> bool:
    row = driver.execute("select exists (select from pg_roles where rolname = %s)", (role,), prepare=False).fetchone()
    return row is not None and bool(row[0])


def _current_user(driver: Driver) -> str:
    row = driver.execute("select current_user", prepare=False).fetchone()
    return "" if row is None else str(row[0])


def _quoted(name: str) -> str:
    return name if name.isidentifier() and name.islower() else '"' + name.replace('"', '""') + '"'
