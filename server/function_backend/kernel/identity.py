"""Who is calling, and what the slices of the service must offer to find out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from function_backend.kernel.conditions import Circumstances, GrantCondition
    from function_backend.kernel.step_up import StepUp


class PermissionSet:
    """Permissions as a credential carries them: names, branches such as `company.*`, or `*`."""

    __slots__ = ("_branches", "_everything", "_names")

    def __init__(self, patterns: frozenset[str]) -> None:
        self._everything = "*" in patterns
        self._branches = tuple(sorted(pattern[:-1] for pattern in patterns if pattern.endswith(".*")))
        self._names = frozenset(pattern for pattern in patterns if "*" not in pattern)

    @property
    def patterns(self) -> frozenset[str]:
        """The permissions as they were given."""
        branches = frozenset(f"{branch}*" for branch in self._branches)
        return self._names | branches | (frozenset({"*"}) if self._everything else frozenset())

    def allows(self, permission: str) -> bool:
        """Whether the permission is held by name or by branch."""
        return self._everything or permission in self._names or permission.startswith(self._branches)

    def covers(self, pattern: str) -> bool:
        """Whether everything that the pattern grants is held; the rule against privilege escalation."""
        if self._everything:
            return True
        if pattern == "*":
            return False
        if pattern.endswith(".*"):
            return pattern[:-1].startswith(self._branches)
        return self.allows(pattern)

    def within(self, other: PermissionSet) -> PermissionSet:
        """What both hold: of a pattern and a narrower one, the narrower."""
        ours, theirs = self.patterns, other.patterns
        return PermissionSet(frozenset(filter(other.covers, ours)) | frozenset(filter(self.covers, theirs)))


class BorrowedPermissions(PermissionSet):
    """Permissions of which some are held for a time or under a condition only: they allow, but cannot be passed on."""

    __slots__ = ("_own",)

    def __init__(self, own: PermissionSet, borrowed: frozenset[str]) -> None:
        super().__init__(own.patterns | borrowed)
        self._own = own

    def covers(self, pattern: str) -> bool:
        """Whether everything that the pattern grants is held for good."""
        return self._own.covers(pattern)


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """Some resources of one type: one by its id, those that carry all of the labels, or all when neither is given."""

    resource_type: str
    """Such as `company`."""
    resource_id: UUID | None = None
    labels: tuple[tuple[str, str], ...] = ()
    """Keys and values that a resource must all carry."""

    def includes(self, other: ResourceScope) -> bool:
        """Whether every resource of the other scope is one of this."""
        if self.resource_type != other.resource_type:
            return False
        if self.resource_id is not None:
            return self.resource_id == other.resource_id
        return frozenset(self.labels) <= frozenset(other.labels)


@dataclass(frozen=True, slots=True)
class ScopedPermissions:
    """Permissions that count for some resources only."""

    permissions: PermissionSet
    scope: ResourceScope


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalPermissions:
    """Permissions that count for the calls alone that meet what they ask for."""

    permissions: PermissionSet
    scope: ResourceScope | None
    """Where they count; None for the whole tenant."""
    condition: GrantCondition | None
    """What the call must be like; None when it does not matter. What is held under a condition cannot be passed on."""
    step_up: StepUp | None
    """How a person must have signed in; None when it does not matter."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller behind a verified credential."""

    kind: str
    """What it is: `api_key`, `user`, `service_account`, or `system` for the service itself."""
    id: UUID
    tenant_id: UUID
    permissions: PermissionSet
    """What it may do anywhere in its tenant."""
    rate_limit_per_second: int = 0
    """Calls per second it may make; 0 for the server's default."""
    scoped: tuple[ScopedPermissions, ...] = ()
    """What it may do besides, with some resources only."""
    roles: tuple[str, ...] = ()
    """The names of the roles that the permissions come from."""
    actors: tuple[str, ...] = ()
    """Who acts for this caller, the nearest first (the chain of `act` claims of RFC 8693); mostly nobody."""
    session_id: UUID | None = None
    """The session that the credential belongs to."""
    authentication_methods: frozenset[str] = frozenset()
    """How the person signed in, by the names of RFC 8176: `pwd`, `otp`, `mfa`."""
    authenticated_at: datetime | None = None
    """When the person signed in; None for the credentials of services."""
    credential_id: UUID | None = None
    """The credential where it is counted and limited for itself, such as a key with an owner; None for the caller."""
    conditional: tuple[ConditionalPermissions, ...] = ()
    """What it may do besides in calls that meet a condition; `settled` decides that for a call."""

    def scopes_of(self, permission: str, resource_type: str = "") -> tuple[ResourceScope, ...] | None:
        """Where the permission is held: None for the whole tenant, else the scopes, of which there may be none.

        With a type only the scopes of its resources.
        """
        if self.permissions.allows(permission):
            return None
        return tuple(
            held.scope
            for held in self.scoped
            if held.permissions.allows(permission) and resource_type in ("", held.scope.resource_type)
        )

    def covers(self, pattern: str, scope: ResourceScope | None = None) -> bool:
        """Whether everything that the pattern grants is held for good, in the whole scope; without one, anywhere."""
        if self.permissions.covers(pattern):
            return True
        return scope is not None and any(
            held.scope.includes(scope) and held.permissions.covers(pattern) for held in self.scoped
        )

    def settled(self, around: Circumstances) -> Principal:
        """The caller with what it may do in this call, by the conditions that the call meets."""
        own, borrowed, scoped = set(self.permissions.patterns), set[str](), list(self.scoped)
        for held in self.conditional:
            if held.step_up is not None and not held.step_up.is_met(self, now=around.now):
                continue
            if held.condition is not None and not held.condition.holds(around):
                continue
            patterns = held.permissions.patterns
            if held.scope is not None:
                counted = held.permissions if held.condition is None else BorrowedPermissions(_NOTHING, patterns)
                scoped.append(ScopedPermissions(counted, held.scope))
            elif held.condition is None:
                own |= patterns
            else:
                borrowed |= patterns
        permissions = PermissionSet(frozenset(own))
        if borrowed:
            permissions = BorrowedPermissions(permissions, frozenset(borrowed))
        return replace(self, permissions=permissions, scoped=tuple(scoped))

    def missing_step_up(self, permission: str, resource_type: str, around: Circumstances) -> StepUp | None:
        """The sign-in with which the permission would be held in this call, for the tenant or for the type's resources.

        None when no sign-in helps.
        """
        for held in self.conditional:
            if (
                held.step_up is not None
                and held.permissions.allows(permission)
                and (held.scope is None or held.scope.resource_type == resource_type)
                and not held.step_up.is_met(self, now=around.now)
                and (held.condition is None or held.condition.holds(around))
            ):
                return held.step_up
        return None

    @property
    def actor(self) -> str:
        """The caller as audit records and revisions name it, such as `api_key:01938d2e-…`."""
        return f"{self.kind}:{self.id}"


_NOTHING = PermissionSet(frozenset())


class Authenticator(Protocol):
    """Turns a credential into a caller."""

    def authenticate(self, credential: str) -> Principal:
        """The caller behind the credential, which stands after `Bearer `.

        Raises UnauthenticatedError with the reason when there is none, UnavailableError when it cannot be found out.
        """

    def authenticate_certificate(self, certificate: bytes) -> Principal:
        """The caller behind a client certificate in PEM, which the handshake has verified.

        Raises as `authenticate`.
        """
