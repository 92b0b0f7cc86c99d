"""Nobody reaches, by way of another, what they may not do themselves.

Whoever resets the password of a user, or puts somebody into a group, could otherwise come by permissions that nobody
granted to them.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.persistence.wire import Driver
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.entitlement import NOTHING, Entitlement
from function_backend.services.auth.errors.permission import PermissionEscalationError
from function_backend.services.auth.service.ports import Entitlements


class GroupGrants(Protocol):
    """Knows what comes with being in a group."""

    def of_group(self, work: UnitOfWork, group_id: UUID) -> Entitlement:
        """What a member may do because it is in the group, and because the group is in others."""


class NothingGranted:
    """What subjects and groups hold where there are no roles: nothing."""

    def find(self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID) -> Entitlement:
        """Nothing."""
        del driver, tenant_id, kind, subject_id
        return NOTHING

    def of_group(self, work: UnitOfWork, group_id: UUID) -> Entitlement:
        """Nothing."""
        del work, group_id
        return NOTHING


class GroupEntitlements(Protocol):
    """Knows what a group grants."""

    def find_of_group(self, driver: Driver, tenant_id: UUID, group_id: UUID) -> Entitlement:
        """What a member may do because it is in the group."""


class GrantedByRoles:
    """What comes with being in a group, by the roles that are bound to it. It implements `GroupGrants`."""

    def __init__(self, entitlements: GroupEntitlements) -> None:
        self._entitlements = entitlements

    def of_group(self, work: UnitOfWork, group_id: UUID) -> Entitlement:
        """What a member may do."""
        return self._entitlements.find_of_group(work.driver, work.tenant_id, group_id)


class Standing:
    """Compares what the caller holds with what it reaches for."""

    def __init__(self, entitlements: Entitlements, group_grants: GroupGrants) -> None:
        self._entitlements = entitlements
        self._group_grants = group_grants

    def require_over(self, work: UnitOfWork, kind: SubjectKind, subject_id: UUID) -> None:
        """PermissionEscalationError when the user or service account holds a permission that the caller does not.

        Everybody stands over themselves.
        """
        principal = work.call.principal
        if principal is not None and (principal.kind, principal.id) == (kind.value, subject_id):
            return
        _require_covered(work, self._entitlements.find(work.driver, work.tenant_id, kind, subject_id))

    def require_over_group(self, work: UnitOfWork, group_id: UUID) -> None:
        """PermissionEscalationError when the group grants a permission that the caller does not hold."""
        _require_covered(work, self._group_grants.of_group(work, group_id))


def _require_covered(work: UnitOfWork, held: Entitlement) -> None:
    principal = work.call.principal
    patterns = set(held.permissions.patterns)
    for scoped in held.scoped:
        patterns |= scoped.permissions.patterns
    for pattern in sorted(patterns):
        if principal is None or not principal.permissions.covers(pattern):
            raise PermissionEscalationError(pattern)
