"""Wires the folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function_backend.filters import grammar as filter_grammar
from function_backend.jobs.purging import purge_schedule
from function_backend.kernel.events import DomainEvent
from function_backend.kernel.slice import Slice
from function_backend.persistence.idempotency import StoredAnswers
from function_backend.resources import Resources
from function_backend.services.company.convert import responses, transfers
from function_backend.services.company.convert.company_out import DOCUMENT_VERSION, document
from function_backend.services.company.convert.framing import first_content
from function_backend.services.company.convert.imports import import_response
from function_backend.services.company.domain import contacts
from function_backend.services.company.domain.scope import RESOURCE_TYPE
from function_backend.services.company.domain.search.known_words import KnownWords
from function_backend.services.company.events import (
    CompanyCreated,
    CompanyDeleted,
    CompanyUndeleted,
    CompanyUpdated,
    ExportRequested,
    ImportRequested,
)
from function_backend.services.company.repository.transfers import purge_transfers
from function_backend.services.company.service.batch_get import BatchGetCompanies
from function_backend.services.company.service.batch_importer import BatchImporter
from function_backend.services.company.service.cached_companies import CachedCompanies
from function_backend.services.company.service.create import CreateCompany
from function_backend.services.company.service.delete import DeleteCompany
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.download_export import DownloadExport
from function_backend.services.company.service.export import ExportCompanies
from function_backend.services.company.service.gate import CompanyGate
from function_backend.services.company.service.get import GetCompany
from function_backend.services.company.service.import_companies import ImportCompanies
from function_backend.services.company.service.import_rejections import ListImportRejections
from function_backend.services.company.service.list import ListCompanies
from function_backend.services.company.service.repeated_streams import RepeatedStreams
from function_backend.services.company.service.revisions import ListCompanyRevisions
from function_backend.services.company.service.run_export import RunExport
from function_backend.services.company.service.run_import import RunImport
from function_backend.services.company.service.search import SearchCompanies
from function_backend.services.company.service.start_export import StartExport
from function_backend.services.company.service.store import TOPIC, CompanyStore
from function_backend.services.company.service.transfers import TransferLimits
from function_backend.services.company.service.update import UpdateCompany
from function_backend.services.company.service.upload_import import UploadImport
from function_backend.services.company.service.walk import WalkCompanies
from function_backend.services.company.servicer.company import CompanyServicer, CompanyUseCases
from function_backend.services.company.servicer.transfer import TransferServicer, TransferUseCases
from function_backend.services.company.settings import CompanySettings

EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    CompanyCreated: responses.event,
    CompanyUpdated: responses.updated_event,
    CompanyDeleted: responses.event,
    CompanyUndeleted: responses.event,
    ImportRequested: transfers.import_requested,
    ExportRequested: transfers.export_requested,
}


def build(resources: Resources, settings: CompanySettings) -> Slice:
    """The servicer of companies."""
    transactions, clock, tokens = resources.transactions, resources.clock, resources.page_tokens
    documents = Documents(document, version=DOCUMENT_VERSION)
    cache = CachedCompanies(size=settings.cached_companies, ttl=settings.cached_for.total_seconds())
    store = CompanyStore(documents, KnownWords())
    passing = CompanyGate(resources.gates, document)
    batches = BatchImporter(transactions, clock, store, passing)
    repeated = RepeatedStreams(transactions, StoredAnswers(clock))
    use_cases = CompanyUseCases(
        create=CreateCompany(transactions, clock, store, passing),
        get=GetCompany(
            transactions, clock, documents, cache, answer=responses.one, may_cache=resources.listener_healthy
        ),
        batch_get=BatchGetCompanies(transactions, documents),
        list=ListCompanies(transactions, tokens, documents),
        update=UpdateCompany(transactions, clock, store, documents, passing),
        delete=DeleteCompany(transactions, clock, store),
        search=SearchCompanies(transactions, tokens, documents),
        revisions=ListCompanyRevisions(transactions, tokens),
        importing=ImportCompanies(
            transactions,
            clock,
            batches,
            repeated,
            row_limit=settings.import_row_limit,
            answer=import_response,
        ),
        export=ExportCompanies(transactions, tokens, documents),
    )
    limits = TransferLimits(
        rows=settings.upload_row_limit, most_open=settings.most_transfers, kept_for=settings.transfers_kept_for
    )
    behind = TransferUseCases(
        upload=UploadImport(transactions, clock, resources.jobs, repeated, limits, answer=transfers.upload_response),
        rejections=ListImportRejections(transactions, tokens),
        start=StartExport(transactions, clock, resources.jobs, limits),
        download=DownloadExport(transactions, tokens, resources.jobs),
    )
    imports = RunImport(
        transactions,
        clock,
        batches,
        rows_of=transfers.rows_of,
        result=transfers.import_summary,
        kept_for=limits.kept_for,
    )
    exports = RunExport(
        transactions,
        clock,
        documents,
        part_of=responses.companies,
        result=transfers.export_summary,
        kept_for=limits.kept_for,
    )
    return Slice(
        name="company",
        servicers={
            "function.company.v1.CompanyService": CompanyServicer(use_cases),
            "function.company.v1.TransferService": TransferServicer(behind),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={TOPIC: cache.forget},
        cache_resets=(cache.forget_all,),
        caches={"companies": cache.statistics},
        pages={RESOURCE_TYPE: WalkCompanies(transactions, documents)},
        references={RESOURCE_TYPE: lambda company_id, call: first_content(use_cases.get.current(company_id, call))},
        job_kinds=(imports.kind, exports.kind),
        schedules=(purge_schedule("company.purge_transfers", purge_transfers, transactions=transactions, clock=clock),),
        warm_ups=(filter_grammar.parser, contacts.warm_up),
    )
