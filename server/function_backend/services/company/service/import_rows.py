"""The rows of an import, each checked by itself, before anything is asked of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from function_backend.kernel.errors import FieldViolation
from function_backend.services.company.domain.company import Company, CompanyState, checked_state
from function_backend.services.company.domain.identifiers import Identifier
from function_backend.services.company.domain.importing import (
    MATCH_BY_ID,
    ImportRow,
    ImportSummary,
    match_identifier,
)
from function_backend.services.company.repository.keys import StoredKey, unique_keys

_INVALID = "INVALID_REQUEST"
_NO_ID = FieldViolation("company.id", "must be the UUID by which the row finds its company")
_FUTURE = FieldViolation("valid_from", "lies in the future")


class PreparedRow(NamedTuple):
    """A row that is valid by itself."""

    position: int
    """Its position in the stream."""
    number: int
    """The caller's number of it."""
    state: CompanyState
    valid_from: datetime | None
    company_id: UUID | None
    """The id by which it finds its company; None when it does so by an identifier."""
    match: Identifier | None
    """The identifier by which it finds its company."""
    match_key: StoredKey | None
    """The key of that identifier; None when companies may share it."""
    unique_keys: tuple[StoredKey, ...]
    """The keys of those of its identifiers that one company only may have."""
    encode: Callable[[Company], bytes] | None
    """A cheaper way to the document of a company with just this state, where there is one."""

    @property
    def schemes(self) -> set[str]:
        """The schemes of its identifiers."""
        return {identifier.scheme for identifier in self.state.identifiers}


def prepare(rows: Iterable[ImportRow], match_scheme: str, now: datetime, summary: ImportSummary) -> list[PreparedRow]:
    """The valid rows in their order. The others are rejected in the summary, each with its first fault.

    The rows follow those that the summary counts, and are counted in it.
    """
    prepared: list[PreparedRow] = []
    for row in rows:
        position, summary.rows = summary.rows, summary.rows + 1
        found = _prepared(position, row, match_scheme, now)
        if isinstance(found, PreparedRow):
            prepared.append(found)
        else:
            summary.reject(position, row.number, _INVALID, found)
    return prepared


def _prepared(position: int, row: ImportRow, match_scheme: str, now: datetime) -> PreparedRow | FieldViolation:
    number, text, draft, valid_from, encode = row
    state = checked_state(draft.checks, draft.state)
    if draft.checks.violations:
        return draft.checks.violations[0]
    if valid_from is not None and valid_from > now:
        return _FUTURE
    unique = unique_keys(state.identifiers)
    cheaper = encode if state == draft.state and not state.attributes else None
    if match_scheme == MATCH_BY_ID:
        company_id = _id(text)
        if company_id is None:
            return _NO_ID
        return PreparedRow(position, number, state, valid_from, company_id, None, None, unique, cheaper)
    match = match_identifier(state, match_scheme)
    if isinstance(match, FieldViolation):
        return match
    key = next((key for key in unique if key.scheme == match_scheme), None)
    return PreparedRow(position, number, state, valid_from, None, match, key, unique, cheaper)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
