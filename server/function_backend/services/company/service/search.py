"""Searching companies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.repository.search import Hit, SearchFilters, SearchRepository

_DEFAULT_SIZE = 10


class SearchPage(NamedTuple):
    """Some results, best first, and the token of the next page; empty on the last one."""

    hits: Sequence[Hit]
    next_page_token: str


class SearchCompanies:
    """Finds companies by name or identifier."""

    def __init__(self, transactions: Transactions, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens

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
            after = self._page_tokens.read(bound, page_token)
            page = SearchRepository(work).find(query, filters, after=after, limit=page_size or _DEFAULT_SIZE)
        return SearchPage(page.items, "" if page.next_key is None else self._page_tokens.write(bound, page.next_key))
