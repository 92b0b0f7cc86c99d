"""Exporting all companies, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator

from function_backend.kernel.call import Call
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.ordering import Ordering
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.repository.listing import CompanyLister
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.list import CompanyPage
from function_backend.services.company.service.reading_filters import predicate_of
from function_backend.services.company.service.scope import EXPORT

_DEFAULT_SIZE = 500


class ExportCompanies:
    """Exports companies."""

    def __init__(self, transactions: Transactions, page_tokens: PageTokens, documents: Documents) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens
        self._documents = documents

    def export(
        self, filter: str, *, with_deleted: bool, batch_size: int, resume_token: str, call: Call
    ) -> Iterator[CompanyPage]:
        """Batches in the order of ids, each with the token that goes on after it.

        Every batch is a read of its own: an export of hours holds no transaction, and stops when the caller leaves.
        """
        predicate = predicate_of(filter)
        scope = scope_of(call.principal, EXPORT)
        bound = (str(call.tenant_id), "export", filter, str(with_deleted), *(() if scope is None else scope.key))
        after = self._page_tokens.read(bound, resume_token, field="resume_token")
        while not call.ended:
            with self._transactions.reading() as work:
                page = CompanyLister(work).find_page(
                    predicate,
                    Ordering(),
                    after=after,
                    limit=batch_size or _DEFAULT_SIZE,
                    with_deleted=with_deleted,
                    within=scope,
                )
                documents = self._documents.contents(work, page.items)
            if not page.items:
                return
            after = (str(page.items[-1].id),)
            yield CompanyPage(documents, self._page_tokens.write(bound, after))
            if page.next_key is None:
                return
