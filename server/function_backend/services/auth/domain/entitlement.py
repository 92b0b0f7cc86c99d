"""What a subject may do, by all the roles that are bound to it and to its groups."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.kernel.identity import ConditionalPermissions, PermissionSet, ScopedPermissions


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The permissions of a subject, and the roles they come from."""

    permissions: PermissionSet
    """What it may do anywhere in its tenant."""
    scoped: tuple[ScopedPermissions, ...] = ()
    """What it may do with some resources only."""
    roles: tuple[str, ...] = ()
    """The names of the roles, in order."""
    conditional: tuple[ConditionalPermissions, ...] = ()
    """What it may do besides in calls that meet a condition: a time, a network, a sign-in."""


NOTHING = Entitlement(permissions=PermissionSet(frozenset()))
"""Of a subject without roles."""
