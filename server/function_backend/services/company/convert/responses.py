"""What the use cases return, as responses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf import field_mask_pb2

from function.company.v1 import company_service_pb2 as wire
from function_backend.services.company.convert.company_out import company_fields, document, timestamp
from function_backend.services.company.convert.enums import REVISION_KINDS
from function_backend.services.company.convert.framing import double, embedded, repeated, text
from function_backend.services.company.domain.company import Company
from function_backend.services.company.events import CompanyEvent
from function_backend.services.company.repository.revisions import CompanyHistory, RecordedRevision

# The number of the field in every response, event and result that carries a company, or a list of them.
_COMPANY = 1
_TOKEN = 2
_MISSING_IDS = 2
_CHANGED_FIELDS = 2
_SCORE = 2
_MATCHED = 3


def one(company: bytes) -> bytes:
    """A response that carries one company and nothing else: of Get, Create, Update, Delete and Undelete."""
    return embedded(_COMPANY, company)


def one_from_history(company: Company) -> bytes:
    """A `GetCompanyResponse` with a state that is not the current one."""
    return one(document(company))


def companies(documents: Iterable[bytes]) -> bytes:
    """The companies of any response that carries a list of them."""
    return repeated(_COMPANY, documents)


def page(companies: Iterable[bytes], next_token: str) -> bytes:
    """A response with companies and a token: of List and Export."""
    return repeated(_COMPANY, companies) + text(_TOKEN, next_token)


def found(companies: Iterable[bytes], missing_ids: Iterable[object]) -> bytes:
    """A `BatchGetCompaniesResponse`."""
    return repeated(_COMPANY, companies) + repeated(_MISSING_IDS, [str(item).encode() for item in missing_ids])


def search_results(found: Iterable[tuple[bytes, float, str]], next_page_token: str) -> bytes:
    """A `SearchCompaniesResponse` of companies as they are sent, each with its score and what fitted."""
    return page([_search_result(*result) for result in found], next_page_token)


def revisions(history: CompanyHistory, next_page_token: str) -> wire.ListCompanyRevisionsResponse:
    """One page of history."""
    return wire.ListCompanyRevisionsResponse(
        revisions=[wire.CompanyRevision(**_revision(history, item)) for item in history.revisions],
        next_page_token=next_page_token,
    )


def event(happened: CompanyEvent) -> bytes:
    """The payload of an event that carries the company and nothing else."""
    return embedded(_COMPANY, happened.document)


def updated_event(happened: CompanyEvent) -> bytes:
    """A `CompanyUpdated`."""
    mask = field_mask_pb2.FieldMask(paths=happened.changed_fields)
    return event(happened) + embedded(_CHANGED_FIELDS, mask.SerializeToString())


def _revision(history: CompanyHistory, recorded: RecordedRevision) -> dict[str, Any]:
    revision = recorded.revision
    return {
        "revision": revision.number,
        "kind": REVISION_KINDS.numbers[revision.kind],
        "valid_from": timestamp(revision.valid_from),
        "record_time": timestamp(revision.recorded_at),
        "actor": recorded.actor,
        "request_id": recorded.request_id,
        "company": company_fields(revision.company(history.company_id, history.created_at)),
    }


def _search_result(company: bytes, score: float, matched: str) -> bytes:
    return embedded(_COMPANY, company) + double(_SCORE, score) + text(_MATCHED, matched)
