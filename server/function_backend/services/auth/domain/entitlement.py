"""What a subject may do, by all the roles that are bound to it and to its groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

from function_backend.kernel.identity import (
    ConditionalPermissions,
    PermissionSet,
    Principal,
    ResourceScope,
    ScopedPermissions,
)
from function_backend.kernel.step_up import StepUp

_SECOND_FACTOR = StepUp(second_factor=True, max_age=None)


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


def is_narrowed(caller: Principal, entitlement: Entitlement) -> bool:
    """Whether the credential of a caller allows less than the caller is entitled to."""
    scoped = {held.permissions.patterns for held in caller.scoped}
    conditional = {held.permissions.patterns for held in caller.conditional}
    return not (
        all(map(caller.permissions.covers, entitlement.permissions.patterns))
        and all(part.permissions.patterns in scoped for part in entitlement.scoped)
        and all(part.permissions.patterns in conditional for part in entitlement.conditional)
    )


def until_second_factor(entitlement: Entitlement) -> Entitlement:
    """The same for somebody who holds none of it before signing in with a second factor."""
    return Entitlement(
        permissions=NOTHING.permissions,
        roles=entitlement.roles,
        conditional=(
            _held_with_second_factor(entitlement.permissions),
            *(_held_with_second_factor(held.permissions, held.scope) for held in entitlement.scoped),
            *(replace(held, step_up=_with_second_factor(held.step_up)) for held in entitlement.conditional),
        ),
    )


def _with_second_factor(step_up: StepUp | None) -> StepUp:
    return _SECOND_FACTOR if step_up is None else StepUp(second_factor=True, max_age=step_up.max_age)


def _held_with_second_factor(permissions: PermissionSet, scope: ResourceScope | None = None) -> ConditionalPermissions:
    return ConditionalPermissions(permissions=permissions, scope=scope, condition=None, step_up=_SECOND_FACTOR)
