"""Searching companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.repository.search import SearchFilters, SearchRepository
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.scope import READ

_DEFAULT_SIZE = 10


class FoundCompany(NamedTuple):
    """One result: the company as it is sent, how well it fits from 0 to 1, and the name or identifier that fitted."""

    document: bytes
    score: float
    matched: str


class SearchPage(NamedTuple):
    """Some results, best first, and the token of the next page; empty on the last one."""

    found: Sequence[FoundCompany]
    next_page_token: str


class SearchCompanies:
    """Finds companies by name or identifier."""

    def __init__(self, transactions: Transactions, page_tokens: PageTokens, documents: Documents) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens
        self._documents = documents

    def search(self, query: str, filters: SearchFilters, *, page_size: int, page_token: str) -> SearchPage:
        """One page of results; a search ends after 1,000 of them."""
        with self._transactions.reading() as work:
            bound = (
                str(work.tenant_id),
                "search",
                query,
                *("statuses", *sorted(filters.statuses)),
                *("countries", *sorted(filters.countries)),
                *("industries", *sorted(filters.industries)),
            )
            scope = scope_of(work.call.principal, READ)
            if scope is not None:
                bound = (*bound, "within", *scope.key)
            after = self._page_tokens.read(bound, page_token)
            limit = page_size or _DEFAULT_SIZE
            page = SearchRepository(work, within=scope).find(query, filters, after=after, limit=limit)
            contents = self._documents.contents(work, [(hit.company_id, hit.document) for hit in page.items])
        found = [
            FoundCompany(content, hit.score, hit.matched) for content, hit in zip(contents, page.items, strict=True)
        ]
        return SearchPage(found, "" if page.next_key is None else self._page_tokens.write(bound, page.next_key))
