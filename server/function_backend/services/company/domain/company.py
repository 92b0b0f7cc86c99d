"""The company: its state, which has versions, and the record around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from function_backend.services.company.domain.addresses import Address, check_address
from function_backend.services.company.domain.attributes import Json, check_attributes
from function_backend.services.company.domain.checks import Checks
from function_backend.services.company.domain.contacts import Contact, check_contact
from function_backend.services.company.domain.identifiers import Identifier, check_identifiers
from function_backend.services.company.domain.industries import Industry, check_industries
from function_backend.services.company.domain.labels import check_labels
from function_backend.services.company.domain.names import (
    MAX_NAME_LENGTH,
    LegalForm,
    OtherName,
    check_legal_form,
    check_other_name,
)
from function_backend.services.company.domain.places import check_jurisdiction, country_of
from function_backend.services.company.domain.text import line

MAX_NAMES = 100
MAX_IDENTIFIERS = 100
MAX_ADDRESSES = 50
MAX_CONTACTS = 50
MAX_INDUSTRIES = 50


class CompanyStatus(StrEnum):
    """The life-cycle state that a register reports."""

    UNSPECIFIED = "UNSPECIFIED"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    IN_LIQUIDATION = "IN_LIQUIDATION"
    DISSOLVED = "DISSOLVED"


class CompanyState(NamedTuple):
    """What is said about a company: the part of the record that callers write and that has versions.

    A tuple and not a dataclass, like the values in it: an import builds some ten of them per row, and a frozen
    dataclass costs four times as much to build.
    """

    legal_name: str
    names: tuple[OtherName, ...] = ()
    legal_form: LegalForm | None = None
    jurisdiction: str = ""
    status: CompanyStatus = CompanyStatus.UNSPECIFIED
    incorporation_date: date | None = None
    dissolution_date: date | None = None
    identifiers: tuple[Identifier, ...] = ()
    addresses: tuple[Address, ...] = ()
    contacts: tuple[Contact, ...] = ()
    industries: tuple[Industry, ...] = ()
    attributes: Mapping[str, Json] = MappingProxyType({})
    labels: Mapping[str, str] = MappingProxyType({})

    @property
    def countries(self) -> list[str]:
        """The country of the jurisdiction and those of the addresses, each once."""
        countries = {address.country for address in self.addresses}
        if self.jurisdiction:
            countries.add(country_of(self.jurisdiction))
        return sorted(countries)


FIELDS: tuple[str, ...] = CompanyState._fields
"""The names of the fields that callers write, in the order of the contract."""


class Company(NamedTuple):
    """A company as it is kept: a state and which version it is."""

    id: UUID
    state: CompanyState
    revision: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @property
    def etag(self) -> str:
        """The version of this state, to be compared and not read."""
        return etag(self.id, self.revision)


def etag(company_id: UUID, revision: int) -> str:
    """The etag of a revision: it differs between companies and between revisions."""
    return hashlib.blake2b(b"%b%d" % (company_id.bytes, revision), digest_size=8).hexdigest()


def checked_state(checks: Checks, state: CompanyState, fields: frozenset[str] | None = None) -> CompanyState:
    """The state with the named fields, or all, checked and normalised; what is wrong is reported in `checks`."""
    if fields is None:
        checked = CompanyState(*[check(checks, state) for check in _CHECKS.values()])
    else:
        checked = state._replace(**{name: _CHECKS[name](checks, state) for name in FIELDS if name in fields})
    incorporated, dissolved = checked.incorporation_date, checked.dissolution_date
    if incorporated is not None and dissolved is not None and dissolved < incorporated:
        checks.refuse("dissolution_date", f"is {dissolved}, before the incorporation on {incorporated}")
    return checked


def _names(checks: Checks, state: CompanyState) -> tuple[OtherName, ...]:
    if not state.names or _too_many(checks, "names", state.names, MAX_NAMES):
        return state.names
    return tuple([check_other_name(checks, f"names[{n}]", name) for n, name in enumerate(state.names)])


def _identifiers(checks: Checks, state: CompanyState) -> tuple[Identifier, ...]:
    if not state.identifiers or _too_many(checks, "identifiers", state.identifiers, MAX_IDENTIFIERS):
        return state.identifiers
    return check_identifiers(checks, "identifiers", state.identifiers)


def _addresses(checks: Checks, state: CompanyState) -> tuple[Address, ...]:
    if not state.addresses or _too_many(checks, "addresses", state.addresses, MAX_ADDRESSES):
        return state.addresses
    return tuple([check_address(checks, f"addresses[{n}]", address) for n, address in enumerate(state.addresses)])


def _contacts(checks: Checks, state: CompanyState) -> tuple[Contact, ...]:
    if not state.contacts or _too_many(checks, "contacts", state.contacts, MAX_CONTACTS):
        return state.contacts
    region = country_of(state.jurisdiction)
    return tuple([check_contact(checks, f"contacts[{n}]", item, region) for n, item in enumerate(state.contacts)])


def _industries(checks: Checks, state: CompanyState) -> tuple[Industry, ...]:
    if not state.industries or _too_many(checks, "industries", state.industries, MAX_INDUSTRIES):
        return state.industries
    return check_industries(checks, "industries", state.industries)


def _too_many(checks: Checks, path: str, items: Sequence[object], limit: int) -> bool:
    if len(items) <= limit:
        return False
    checks.refuse(path, f"has {len(items)} items; at most {limit} are allowed")
    return True


# In the order of the fields.
_CHECKS: Mapping[str, Callable[[Checks, CompanyState], Any]] = {
    "legal_name": lambda checks, state: line(
        checks, "", "legal_name", state.legal_name, MAX_NAME_LENGTH, required=True
    ),
    "names": _names,
    "legal_form": lambda checks, state: check_legal_form(checks, "legal_form", state.legal_form),
    "jurisdiction": lambda checks, state: check_jurisdiction(checks, "jurisdiction", state.jurisdiction),
    "status": lambda _, state: state.status,
    "incorporation_date": lambda _, state: state.incorporation_date,
    "dissolution_date": lambda _, state: state.dissolution_date,
    "identifiers": _identifiers,
    "addresses": _addresses,
    "contacts": _contacts,
    "industries": _industries,
    "attributes": lambda checks, state: check_attributes(checks, "attributes", state.attributes),
    "labels": lambda checks, state: check_labels(checks, "labels", state.labels),
}
