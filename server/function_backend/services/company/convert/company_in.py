"""A company as a caller sends it: the message becomes a state that is yet to be checked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from function.company.v1 import company_pb2
from function_backend.services.company.convert.enums import (
    ADDRESS_KINDS,
    CONTACT_KINDS,
    NAME_KINDS,
    STATUSES,
    VERIFICATIONS,
)
from function_backend.services.company.convert.structs import read_struct
from function_backend.services.company.domain.addresses import Address
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.company import CompanyState
from function_backend.services.company.domain.contacts import Contact
from function_backend.services.company.domain.dates import Period, calendar_day
from function_backend.services.company.domain.identifiers import Identifier
from function_backend.services.company.domain.industries import Industry
from function_backend.services.company.domain.names import LegalForm, OtherName

if TYPE_CHECKING:
    from google.type import date_pb2


def read_state(message: company_pb2.Company, checks: Checks) -> CompanyState:
    """The state that the message says. What has no place in it, such as the 31st of April, is reported in `checks`."""
    # An import reads ten thousand messages a second. What is not there is not asked for: going through an empty list
    # costs four times as much as asking whether it is one. Copies of lists are slices, for the same reason.
    has = message.HasField
    names, identifiers, addresses = message.names, message.identifiers, message.addresses
    contacts, industries, labels = message.contacts, message.industries, message.labels
    return CompanyState(
        message.legal_name,
        tuple([_name(checks, n, name) for n, name in enumerate(names[:])]) if names else (),
        _legal_form(message.legal_form) if has("legal_form") else None,
        message.jurisdiction,
        STATUSES.get(message.status) or STATUSES.refuse(checks, "status", message.status),
        _day(checks, "incorporation_date", message.incorporation_date) if has("incorporation_date") else None,
        _day(checks, "dissolution_date", message.dissolution_date) if has("dissolution_date") else None,
        tuple([_identifier(checks, n, item) for n, item in enumerate(identifiers[:])]) if identifiers else (),
        tuple([_address(checks, n, address) for n, address in enumerate(addresses[:])]) if addresses else (),
        tuple([_contact(checks, n, contact) for n, contact in enumerate(contacts[:])]) if contacts else (),
        tuple([Industry(item.scheme, item.code, item.primary) for item in industries[:]]) if industries else (),
        read_struct(checks, "attributes", message.attributes) if has("attributes") else {},
        {key: labels[key] for key in labels} if labels else {},
    )


def _name(checks: Checks, index: int, name: company_pb2.CompanyName) -> OtherName:
    return OtherName(
        name.value,
        NAME_KINDS.get(name.kind) or NAME_KINDS.refuse(checks, f"names[{index}].kind", name.kind),
        name.language,
        _period(checks, f"names[{index}]", name.validity) if name.HasField("validity") else None,
    )


def _legal_form(form: company_pb2.LegalForm) -> LegalForm:
    return LegalForm(form.code, form.text)


def _identifier(checks: Checks, index: int, identifier: company_pb2.Identifier) -> Identifier:
    number = identifier.verification
    return Identifier(
        identifier.scheme,
        identifier.value,
        identifier.issuer,
        identifier.country,
        _period(checks, f"identifiers[{index}]", identifier.validity) if identifier.HasField("validity") else None,
        VERIFICATIONS.get(number) or VERIFICATIONS.refuse(checks, f"identifiers[{index}].verification", number),
    )


def _address(checks: Checks, index: int, address: company_pb2.Address) -> Address:
    kind = address.kind
    return Address(
        ADDRESS_KINDS.get(kind) or ADDRESS_KINDS.refuse(checks, f"addresses[{index}].kind", kind),
        address.country,
        address.region,
        address.city,
        address.district,
        address.postal_code,
        tuple(address.lines[:]),
        _period(checks, f"addresses[{index}]", address.validity) if address.HasField("validity") else None,
    )


def _contact(checks: Checks, index: int, contact: company_pb2.Contact) -> Contact:
    kind = CONTACT_KINDS.get(contact.kind) or CONTACT_KINDS.refuse(checks, f"contacts[{index}].kind", contact.kind)
    return Contact(kind, contact.value, contact.description)


def _period(checks: Checks, parent: str, period: company_pb2.Period) -> Period:
    return Period(
        _day(checks, f"{parent}.validity.start_date", period.start_date) if period.HasField("start_date") else None,
        _day(checks, f"{parent}.validity.end_date", period.end_date) if period.HasField("end_date") else None,
    )


def _day(checks: Checks, path: str, day: date_pb2.Date) -> date | None:
    return calendar_day(checks, path, day.year, day.month, day.day)
