"""Deleting a company softly, and bringing it back."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain import history
from function_backend.services.company.errors import CompanyDeletedError, CompanyNotDeletedError
from function_backend.services.company.service.locking import lock_company
from function_backend.services.company.service.scope import DELETE
from function_backend.services.company.service.store import CompanyStore


class DeleteCompany:
    """Deletes and undeletes companies. A deleted company keeps its history and its identifiers."""

    def __init__(self, transactions: Transactions, clock: Clock, store: CompanyStore) -> None:
        self._transactions = transactions
        self._clock = clock
        self._store = store

    def delete(self, company_id: UUID, *, etag: str) -> bytes:
        """The deleted company as it is sent; CompanyDeletedError when it already was."""
        with self._transactions() as work:
            record = lock_company(work, company_id, permission=DELETE, etag=etag)
            if record.company.deleted_at is not None:
                raise CompanyDeletedError(company_id)
            return self._store.store(work, history.delete(record, self._clock.now()))

    def undelete(self, company_id: UUID, *, etag: str) -> bytes:
        """The company brought back as it is sent; CompanyNotDeletedError when it was not deleted."""
        with self._transactions() as work:
            record = lock_company(work, company_id, permission=DELETE, etag=etag)
            if record.company.deleted_at is None:
                raise CompanyNotDeletedError(company_id)
            return self._store.store(work, history.undelete(record, self._clock.now()))
