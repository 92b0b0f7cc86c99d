"""Companies over gRPC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from function.company.v1 import company_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.company.convert import requests, responses
from function_backend.services.company.convert.imports import import_steps
from function_backend.services.company.service.batch_get import BatchGetCompanies
from function_backend.services.company.service.create import CreateCompany
from function_backend.services.company.service.delete import DeleteCompany
from function_backend.services.company.service.export import ExportCompanies
from function_backend.services.company.service.get import GetCompany
from function_backend.services.company.service.import_companies import ImportCompanies
from function_backend.services.company.service.list import ListCompanies, ListQuery
from function_backend.services.company.service.revisions import ListCompanyRevisions
from function_backend.services.company.service.search import SearchCompanies
from function_backend.services.company.service.update import UpdateCompany


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyUseCases:
    """What the servicer calls."""

    create: CreateCompany
    get: GetCompany
    batch_get: BatchGetCompanies
    list: ListCompanies
    update: UpdateCompany
    delete: DeleteCompany
    search: SearchCompanies
    revisions: ListCompanyRevisions
    importing: ImportCompanies
    export: ExportCompanies


class CompanyServicer:
    """`function.company.v1.CompanyService`. Responses are the bytes that are stored, wherever they can be."""

    def __init__(self, use_cases: CompanyUseCases) -> None:
        self._do = use_cases

    def CreateCompany(self, request: wire.CreateCompanyRequest, call: Call) -> bytes:
        valid_from = requests.moment(request, "valid_from")
        return responses.one(self._do.create.create(requests.draft(request.company), valid_from=valid_from))

    def GetCompany(self, request: wire.GetCompanyRequest, call: Call) -> bytes:
        company_id = requests.company_id(request.id)
        as_of, known_at = requests.moment(request, "as_of"), requests.moment(request, "known_at")
        if as_of is None and known_at is None:
            return self._do.get.current(company_id, call)
        return responses.one_from_history(self._do.get.at(company_id, as_of=as_of, known_at=known_at))

    def BatchGetCompanies(self, request: wire.BatchGetCompaniesRequest, call: Call) -> bytes:
        ids = requests.company_ids(request.ids)
        found = self._do.batch_get.batch_get(ids, allow_missing=request.allow_missing)
        return responses.found(found.documents, found.missing)

    def ListCompanies(self, request: wire.ListCompaniesRequest, call: Call) -> bytes:
        query = ListQuery(filter=request.filter, order_by=request.order_by, with_deleted=request.show_deleted)
        page = self._do.list.list_page(query, page_size=request.page_size, page_token=request.page_token)
        return responses.page(page.documents, page.next_page_token)

    def UpdateCompany(self, request: wire.UpdateCompanyRequest, call: Call) -> bytes:
        changed = self._do.update.update(
            requests.company_id(request.company.id, "company.id"),
            requests.draft(request.company),
            mask=request.update_mask.paths,
            etag=request.company.etag,
            valid_from=requests.moment(request, "valid_from"),
        )
        return responses.one(changed)

    def DeleteCompany(self, request: wire.DeleteCompanyRequest, call: Call) -> bytes:
        return responses.one(self._do.delete.delete(requests.company_id(request.id), etag=request.etag))

    def UndeleteCompany(self, request: wire.UndeleteCompanyRequest, call: Call) -> bytes:
        return responses.one(self._do.delete.undelete(requests.company_id(request.id), etag=request.etag))

    def SearchCompanies(self, request: wire.SearchCompaniesRequest, call: Call) -> bytes:
        page = self._do.search.search(
            request.query,
            requests.search_filters(request),
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return responses.search_results(page.found, page.next_page_token)

    def ListCompanyRevisions(
        self, request: wire.ListCompanyRevisionsRequest, call: Call
    ) -> wire.ListCompanyRevisionsResponse:
        company_id = requests.company_id(request.id)
        page = self._do.revisions.list_page(company_id, page_size=request.page_size, page_token=request.page_token)
        return responses.revisions(page.history, page.next_page_token)

    def ImportCompanies(self, stream: Iterable[wire.ImportCompaniesRequest], call: Call) -> bytes:
        return self._do.importing.run(import_steps(stream), call)

    def ExportCompanies(self, request: wire.ExportCompaniesRequest, call: Call) -> Iterator[bytes]:
        batches = self._do.export.export(
            request.filter,
            with_deleted=request.show_deleted,
            batch_size=request.batch_size,
            resume_token=request.resume_token,
            call=call,
        )
        return (responses.page(batch.documents, batch.next_page_token) for batch in batches)
