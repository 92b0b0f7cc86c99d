"""The arguments of the client's methods as requests of the contract. Pure; shared by both clients."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import api_key_service_pb2, tenant_service_pb2
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
    paths = fields.split(",") if isinstance(fields, str) else fields
    return company_service_pb2.UpdateCompanyRequest(
        company=company,
        update_mask=None if paths is None else FieldMask(paths=paths),
        request_id=new_request_id(request_id),
        validate_only=validate_only,
        valid_from=timestamp(valid_from),
    )


def create_api_key(
    display_name: str,
    permissions: Iterable[str],
    *,
    rate_limit_per_second: int,
    expire_time: dt.datetime | None,
    validate_only: bool,
    request_id: str | None,
) -> api_key_service_pb2.CreateApiKeyRequest:
    """The request of `CreateApiKey`."""
    return api_key_service_pb2.CreateApiKeyRequest(
        display_name=display_name,
        permissions=permissions,
        rate_limit_per_second=rate_limit_per_second,
        expire_time=timestamp(expire_time),
        validate_only=validate_only,
        request_id=new_request_id(request_id),
    )


def create_tenant(
    name: str, *, display_name: str, validate_only: bool, request_id: str | None
) -> tenant_service_pb2.CreateTenantRequest:
    """The request of `CreateTenant`."""
    return tenant_service_pb2.CreateTenantRequest(
        name=name, display_name=display_name, validate_only=validate_only, request_id=new_request_id(request_id)
    )
