"""Reading many companies by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.errors import CompanyNotFoundError
from function_backend.services.company.repository.records import CompanyReader
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.scope import READ


class FoundCompanies(NamedTuple):
    """The companies in the order of the ids asked for, as they are sent, and the ids that do not exist."""

    documents: list[bytes]
    missing: list[UUID]


class BatchGetCompanies:
    """Reads many companies at once."""

    def __init__(self, transactions: Transactions, documents: Documents) -> None:
        self._transactions = transactions
        self._documents = documents

    def batch_get(self, company_ids: Sequence[UUID], *, allow_missing: bool) -> FoundCompanies:
        """The current states; CompanyNotFoundError for the first id that does not exist, unless that is allowed."""
        wanted = list(dict.fromkeys(company_ids))
        with self._transactions.reading() as work:
            stored = CompanyReader(work).find_documents(wanted, within=scope_of(work.call.principal, READ))
            contents = dict(zip(stored, self._documents.contents(work, stored.items()), strict=True))
        missing = [company_id for company_id in wanted if company_id not in contents]
        if missing and not allow_missing:
            raise CompanyNotFoundError(missing[0])
        return FoundCompanies([contents[item] for item in company_ids if item in contents], missing)
