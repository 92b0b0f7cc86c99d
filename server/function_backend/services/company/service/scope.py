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


def refuse_outside(work: UnitOfWork, permission: str, company_id: UUID | None, labels: Mapping[str, str]) -> None:
    """Refuses what is outside the scope of the permission; without an id, a company that is only to be made.

    Whoever may not even read it is told that it does not exist.
    """
    principal = work.call.principal
    scope = scope_of(principal, permission)
    if scope is None or scope.includes(company_id, labels):
        return
    visible = scope_of(principal, READ)
    if company_id is not None and visible is not None and not visible.includes(company_id, labels):
        raise CompanyNotFoundError(company_id)
    raise CompanyOutOfScopeError(permission, company_id)
