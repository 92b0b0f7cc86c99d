"""Companies on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from function_backend_cli.connection import Session
from function_backend_cli.moments import shown, shown_date
from function_backend_client import Address, Company, Identifier, describe
from function_backend_client.display import enum_text

_STATUS = Company.DESCRIPTOR.fields_by_name["status"]


def print_company(session: Session, company: Company) -> None:
    """One company with all that is known of it."""
    if session.output.json:
        session.output.message(company)
        return
    session.output.fields(_details(company))


def print_companies(session: Session, companies: Iterable[Company], *, empty: str) -> None:
    """Companies as a table, one line each."""
    if session.output.json:
        for company in companies:
            session.output.message(company)
        return
    session.output.table(
        ("Name", "Jurisdiction", "Status", "Identifiers", "Id"),
        (
            (
                company.legal_name,
                company.jurisdiction,
                "deleted" if company.HasField("delete_time") else status_text(company),
                _identifiers(company.identifiers[:3]),
                company.id,
            )
            for company in companies
        ),
        empty=empty,
    )


def _details(company: Company) -> Iterable[tuple[str, str]]:
    yield "Id", company.id
    yield "Name", company.legal_name
    for name in company.names:
        yield f"{enum_text(name.DESCRIPTOR.fields_by_name['kind'], name.kind).capitalize()} name", name.value
    yield "Legal form", " ".join(filter(None, (company.legal_form.text, company.legal_form.code)))
    yield "Jurisdiction", company.jurisdiction
    yield "Status", status_text(company)
    yield "Incorporated", shown_date(company.incorporation_date)
    yield "Dissolved", shown_date(company.dissolution_date)
    for identifier in company.identifiers:
        yield identifier.scheme, " ".join(filter(None, (identifier.value, identifier.issuer)))
    for address in company.addresses:
        kind = enum_text(address.DESCRIPTOR.fields_by_name["kind"], address.kind)
        yield f"{kind.capitalize()} address".replace("Unspecified address", "Address"), _address(address)
    for contact in company.contacts:
        yield enum_text(contact.DESCRIPTOR.fields_by_name["kind"], contact.kind).capitalize(), contact.value
    yield "Industries", ", ".join(f"{industry.scheme}:{industry.code}" for industry in company.industries)
    yield "Attributes", describe(company.attributes) if company.HasField("attributes") else ""
    yield "Labels", ", ".join(f"{key}={value}" for key, value in sorted(company.labels.items()))
    yield "Created", shown(company.create_time)
    yield "Changed", shown(company.update_time)
    yield "Deleted", shown(company.delete_time)
    yield "Revision", f"{company.revision}, etag {company.etag}" if company.revision else ""


def status_text(company: Company) -> str:
    """The state in small letters; empty when it is not known."""
    return enum_text(_STATUS, company.status).lower() if company.status else ""


def _identifiers(identifiers: Sequence[Identifier]) -> str:
    return ", ".join(f"{identifier.scheme}:{identifier.value}" for identifier in identifiers)


def _address(address: Address) -> str:
    place = " ".join(filter(None, (address.postal_code, address.city)))
    return ", ".join(filter(None, (*address.lines, place, address.region, address.country)))
