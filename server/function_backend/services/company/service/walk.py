"""Going through all companies, for other folders."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.ordering import Ordering
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.repository.listing import CompanyLister
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.scope import READ


class WalkCompanies:
    """Reads all companies that the caller sees and that are not deleted, page by page."""

    def __init__(self, transactions: Transactions, documents: Documents) -> None:
        self._transactions = transactions
        self._documents = documents

    def count(self) -> int:
        """How many there are."""
        with self._transactions.reading() as work:
            return CompanyLister(work).count(within=scope_of(work.call.principal, READ))

    def page(self, after: UUID | None, *, limit: int) -> Sequence[tuple[UUID, bytes]]:
        """Companies after the given one in the order of their ids, as they are sent; none after the last one."""
        with self._transactions.reading() as work:
            page = CompanyLister(work).find_page(
                None,
                Ordering(),
                after=None if after is None else (str(after),),
                limit=limit,
                with_deleted=False,
                within=scope_of(work.call.principal, READ),
            )
            documents = self._documents.contents(work, page.items)
        return [(item.id, document) for item, document in zip(page.items, documents, strict=True)]
