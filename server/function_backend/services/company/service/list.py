"""Listing companies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.ordering import read_ordering
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.repository.listing import CompanyLister
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.reading_filters import predicate_of
from function_backend.services.company.service.scope import READ

_DEFAULT_SIZE = 50


class CompanyPage(NamedTuple):
    """Some companies as they are sent, and the token of the next page; empty on the last one."""

    documents: list[bytes]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which companies, in which order."""

    filter: str
    order_by: str
    with_deleted: bool


class ListCompanies:
    """Lists companies."""

    def __init__(self, transactions: Transactions, page_tokens: PageTokens, documents: Documents) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens
        self._documents = documents

    def list_page(self, query: ListQuery, *, page_size: int, page_token: str) -> CompanyPage:
        """One page. Companies that are created or changed between two pages may appear on neither or on one."""
        predicate, ordering = predicate_of(query.filter), read_ordering(query.order_by)
        with self._transactions.reading() as work:
            scope = scope_of(work.call.principal, READ)
            bound: tuple[str, ...] = (
                str(work.tenant_id),
                "companies",
                query.filter,
                query.order_by,
                str(query.with_deleted),
            )
            if scope is not None:
                bound += scope.key
            page = CompanyLister(work).find_page(
                predicate,
                ordering,
                after=self._page_tokens.read(bound, page_token),
                limit=page_size or _DEFAULT_SIZE,
                with_deleted=query.with_deleted,
                within=scope,
            )
            documents = self._documents.contents(work, page.items)
        return CompanyPage(documents, "" if page.next_key is None else self._page_tokens.write(bound, page.next_key))
