"""The history of a company in two times: when a state was valid, and when it was recorded.

A revision says: from `valid_from` on the state is this one. A later revision with an earlier `valid_from` amends the
past, from then until the next change; the current state changes only when the new revision is the one valid now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from function_backend.services.company.domain.changes import changed_fields
from function_backend.services.company.domain.company import Company, CompanyState


class RevisionKind(StrEnum):
    """What a revision did."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    UNDELETED = "UNDELETED"


class Revision(NamedTuple):
    """From `valid_from` on the state is this one, as was recorded at `recorded_at`."""

    number: int
    kind: RevisionKind
    valid_from: datetime
    recorded_at: datetime
    state: CompanyState
    changed_fields: tuple[str, ...] = ()

    def company(self, company_id: UUID, created_at: datetime) -> Company:
        """The company as this revision has it."""
        deleted_at = self.recorded_at if self.kind is RevisionKind.DELETED else None
        return Company(company_id, self.state, self.number, created_at, self.recorded_at, deleted_at)


class CompanyRecord(NamedTuple):
    """A company, and what the next revision of it must know."""

    company: Company
    valid_from: datetime
    """From when the current state is valid."""
    recorded_at: datetime
    """When the last revision was recorded, of whatever time it speaks."""
    last_revision: int


class Transition(NamedTuple):
    """One revision more: the record with it, and the state that it changes, if there was one."""

    record: CompanyRecord
    revision: Revision
    before: CompanyState | None

    @property
    def company(self) -> Company:
        """The company as the revision has it; an amendment of the past is not the current one."""
        if self.is_current:
            return self.record.company
        return self.revision.company(self.record.company.id, self.record.company.created_at)

    @property
    def is_current(self) -> bool:
        """Whether the revision is the one valid now."""
        return self.record.company.revision == self.revision.number


def create(company_id: UUID, state: CompanyState, now: datetime, valid_from: datetime | None) -> Transition:
    """The first revision of a new company."""
    revision = Revision(1, RevisionKind.CREATED, valid_from or now, now, state, changed_fields(_NOTHING, state))
    return _current(revision, company_id, now, before=None)


def update(record: CompanyRecord, base: CompanyState, state: CompanyState, now: datetime, at: datetime) -> Transition:
    """The state, valid from `at` on, where the base was valid until now."""
    recorded_at = max(now, record.recorded_at)
    number = record.last_revision + 1
    revision = Revision(number, RevisionKind.UPDATED, at, recorded_at, state, changed_fields(base, state))
    if at >= record.valid_from:
        return _current(revision, record.company.id, record.company.created_at, before=base)
    kept = CompanyRecord(record.company, record.valid_from, recorded_at, number)
    return Transition(kept, revision, base)


def delete(record: CompanyRecord, now: datetime) -> Transition:
    """The company deleted, its state as it was."""
    return _marked(record, RevisionKind.DELETED, now)


def undelete(record: CompanyRecord, now: datetime) -> Transition:
    """The company brought back, its state as it was."""
    return _marked(record, RevisionKind.UNDELETED, now)


def valid_now(record: CompanyRecord, now: datetime) -> datetime:
    """From when a change is valid that is to be valid from now on.

    Never before the current state: the clock of another machine may be ahead of ours by a moment, and a change must not
    become an amendment of the past for that.
    """
    return max(now, record.valid_from)


def state_at(revisions: Iterable[Revision], as_of: datetime, known_at: datetime) -> Revision | None:
    """What was known at `known_at` about the company at `as_of`; None when it was nothing.

    The rule that the repository asks PostgreSQL for: among the revisions recorded by then and valid by then, the one
    whose validity began last; of several that began together, the one recorded last.
    """
    known = [item for item in revisions if item.recorded_at <= known_at and item.valid_from <= as_of]
    return max(known, key=lambda item: (item.valid_from, item.number), default=None)


_NOTHING = CompanyState("")


def _marked(record: CompanyRecord, kind: RevisionKind, now: datetime) -> Transition:
    revision = Revision(
        record.last_revision + 1, kind, valid_now(record, now), max(now, record.recorded_at), record.company.state
    )
    return _current(revision, record.company.id, record.company.created_at, before=record.company.state)


def _current(revision: Revision, company_id: UUID, created_at: datetime, *, before: CompanyState | None) -> Transition:
    company = revision.company(company_id, created_at)
    record = CompanyRecord(company, revision.valid_from, revision.recorded_at, revision.number)
    return Transition(record, revision, before)
