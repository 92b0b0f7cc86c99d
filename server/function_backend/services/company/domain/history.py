"""The history of a company in two times: when a state was valid, and when it was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from function_backend.services.company.domain.company import CompanyState


class RevisionKind(StrEnum):
    """What a revision did."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    UNDELETED = "UNDELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """From `valid_from` on the state is this one, as was recorded at `recorded_at`."""

    number: int
    kind: RevisionKind
    valid_from: datetime
    recorded_at: datetime
    actor: str
    request_id: str
    changed_fields: tuple[str, ...]
    state: CompanyState


def state_at(revisions: Iterable[Revision], as_of: datetime, known_at: datetime) -> Revision | None:
    """What was known at `known_at` about the company at `as_of`; None when it was nothing.

    The rule that the repository asks PostgreSQL for: among the revisions recorded by then and valid by then, the one
    whose validity began last; of several that began together, the one recorded last.
    """
    known = [item for item in revisions if item.recorded_at <= known_at and item.valid_from <= as_of]
    return max(known, key=lambda item: (item.valid_from, item.number), default=None)
