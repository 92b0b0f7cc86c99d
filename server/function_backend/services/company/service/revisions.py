"""Listing the history of a company."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.scope import scope_of
from function_backend.services.company.errors import CompanyNotFoundError
from function_backend.services.company.repository.revisions import CompanyHistory, RevisionReader
from function_backend.services.company.service.scope import READ

_DEFAULT_SIZE = 20


class RevisionPage(NamedTuple):
    """Some of a company's revisions, latest first, and the token of the next page; empty on the last one."""

    history: CompanyHistory
    next_page_token: str


class ListCompanyRevisions:
    """Lists revisions."""

    def __init__(self, transactions: Transactions, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens

    def list_page(self, company_id: UUID, *, page_size: int, page_token: str) -> RevisionPage:
        """One page; CompanyNotFoundError when there is no such company."""
        limit = page_size or _DEFAULT_SIZE
        with self._transactions.reading() as work:
            # What counts is whether the caller may see the company as it is now; a page token says no more than which
            # revision comes next, so it need not know.
            scope = scope_of(work.call.principal, READ)
            bound = (str(work.tenant_id), "revisions", str(company_id))
            key = self._page_tokens.read(bound, page_token)
            before = None if key is None else int(key[0])
            found, more = RevisionReader(work).find_page(company_id, before=before, limit=limit, within=scope)
        if found is None:
            raise CompanyNotFoundError(company_id)
        last = (str(found.revisions[-1].revision.number),) if more else None
        return RevisionPage(found, "" if last is None else self._page_tokens.write(bound, last))
