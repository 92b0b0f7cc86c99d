"""Who asked for a job, as it is stored: the caller with what it may do, so that the job may do as much and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from function_backend.kernel.identity import PermissionSet, Principal, ResourceScope, ScopedPermissions
from function_backend.kernel.jobs import INSTALLATION

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE = f"system:{INSTALLATION}"
"""The service itself, as audit records and jobs name it."""


def service(tenant_id: UUID) -> Principal:
    """The service itself, in a tenant."""
    return Principal("system", INSTALLATION, tenant_id, PermissionSet(frozenset({"*"})))


def stored_asker(principal: Principal) -> dict[str, Any]:
    """What of the caller is stored. What it holds under a condition is not: the job is no call that could meet it."""
    return {
        "kind": principal.kind,
        "id": str(principal.id),
        "permissions": sorted(principal.permissions.patterns),
        "scoped": [
            {
                "permissions": sorted(held.permissions.patterns),
                "type": held.scope.resource_type,
                "id": None if held.scope.resource_id is None else str(held.scope.resource_id),
                "labels": [list(label) for label in held.scope.labels],
            }
            for held in principal.scoped
        ],
        "roles": list(principal.roles),
        "actors": list(principal.actors),
    }


def asker(stored: Mapping[str, Any], tenant_id: UUID) -> Principal:
    """The caller as it was when it asked."""
    return Principal(
        stored["kind"],
        UUID(stored["id"]),
        tenant_id,
        PermissionSet(frozenset(stored["permissions"])),
        scoped=tuple(_scoped(each) for each in stored["scoped"]),
        roles=tuple(stored["roles"]),
        actors=tuple(stored["actors"]),
    )


def _scoped(stored: Mapping[str, Any]) -> ScopedPermissions:
    scope = ResourceScope(
        stored["type"],
        None if stored["id"] is None else UUID(stored["id"]),
        tuple((key, value) for key, value in stored["labels"]),
    )
    return ScopedPermissions(PermissionSet(frozenset(stored["permissions"])), scope)
