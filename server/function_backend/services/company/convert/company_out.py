"""A company as callers receive it, in the bytes that are stored beside it and sent as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from function.company.v1 import company_pb2
from function_backend.services.company.convert.enums import (
    ADDRESS_KINDS,
    CONTACT_KINDS,
    NAME_KINDS,
    STATUSES,
    VERIFICATIONS,
)
from function_backend.services.company.domain.company import Company
from function_backend.services.company.domain.dates import Period

DOCUMENT_VERSION = 1
"""Raise it with each change that gives the same company other bytes: stored documents of another version are made
again when they are read."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What the constructors of messages take for their fields. A message from nested dictionaries costs half of one from
# nested messages.
_Fields = dict[str, Any]


def document(company: Company) -> bytes:
    """The company as a serialised `function.company.v1.Company`."""
    return company_pb2.Company(**company_fields(company)).SerializeToString(deterministic=True)


def document_of_message(message: company_pb2.Company, company: Company) -> bytes:
    """The same bytes as `document`, for a company that has just the state that the message says, without attributes.

    An import has the message already; completing it costs a quarter of making another one. Attributes are left out
    because what is equal in them need not have the same bytes: 0 and -0.
    """
    message.DiscardUnknownFields()
    message.ClearField("delete_time")
    message.id, message.etag, message.revision = str(company.id), company.etag, company.revision
    created, updated = timestamp(company.created_at), timestamp(company.updated_at)
    message.create_time.seconds, message.create_time.nanos = created["seconds"], created["nanos"]
    message.update_time.seconds, message.update_time.nanos = updated["seconds"], updated["nanos"]
    return message.SerializeToString(deterministic=True)


def company_fields(company: Company) -> dict[str, Any]:
    """What the constructor of `Company` takes."""
    state = company.state
    fields: _Fields = {
        "id": str(company.id),
        "etag": company.etag,
        "legal_name": state.legal_name,
        "jurisdiction": state.jurisdiction,
        "status": STATUSES.numbers[state.status],
        "identifiers": [
            _with_validity(
                {
                    "scheme": item.scheme,
                    "value": item.value,
                    "issuer": item.issuer,
                    "country": item.country,
                    "verification": VERIFICATIONS.numbers[item.verification],
                },
                item.validity,
            )
            for item in state.identifiers
        ],
        "create_time": timestamp(company.created_at),
        "update_time": timestamp(company.updated_at),
        "revision": company.revision,
    }
    if company.deleted_at is not None:
        fields["delete_time"] = timestamp(company.deleted_at)
    _add_optional(fields, company)
    return fields


@lru_cache(maxsize=64)
def timestamp(moment: datetime) -> Mapping[str, int]:
    """The fields of a `google.protobuf.Timestamp`. An import asks for the same one a thousand times."""
    passed = moment - _EPOCH
    return {"seconds": passed.days * 86_400 + passed.seconds, "nanos": passed.microseconds * 1000}


def _add_optional(fields: _Fields, company: Company) -> None:
    state = company.state
    if state.names:
        fields["names"] = [
            _with_validity(
                {"value": name.value, "kind": NAME_KINDS.numbers[name.kind], "language": name.language}, name.validity
            )
            for name in state.names
        ]
    if state.legal_form is not None:
        fields["legal_form"] = {"code": state.legal_form.code, "text": state.legal_form.text}
    if state.incorporation_date is not None:
        fields["incorporation_date"] = _date(state.incorporation_date)
    if state.dissolution_date is not None:
        fields["dissolution_date"] = _date(state.dissolution_date)
    if state.addresses:
        fields["addresses"] = [
            _with_validity(
                {
                    "kind": ADDRESS_KINDS.numbers[address.kind],
                    "country": address.country,
                    "region": address.region,
                    "city": address.city,
                    "district": address.district,
                    "postal_code": address.postal_code,
                    "lines": address.lines,
                },
                address.validity,
            )
            for address in state.addresses
        ]
    if state.contacts:
        fields["contacts"] = [
            {"kind": CONTACT_KINDS.numbers[contact.kind], "value": contact.value, "description": contact.description}
            for contact in state.contacts
        ]
    if state.industries:
        fields["industries"] = [industry._asdict() for industry in state.industries]
    if state.attributes:
        fields["attributes"] = state.attributes
    if state.labels:
        fields["labels"] = state.labels


def _with_validity(fields: _Fields, validity: Period | None) -> _Fields:
    if validity is not None:
        period = {}
        if validity.start is not None:
            period["start_date"] = _date(validity.start)
        if validity.end is not None:
            period["end_date"] = _date(validity.end)
        fields["validity"] = period
    return fields


def _date(day: date) -> _Fields:
    return {"year": day.year, "month": day.month, "day": day.day}
