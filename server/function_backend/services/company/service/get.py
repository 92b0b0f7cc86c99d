"""Reading one company: now, from the cache when it may be, or as of some other time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.company import Company
from function_backend.services.company.domain.scope import CompanyScope, scope_of
from function_backend.services.company.errors import CompanyNotFoundError, CompanyStateNotFoundError
from function_backend.services.company.repository.records import CompanyReader
from function_backend.services.company.repository.revisions import RevisionReader
from function_backend.services.company.service.cached_companies import CachedAnswer, CachedCompanies
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.scope import READ


class GetCompany:
    """Reads one company."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        documents: Documents,
        cache: CachedCompanies,
        *,
        answer: Callable[[bytes], bytes],
        may_cache: Callable[[], bool],
    ) -> None:
        """`answer` makes the response of a document; `may_cache` says whether changes are being heard of."""
        self._transactions = transactions
        self._clock = clock
        self._documents = documents
        self._cache = cache
        self._answer = answer
        self._may_cache = may_cache

    def current(self, company_id: UUID, call: Call) -> bytes:
        """The response with the current state, deleted or not.

        It includes what the caller's consistency token stands for. Without one it may be as old as the cache allows,
        which forgets a company as soon as the worker hears of a change.
        """
        principal = call.principal
        if principal is not None and principal.scoped:
            scope = scope_of(principal, READ)
            if scope is not None:
                # Never from the cache, which knows nothing of who may see what.
                return self._load_within(company_id, scope)
        tenant_id = call.tenant_id
        if tenant_id is None or not self._may_cache():
            return self._load(company_id).answer
        found = self._cache.get(tenant_id, company_id, lambda: self._load(company_id), minimum=call.minimum_position)
        return found.answer

    def at(self, company_id: UUID, *, as_of: datetime | None, known_at: datetime | None) -> Company:
        """What was known at `known_at` about the company at `as_of`; each is now when absent."""
        now = self._clock.now()
        as_of, known_at = as_of or now, known_at or now
        with self._transactions.reading() as work:
            scope = scope_of(work.call.principal, READ)
            found = RevisionReader(work).find_state(company_id, as_of=as_of, known_at=known_at, within=scope)
        if found is None:
            raise CompanyNotFoundError(company_id)
        if not found.revisions:
            raise CompanyStateNotFoundError(company_id, as_of=as_of, known_at=known_at)
        return found.revisions[0].revision.company(company_id, found.created_at)

    def _load_within(self, company_id: UUID, scope: CompanyScope) -> bytes:
        with self._transactions.reading() as work:
            found = CompanyReader(work).find_documents([company_id], within=scope)
            contents = self._documents.contents(work, found.items())
        if not contents:
            raise CompanyNotFoundError(company_id)
        return self._answer(contents[0])

    def _load(self, company_id: UUID) -> CachedAnswer:
        with self._transactions.reading() as work:
            document, position = CompanyReader(work).find_document(company_id)
            if document is None:
                raise CompanyNotFoundError(company_id)
            content = document.content
            if document.version != self._documents.version:
                (content,) = self._documents.contents(work, [(company_id, document)])
        return CachedAnswer(self._answer(content), position)
