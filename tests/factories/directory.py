"""A tenant's companies, stored and searched by the use cases themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from function.company.v1 import company_pb2
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.gates import Gates
from function_backend.kernel.identity import Principal
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.convert.company_out import DOCUMENT_VERSION, document
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import CompanyState
from function_backend.services.company.domain.draft import Draft
from function_backend.services.company.domain.names import NameKind, OtherName
from function_backend.services.company.domain.search.known_words import KnownWords
from function_backend.services.company.repository.search import SearchFilters
from function_backend.services.company.service.create import CreateCompany
from function_backend.services.company.service.delete import DeleteCompany
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.gate import CompanyGate
from function_backend.services.company.service.search import SearchCompanies
from function_backend.services.company.service.store import CompanyStore
from function_backend.services.company.service.update import UpdateCompany
from tests.factories.auth import a_principal, calling

_NO_FILTERS = SearchFilters()


class Found(NamedTuple):
    """One result."""

    legal_name: str
    matched: str
    score: float
    id: str


class Directory:
    """The companies of one tenant."""

    def __init__(self, transactions: Transactions, *, principal: Principal | None = None) -> None:
        self.principal = principal or a_principal()
        self.known_words = KnownWords()
        clock, documents = SystemClock(), Documents(document, version=DOCUMENT_VERSION)
        store = CompanyStore(documents, self.known_words)
        passing = CompanyGate(Gates(), document)
        self._create = CreateCompany(transactions, clock, store, passing)
        self._update = UpdateCompany(transactions, clock, store, documents, passing)
        self._delete = DeleteCompany(transactions, clock, store)
        self._search = SearchCompanies(transactions, PageTokens(b"a secret of the tests"), documents)

    def add(self, *legal_names: str) -> None:
        """Companies with these names and nothing else."""
        for name in legal_names:
            self.add_company(CompanyState(name))

    def add_company(self, state: CompanyState) -> UUID:
        """A company in this state; returns its id."""
        with calling(self.principal):
            return _id(self._create.create(Draft(state, Checks("company")), valid_from=None))

    def change(self, company_id: UUID, state: CompanyState, *fields: str) -> None:
        """Sets the fields of the company to those of the state."""
        with calling(self.principal):
            self._update.update(company_id, Draft(state, Checks("company")), mask=fields, etag="", valid_from=None)

    def delete(self, company_id: UUID) -> None:
        with calling(self.principal):
            self._delete.delete(company_id, etag="")

    def undelete(self, company_id: UUID) -> None:
        with calling(self.principal):
            self._delete.undelete(company_id, etag="")

    def search(self, query: str, filters: SearchFilters = _NO_FILTERS, *, size: int = 10) -> list[Found]:
        """The first results."""
        return self.search_page(query, filters, size=size, token="")[0]

    def search_page(
        self, query: str, filters: SearchFilters = _NO_FILTERS, *, size: int, token: str
    ) -> tuple[list[Found], str]:
        """One page of results and the token of the next one."""
        with calling(self.principal):
            page = self._search.search(query, filters, page_size=size, page_token=token)
        found = []
        for result in page.found:
            company = company_pb2.Company.FromString(result.document)
            found.append(Found(company.legal_name, result.matched, result.score, company.id))
        return found, page.next_page_token

    def names(self, query: str, filters: SearchFilters = _NO_FILTERS) -> list[str]:
        """The legal names of the first results."""
        return [found.legal_name for found in self.search(query, filters)]


def trading_as(*names: str, kind: NameKind = NameKind.TRADING) -> Sequence[OtherName]:
    """Further names of a company."""
    return tuple(OtherName(name, kind) for name in names)


def _id(company: bytes) -> UUID:
    return UUID(company_pb2.Company.FromString(company).id)
