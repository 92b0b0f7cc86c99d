"""Who is calling a protected service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass


class Patterns:
    """Permissions as a credential carries them: names, branches such as `order.*`, or `*`."""

    __slots__ = ("_branches", "_everything", "_names")

    def __init__(self, patterns: frozenset[str]) -> None:
        self._everything = "*" in patterns
        self._branches = tuple(sorted(pattern[:-1] for pattern in patterns if pattern.endswith(".*")))
        self._names = frozenset(pattern for pattern in patterns if "*" not in pattern)

    def allow(self, permission: str) -> bool:
        """Whether the permission is held by name or by branch."""
        return self._everything or permission in self._names or permission.startswith(self._branches)


@dataclass(frozen=True, slots=True)
class Held:
    """Permissions that count for some resources only: one by its id, or those that carry all of the labels."""

    permissions: Patterns
    resource_type: str
    resource_id: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """What a caller may do."""

    everywhere: Patterns
    """In the whole tenant."""
    somewhere: tuple[Held, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller behind a credential that was checked."""

    subject: str
    """Such as `user:01938d2e-…`, `service_account:01938d2e-…` or `api_key:01938d2e-…`."""
    tenant_id: str
    credential_id: str
    """The id of the key or of the token."""
    client_id: str = ""
    session_id: str = ""
    actors: tuple[str, ...] = ()
    """Who acts for the subject, the nearest first."""
    authentication_methods: frozenset[str] = frozenset()
    authenticated_at: dt.datetime | None = None
    expires_at: float | None = None
    """In seconds since 1970; None when the credential does not run out."""
    entitled: Entitled | None = None
    """None while nobody has asked: a token says who somebody is, not what they may do."""

    def may(self, permission: str) -> bool:
        """Whether the permission is held in the whole tenant. Of callers whose permissions nobody asked for: never."""
        return self.entitled is not None and self.entitled.everywhere.allow(permission)

    def somewhere(self, permission: str) -> tuple[Held, ...]:
        """Where else the permission is held."""
        if self.entitled is None:
            return ()
        return tuple(held for held in self.entitled.somewhere if held.permissions.allow(permission))

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the roles that the permissions come from."""
        return () if self.entitled is None else self.entitled.roles


_current: ContextVar[Caller | None] = ContextVar("function_backend_caller", default=None)


def current_caller() -> Caller:
    """The caller of the call that is being handled. Raises LookupError outside one, and in methods that are public."""
    caller = _current.get()
    if caller is None:
        raise LookupError("no caller: this is not a call to a protected method")
    return caller


def set_caller(caller: Caller | None) -> None:
    """Says who is calling, for the context of the call."""
    _current.set(caller)
