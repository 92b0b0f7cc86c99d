"""The arguments of the client's methods as requests of the contract. Pure; shared by both clients."""

from __future__ import annotations

import copy
import datetime as dt
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Protocol, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from function.company.v1 import company_pb2, company_service_pb2


def timestamp(moment: dt.datetime | Timestamp | None) -> Timestamp | None:
    """A moment as the contract has it. A datetime without a zone is refused: nobody can say which moment it is."""
    if moment is None or isinstance(moment, Timestamp):
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; use datetime.now(tz=UTC) or .replace(tzinfo=…)")
    stamp = Timestamp()
    stamp.FromDatetime(moment.astimezone(dt.UTC))
    return stamp


def new_request_id(given: str | None) -> str:
    """The caller's request id, or a new one."""
    return given if given is not None else str(uuid.uuid4())


def create_company(
    company: company_pb2.Company,
    *,
    valid_from: dt.datetime | None,
    validate_only: bool,
    request_id: str | None,
) -> company_service_pb2.CreateCompanyRequest:
    """The request of `CreateCompany`."""
    return company_service_pb2.CreateCompanyRequest(
        company=company,
        request_id=new_request_id(request_id),
        validate_only=validate_only,
        valid_from=timestamp(valid_from),
    )


def get_company(
    company_id: str, *, as_of: dt.datetime | None, known_at: dt.datetime | None
) -> company_service_pb2.GetCompanyRequest:
    """The request of `GetCompany`."""
    if as_of is None and known_at is None:
        return company_service_pb2.GetCompanyRequest(id=company_id)
    return company_service_pb2.GetCompanyRequest(id=company_id, as_of=timestamp(as_of), known_at=timestamp(known_at))


def update_company(
    company: company_pb2.Company,
    *,
    fields: Iterable[str] | str | None,
    valid_from: dt.datetime | None,
    validate_only: bool,
    request_id: str | None,
) -> company_service_pb2.UpdateCompanyRequest:
    """The request of `UpdateCompany`."""
    return company_service_pb2.UpdateCompanyRequest(
        company=company,
        update_mask=field_mask(fields),
        request_id=new_request_id(request_id),
        validate_only=validate_only,
        valid_from=timestamp(valid_from),
    )


def duration(span: dt.timedelta | Duration | None) -> Duration | None:
    """A span of time as the contract has it."""
    if span is None or isinstance(span, Duration):
        return span
    length = Duration()
    length.FromTimedelta(span)
    return length


def field_mask(fields: Iterable[str] | str | None) -> FieldMask | None:
    """The fields that a change sets, given one by one or with commas between; all populated ones when None."""
    if fields is None:
        return None
    return FieldMask(paths=fields.split(",") if isinstance(fields, str) else fields)


class _Paged(Protocol):
    page_token: str


Paged = TypeVar("Paged", bound=_Paged)


def at_page(request: Paged, token: str) -> Paged:
    """The request for another page. A copy: two iterations over one list may be at different pages."""
    turned = copy.copy(request)
    turned.page_token = token
    return turned


Item = TypeVar("Item")


def iterator(items: Iterable[Item] | AsyncIterable[Item]) -> Iterator[Item] | AsyncIterator[Item]:
    """The one over what may be either kind of iterable."""
    return aiter(items) if isinstance(items, AsyncIterable) else iter(items)
