"""Importing companies: rows, what finds their company, and what they change of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from function_backend.kernel.errors import FieldViolation
from function_backend.services.company.domain.changes import populated_fields
from function_backend.services.company.domain.company import Company, CompanyState
from function_backend.services.company.domain.draft import Draft
from function_backend.services.company.domain.identifiers import Identifier

MATCH_BY_ID = "id"
"""The match scheme by which a row finds its company by `company.id`."""

# The rows of an import that goes wrong altogether are all rejected; their descriptions would not fit one response.
_DESCRIBED = 5_000
_DESCRIPTION_LENGTH = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """How to import."""

    match_scheme: str
    source: str = ""
    request_id: str = ""
    validate_only: bool = False


class ImportRow(NamedTuple):
    """A row as the caller wrote it."""

    number: int
    """The caller's number of it."""
    company_id: str
    draft: Draft
    valid_from: datetime | None
    encode: Callable[[Company], bytes]
    """Makes the document of a company that has just the state the caller wrote, at a quarter of the usual cost."""


@dataclass(frozen=True, slots=True)
class ImportStep:
    """One message of the stream: the plan, rows, or the end."""

    plan: ImportPlan | None
    end: int | None
    """How many rows the stream carried, as its last message says."""
    row_count: int
    rows: Iterable[ImportRow]
    """Each read when it is asked for, so that a row is read and checked while it is in the processor's cache."""
    fingerprint: Callable[[], bytes]
    """The bytes by which a repeated stream is told from another one."""


@dataclass(frozen=True, slots=True)
class ImportRejection:
    """A row that was not imported."""

    row: int
    reason: str
    field: str
    description: str


@dataclass(slots=True)
class ImportSummary:
    """What an import has done so far."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: dict[int, ImportRejection] = field(default_factory=dict)
    """The rejected rows by their position in the stream."""

    @property
    def rejections(self) -> list[ImportRejection]:
        """The rejected rows in their order; beyond the first 5,000 without a description."""
        ordered = [self.rejected[position] for position in sorted(self.rejected)]
        return ordered[:_DESCRIBED] + [replace(item, description="") for item in ordered[_DESCRIBED:]]

    def reject(self, position: int, number: int, reason: str, fault: FieldViolation) -> None:
        """Notes that the row at the position in the stream was rejected."""
        description = fault.description[:_DESCRIPTION_LENGTH]
        self.rejected[position] = ImportRejection(number, reason, fault.field, description)

    def copy(self) -> ImportSummary:
        """The same numbers, to go on counting with."""
        return replace(self, rejected=dict(self.rejected))


def match_identifier(state: CompanyState, scheme: str) -> Identifier | FieldViolation:
    """The one identifier of the scheme by which the row finds its company, or what is wrong."""
    found = [identifier for identifier in state.identifiers if identifier.scheme == scheme]
    if len(found) == 1:
        return found[0]
    missing = f"has no identifier of the scheme {scheme}, by which rows find their company"
    several = f"has {len(found)} identifiers of the scheme {scheme}, by which rows find their company; it needs one"
    return FieldViolation("company.identifiers", several if found else missing)


def merged(existing: CompanyState, row: CompanyState) -> CompanyState:
    """The existing state with the populated fields of the row.

    Identifiers are merged by scheme: a register that knows one number of a company says nothing about the numbers that
    other registers gave it.
    """
    values = {name: getattr(row, name) for name in populated_fields(row)}
    if "identifiers" in values:
        values["identifiers"] = _merged_identifiers(existing.identifiers, row.identifiers)
    return existing._replace(**values)


def _merged_identifiers(existing: tuple[Identifier, ...], row: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
    """The row's, and the existing ones of other schemes; in the old order, so that a repeated row changes nothing."""
    if existing == row:
        return existing
    schemes = {identifier.scheme for identifier in row}
    kept = [identifier for identifier in existing if identifier.scheme not in schemes or identifier in row]
    return (*kept, *[identifier for identifier in row if identifier not in kept])
