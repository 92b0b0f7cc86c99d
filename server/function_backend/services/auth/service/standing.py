"""Nobody reaches, by way of another, what they may not do themselves.

Whoever resets the password of a user, or puts somebody into a group, could otherwise come by permissions that nobody
granted to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard
from uuid import UUID

from function_backend.kernel.identity import Principal, ScopedPermissions
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.entitlement import is_narrowed
from function_backend.services.auth.errors.permission import PermissionEscalationError
from function_backend.services.auth.ports import AdministratorGuard, Entitlements, GrantGuard


class Standing:
    """Compares what the caller holds with what it reaches for."""

    def __init__(self, entitlements: Entitlements, grants: GrantGuard, administrators: AdministratorGuard) -> None:
        self._entitlements = entitlements
        self._grants = grants
        self._administrators = administrators

    def require_over(self, work: UnitOfWork, kind: SubjectKind, subject_id: UUID) -> None:
        """PermissionEscalationError when the user or service account holds a permission that the caller does not.

        Everybody stands over themselves, but not by a credential that allows less than they may do: a key for the
        accounts of users that somebody finds would otherwise set the password of its owner.
        """
        principal = work.call.principal
        held = self._entitlements.find(work.driver, work.tenant_id, kind, subject_id)
        if is_oneself(principal, kind, subject_id) and not is_narrowed(principal, held):
            return
        limited: Iterable[ScopedPermissions] = (*held.scoped, *getattr(held, "conditional", ()))
        patterns = set(held.permissions.patterns).union(*(each.permissions.patterns for each in limited))
        for pattern in sorted(patterns):
            if principal is None or not principal.permissions.covers(pattern):
                raise PermissionEscalationError(pattern)

    def require_over_group(self, work: UnitOfWork, group_id: UUID) -> None:
        """PermissionEscalationError when the group grants a permission that the caller does not hold."""
        self._grants.refuse_unless_held(work, group_id)

    def require_somebody_left(self, work: UnitOfWork) -> None:
        """Fails when, after what the transaction took away, nobody administers the tenant any more."""
        self._administrators.refuse_if_nobody_is_left(work)


def is_oneself(principal: Principal | None, kind: SubjectKind, subject_id: UUID) -> TypeGuard[Principal]:
    """Whether the caller is this user or service account."""
    return principal is not None and (principal.kind, principal.id) == (kind.value, subject_id)
