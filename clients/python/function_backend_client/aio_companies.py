"""Companies through the asynchronous client."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.aio_importing import AsyncImportCall, AsyncImportRun, ImportRows
from function_backend_client.exporting import AsyncExport
from function_backend_client.import_progress import ImportProgress, Repair
from function_backend_client.pages import AsyncPager, Page
from function_backend_client.shipments import ImportOptions

Company = company_pb2.Company
OpenAsyncImports: TypeAlias = Callable[[int], AbstractAsyncContextManager[AsyncImportCall]]
"""Opens `ImportCompanies` for messages that are serialised already, on as many connections as there are streams."""


class AsyncCompanies:
    """The companies of the caller's tenant. Every method raises FunctionBackendError where the service refuses.

    `timeout` is in seconds; without it the client's own for the kind of method counts. Changes carry a `request_id`,
    so that they are safe to retry; give your own to make a retry of yours safe across processes.
    """

    def __init__(self, stub: company_service_pb2_grpc.CompanyServiceAsyncStub, open_imports: OpenAsyncImports) -> None:
        self._stub = stub
        self._open_imports = open_imports

    async def create(
        self,
        company: Company,
        *,
        valid_from: dt.datetime | None = None,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> Company:
        """Creates a company and returns it as stored."""
        request = requests.create_company(
            company, valid_from=valid_from, validate_only=validate_only, request_id=request_id
        )
        return (await self._stub.CreateCompany(request, timeout=timeout)).company

    async def get(
        self,
        company_id: str,
        *,
        as_of: dt.datetime | None = None,
        known_at: dt.datetime | None = None,
        timeout: float | None = None,
    ) -> Company:
        """The company, now or as it was at `as_of` by what was known at `known_at`."""
        return (
            await self._stub.GetCompany(
                requests.get_company(company_id, as_of=as_of, known_at=known_at), timeout=timeout
            )
        ).company

    async def batch_get(
        self, ids: Iterable[str], *, allow_missing: bool = False, timeout: float | None = None
    ) -> company_service_pb2.BatchGetCompaniesResponse:
        """Up to 1,000 companies in the order of their ids; with `allow_missing` the unknown ids are named."""
        request = company_service_pb2.BatchGetCompaniesRequest(ids=ids, allow_missing=allow_missing)
        return await self._stub.BatchGetCompanies(request, timeout=timeout)

    def list(
        self,
        *,
        filter: str = "",
        order_by: str = "",
        show_deleted: bool = False,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[Company]:
        """The companies that fit a filter, such as `jurisdiction = "DE"`, in order."""

        async def fetch(token: str) -> Page[Company]:
            request = company_service_pb2.ListCompaniesRequest(
                filter=filter, order_by=order_by, show_deleted=show_deleted, page_size=page_size, page_token=token
            )
            response = await self._stub.ListCompanies(request, timeout=timeout)
            return Page(response.companies, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        company: Company,
        *,
        fields: Iterable[str] | str | None = None,
        valid_from: dt.datetime | None = None,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> Company:
        """Sets the fields named (`["legal_name", "labels.tier"]`; all populated ones when None) and returns the result.

        With the etag that was read, the change is refused when somebody else was faster (`CompanyEtagMismatchError`).
        """
        request = requests.update_company(
            company, fields=fields, valid_from=valid_from, validate_only=validate_only, request_id=request_id
        )
        return (await self._stub.UpdateCompany(request, timeout=timeout)).company

    async def delete(
        self,
        company_id: str,
        *,
        etag: str = "",
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> Company:
        """Deletes a company softly: it keeps its history and identifiers, and can be undeleted."""
        request = company_service_pb2.DeleteCompanyRequest(
            id=company_id, etag=etag, validate_only=validate_only, request_id=requests.new_request_id(request_id)
        )
        return (await self._stub.DeleteCompany(request, timeout=timeout)).company

    async def undelete(
        self,
        company_id: str,
        *,
        etag: str = "",
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> Company:
        """Brings a deleted company back."""
        request = company_service_pb2.UndeleteCompanyRequest(
            id=company_id, etag=etag, validate_only=validate_only, request_id=requests.new_request_id(request_id)
        )
        return (await self._stub.UndeleteCompany(request, timeout=timeout)).company

    def search(
        self,
        query: str,
        *,
        countries: Iterable[str] = (),
        statuses: Iterable[company_pb2.CompanyStatus.ValueType] = (),
        industries: Iterable[str] = (),
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[company_service_pb2.CompanySearchResult]:
        """Companies by a name (typing errors allowed), the beginning of one, or an identifier; best first."""
        countries, statuses, industries = tuple(countries), tuple(statuses), tuple(industries)

        async def fetch(token: str) -> Page[company_service_pb2.CompanySearchResult]:
            request = company_service_pb2.SearchCompaniesRequest(
                query=query,
                countries=countries,
                statuses=statuses,
                industries=industries,
                page_size=page_size,
                page_token=token,
            )
            response = await self._stub.SearchCompanies(request, timeout=timeout)
            return Page(response.results, response.next_page_token)

        return AsyncPager(fetch, page_token)

    def revisions(
        self, company_id: str, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> AsyncPager[company_service_pb2.CompanyRevision]:
        """Every recorded state of a company, latest first."""

        async def fetch(token: str) -> Page[company_service_pb2.CompanyRevision]:
            request = company_service_pb2.ListCompanyRevisionsRequest(
                id=company_id, page_size=page_size, page_token=token
            )
            response = await self._stub.ListCompanyRevisions(request, timeout=timeout)
            return Page(response.revisions, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def import_(
        self,
        rows: ImportRows,
        *,
        match_scheme: str,
        source: str = "",
        validate_only: bool = False,
        options: ImportOptions | None = None,
        on_progress: Callable[[ImportProgress], None] | None = None,
        repair: Repair | None = None,
    ) -> company_service_pb2.ImportCompaniesResponse:
        """Creates and updates the companies of any number of rows and returns the sum of what was done.

        A row finds its company by its identifier of `match_scheme` (`id`: by `company.id`). Rows of one company are
        applied in the order given. A row that is refused is in `rejections` and stops nothing; companies without
        `ImportRow` are numbered from 1. `repair` may change a refused row and have it tried again.

        Interrupted streams are sent again; where that does not help, the exception is raised and what the progress
        reported as `settled` needs no second import. Repeating all of it is safe as well.
        """
        config = company_service_pb2.ImportConfig(match_scheme=match_scheme, source=source, validate_only=validate_only)
        chosen = options or ImportOptions()
        async with self._open_imports(chosen.streams) as call:
            return await AsyncImportRun(call, config, chosen, on_progress=on_progress, repair=repair).run(rows)

    def export(
        self,
        *,
        filter: str = "",
        show_deleted: bool = False,
        batch_size: int = 0,
        resume_token: str = "",
        timeout: float | None = None,
    ) -> AsyncExport:
        """All companies that fit a filter, in order of id. A broken stream is taken up again after the last batch."""
        request = company_service_pb2.ExportCompaniesRequest(
            filter=filter, show_deleted=show_deleted, batch_size=batch_size, resume_token=resume_token
        )
        return AsyncExport(self._stub.ExportCompanies, request, timeout=timeout)
