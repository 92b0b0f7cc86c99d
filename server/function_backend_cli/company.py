"""`function-backend company`: companies, one at a time and in lists."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from function_backend_cli.application import application
from function_backend_cli.company_display import print_companies, print_company, status_text
from function_backend_cli.connection import Session, remote
from function_backend_cli.fields import assign, enum_number, parse_company
from function_backend_cli.moments import Moment, shown
from function_backend_client import Company, CompanyStatus, Identifier
from function_backend_client.display import enum_text

app = application("Read and change companies.")

_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Print at most so many.")]
_ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="Check everything and change nothing.")]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Set a field: legal_name, legal_form.text, labels.<key>, …"),
]
_File = Annotated[
    Path | None, typer.Option("--file", "-f", help="The company as JSON; - reads standard input.", show_default=False)
]
_Identifier = Annotated[
    list[str] | None,
    typer.Option("--identifier", "-i", metavar="SCHEME:VALUE", help="An identifier, such as lei:529900T8BM49AURSDO55."),
]
_Etag = Annotated[str, typer.Option("--etag", help="Refuse when the company has another etag.", show_default=False)]
_Name = Annotated[str | None, typer.Option("--name", help="The legal name.", show_default=False)]
_Jurisdiction = Annotated[
    str | None, typer.Option("--jurisdiction", help="Where it is registered: DE or US-DE.", show_default=False)
]
_Status = Annotated[
    str | None,
    typer.Option("--status", help="active, inactive, in_liquidation or dissolved.", show_default=False),
]
_Id = Annotated[str, typer.Argument(metavar="ID", help="The company's id.")]

_STATUS = Company.DESCRIPTOR.fields_by_name["status"]


@app.command()
@remote
def get(session: Session, company_id: _Id, as_of: Moment = None, known_at: Moment = None) -> None:
    """Print a company: as it is, or as it was at a time, by what was known at another."""
    company = session.client.companies.get(company_id, as_of=as_of, known_at=known_at)
    print_company(session, company)


@app.command("list")
@remote
def list_companies(
    session: Session,
    filter: Annotated[str, typer.Option("--filter", help="Such as 'jurisdiction = \"DE\"'.")] = "",
    order_by: Annotated[str, typer.Option("--order-by", help="Such as 'legal_name desc'.")] = "",
    show_deleted: Annotated[bool, typer.Option("--show-deleted", help="Include deleted companies.")] = False,
    limit: _Limit = 50,
) -> None:
    """Print the companies that fit a filter."""
    pager = session.client.companies.list(
        filter=filter, order_by=order_by, show_deleted=show_deleted, page_size=min(limit, 1000)
    )
    print_companies(session, itertools.islice(pager, limit), empty="No company fits.")


@app.command()
@remote
def search(
    session: Session,
    query: Annotated[str, typer.Argument(help="A name, typing errors included, or an identifier.")],
    country: Annotated[list[str] | None, typer.Option("--country", help="Only of this country, such as DE.")] = None,
    status: Annotated[list[str] | None, typer.Option("--status", help="Only in this state, such as active.")] = None,
    industry: Annotated[
        list[str] | None, typer.Option("--industry", metavar="SCHEME:CODE", help="Only of this industry.")
    ] = None,
    limit: _Limit = 10,
) -> None:
    """Find companies by name or identifier, best first."""
    found = session.client.companies.search(
        query,
        countries=[code.upper() for code in country or ()],
        statuses=[CompanyStatus.ValueType(enum_number(_STATUS, name)) for name in status or ()],
        industries=industry or (),
        page_size=min(limit, 100),
    )
    results = itertools.islice(found, limit)
    if session.output.json:
        for result in results:
            session.output.message(result)
        return
    session.output.table(
        ("Score", "Name", "Jurisdiction", "Status", "Id", "Matched"),
        (
            (
                f"{result.score:.2f}",
                result.company.legal_name,
                result.company.jurisdiction,
                status_text(result.company),
                result.company.id,
                "" if result.matched == result.company.legal_name else result.matched,
            )
            for result in results
        ),
        empty="Nothing found.",
    )


@app.command()
@remote
def create(
    session: Session,
    name: _Name = None,
    jurisdiction: _Jurisdiction = None,
    status: _Status = None,
    identifier: _Identifier = None,
    assignments: _Set = None,
    file: _File = None,
    valid_from: Moment = None,
    request_id: Annotated[str | None, typer.Option(help="A UUID that makes a repetition safe.")] = None,
    validate_only: _ValidateOnly = False,
) -> None:
    """Create a company and print it."""
    company = Company() if file is None else _read(file)
    _apply(company, name, jurisdiction, status, identifier, assignments)
    created = session.client.companies.create(
        company, valid_from=valid_from, validate_only=validate_only, request_id=request_id
    )
    print_company(session, created)


@app.command()
@remote
def update(
    session: Session,
    company_id: _Id,
    name: _Name = None,
    jurisdiction: _Jurisdiction = None,
    status: _Status = None,
    identifier: _Identifier = None,
    assignments: _Set = None,
    file: _File = None,
    fields: Annotated[
        str | None,
        typer.Option("--fields", help="The fields to change, such as legal_name,labels.", show_default=False),
    ] = None,
    etag: _Etag = "",
    valid_from: Moment = None,
    request_id: Annotated[str | None, typer.Option(help="A UUID that makes a repetition safe.")] = None,
    validate_only: _ValidateOnly = False,
) -> None:
    """Change fields of a company and print it. Only what is named changes; a list is replaced as a whole."""
    company = Company() if file is None else _read(file)
    paths = _apply(company, name, jurisdiction, status, identifier, assignments)
    company.id = company_id
    company.etag = etag or company.etag
    # With a file and no list of fields, the populated ones count; otherwise exactly those that were named.
    mask = fields or (paths or None if file is None else None)
    if file is None and mask is None:
        raise typer.BadParameter("nothing to change: give --set, --name, --status, --identifier or --file")
    changed = session.client.companies.update(
        company, fields=mask, valid_from=valid_from, validate_only=validate_only, request_id=request_id
    )
    print_company(session, changed)


@app.command()
@remote
def delete(session: Session, company_id: _Id, etag: _Etag = "", validate_only: _ValidateOnly = False) -> None:
    """Delete a company. It keeps its history and can be brought back."""
    company = session.client.companies.delete(company_id, etag=etag, validate_only=validate_only)
    print_company(session, company)


@app.command()
@remote
def undelete(session: Session, company_id: _Id, etag: _Etag = "", validate_only: _ValidateOnly = False) -> None:
    """Bring a deleted company back."""
    company = session.client.companies.undelete(company_id, etag=etag, validate_only=validate_only)
    print_company(session, company)


@app.command()
@remote
def revisions(session: Session, company_id: _Id, limit: _Limit = 20) -> None:
    """Print the history of a company, latest first."""
    history = itertools.islice(session.client.companies.revisions(company_id, page_size=min(limit, 100)), limit)
    if session.output.json:
        for revision in history:
            session.output.message(revision)
        return
    session.output.table(
        ("Revision", "What", "Valid from", "Recorded", "By", "Name"),
        (
            (
                str(revision.revision),
                enum_text(revision.DESCRIPTOR.fields_by_name["kind"], revision.kind).lower(),
                shown(revision.valid_from),
                shown(revision.record_time),
                revision.actor,
                revision.company.legal_name,
            )
            for revision in history
        ),
        empty="No revisions.",
    )


def _read(file: Path) -> Company:
    if str(file) == "-":
        return parse_company(sys.stdin.read(), "standard input")
    try:
        return parse_company(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: cannot be read: {error}") from error


def _apply(
    company: Company,
    name: str | None,
    jurisdiction: str | None,
    status: str | None,
    identifiers: Sequence[str] | None,
    assignments: Sequence[str] | None,
) -> list[str]:
    """Sets what the options say and returns the fields they name."""
    paths = assign(company, assignments or ())
    for path, value in (("legal_name", name), ("jurisdiction", jurisdiction)):
        if value is not None:
            setattr(company, path, value)
            paths.append(path)
    if status is not None:
        company.status = CompanyStatus.ValueType(enum_number(_STATUS, status))
        paths.append("status")
    if identifiers:
        company.identifiers.extend(_identifier(text) for text in identifiers)
        paths.append("identifiers")
    return paths


def _identifier(text: str) -> Identifier:
    scheme, colon, value = text.partition(":")
    if not colon or not value:
        raise typer.BadParameter(f"{text!r}: write SCHEME:VALUE, such as lei:529900T8BM49AURSDO55")
    return Identifier(scheme=scheme.strip(), value=value.strip())
