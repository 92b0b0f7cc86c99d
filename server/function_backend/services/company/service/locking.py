"""Locking the company that a use case changes."""

from __future__ import annotations

from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.history import CompanyRecord
from function_backend.services.company.errors import CompanyNotFoundError, EtagMismatchError
from function_backend.services.company.repository.records import CompanyReader
from function_backend.services.company.service.scope import refuse_outside


def lock_company(work: UnitOfWork, company_id: UUID, *, permission: str, etag: str) -> CompanyRecord:
    """The company, deleted or not, locked until the transaction ends.

    Raises CompanyNotFoundError, CompanyOutOfScopeError when the caller holds the permission for others only, and
    EtagMismatchError when it expects another version.
    """
    record = CompanyReader(work).lock_one(company_id)
    if record is None:
        raise CompanyNotFoundError(company_id)
    refuse_outside(work, permission, company_id, record.company.state.labels)
    if etag and etag != record.company.etag:
        raise EtagMismatchError(company_id, record.company.etag)
    return record
