"""Keeping a change within the companies that the caller may change."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.errors import CompanyNotFoundError, CompanyOutOfScopeError

READ = "company.read"
CREATE = "company.create"
UPDATE = "company.update"
DELETE = "company.delete"
EXPORT = "company.export"


def refuse_outside(work: UnitOfWork, permission: str, company_id: UUID, labels: Mapping[str, str]) -> None:
    """Refuses a change of a company that is outside the scope of the permission.

    Whoever may not even read it is told that it does not exist.
    """
    scope = scope_of(work.call.principal, permission)
    if scope is None or scope.includes(company_id, labels):
        return
    visible = scope_of(work.call.principal, READ)
    if visible is not None and not visible.includes(company_id, labels):
        raise CompanyNotFoundError(company_id)
    raise CompanyOutOfScopeError(permission, company_id)


def refuse_outcome_outside(
    work: UnitOfWork, permission: str, company_id: UUID | None, labels: Mapping[str, str]
) -> None:
    """Refuses what would be outside the scope of the permission afterwards; without an id, a company to be made."""
    scope = scope_of(work.call.principal, permission)
    if scope is not None and not scope.includes(company_id, labels):
        raise CompanyOutOfScopeError(permission, company_id)
