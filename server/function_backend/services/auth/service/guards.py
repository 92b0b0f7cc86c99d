"""What a change of roles, bindings, keys or groups must not do: hand on what is not held, or leave nobody in charge."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import Principal, ResourceScope
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.role_graph import RoleGraph
from function_backend.services.auth.errors.permission import PermissionEscalationError
from function_backend.services.auth.errors.role import LastAdministratorError
from function_backend.services.auth.repository.administrators import administering_key_exists
from function_backend.services.auth.repository.entitlement import EntitlementRepository
from function_backend.services.auth.repository.role import RoleRepository
from function_backend.services.auth.repository.role_binding import RoleBindingRepository
from function_backend.services.auth.repository.subjects import SubjectDirectory


def refuse_escalation(principal: Principal | None, patterns: Iterable[str], scope: ResourceScope | None = None) -> None:
    """Raises PermissionEscalationError for the first pattern that the caller does not hold for good in the scope."""
    for pattern in sorted(patterns):
        if principal is None or not principal.covers(pattern, scope):
            raise PermissionEscalationError(pattern)


class RoleGuards:
    """Implements `GrantGuard` and `AdministratorGuard`."""

    def __init__(self, built_in: BuiltInRoles, clock: Clock, transactions: Transactions) -> None:
        self._built_in = built_in
        self._transactions = transactions
        self._entitlements = EntitlementRepository(built_in.by_id, now=clock.now)

    def refuse_unless_held(self, work: UnitOfWork, group_id: UUID) -> None:
        """Raises PermissionEscalationError unless the caller holds all that the members of the group are granted."""
        granted = self._entitlements.find_of_group(work.driver, work.tenant_id, group_id)
        principal = work.call.principal
        refuse_escalation(principal, granted.permissions.patterns)
        for held in granted.scoped:
            refuse_escalation(principal, held.permissions.patterns, held.scope)
        for conditional in granted.conditional:
            refuse_escalation(principal, conditional.permissions.patterns, conditional.scope)

    def refuse_if_nobody_is_left(self, work: UnitOfWork) -> None:
        """Raises LastAdministratorError when nobody administers the tenant any more, and somebody did before."""
        RoleRepository(work).lock()
        if not self._somebody_administers(work) and self._somebody_did():
            raise LastAdministratorError

    def administering(self, graph: RoleGraph) -> frozenset[UUID]:
        """The roles that make an administrator."""
        return graph.granting(self._built_in.administration)

    def _somebody_administers(self, work: UnitOfWork) -> bool:
        if administering_key_exists(work, self._built_in.administration):
            return True
        role_ids = self.administering(RoleGraph(self._built_in.by_id, RoleRepository(work).all()))
        return SubjectDirectory(work).anybody_acts(RoleBindingRepository(work).lasting_holders(role_ids))

    def _somebody_did(self) -> bool:
        """Whether somebody administered the tenant before the transaction, by what is committed.

        Asked only when nobody is left: where nobody was in charge anyway, a leaked key must still be revoked.
        """
        outside = self._transactions.unit(read_only=False)
        try:
            return self._somebody_administers(outside)
        finally:
            outside.roll_back()
