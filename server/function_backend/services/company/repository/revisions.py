"""Reading the history of a company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.history import Revision, RevisionKind
from function_backend.services.company.repository.page_bytes import fitting
from function_backend.services.company.repository.states import decode_state

# The company as well, so that one round trip tells "no such company" from "no such state".
_STATE_SQL = """
    select c.created_at, r.revision, r.kind, r.valid_from, r.recorded_at, r.state::text, r.changed_fields
    from company c
    left join lateral (
        select * from company_revision r
        where r.tenant_id = c.tenant_id and r.company_id = c.id and r.recorded_at <= %b and r.valid_from <= %b
        order by r.valid_from desc, r.revision desc
        limit 1
    ) r on true
    where c.tenant_id = %b and c.id = %b
"""
_PAGE_SQL = """
    select
        c.created_at, r.revision, r.kind, r.valid_from, r.recorded_at, r.state::text, r.changed_fields, r.actor,
        r.request_id
    from company c
    left join lateral (
        select * from company_revision r
        where r.tenant_id = c.tenant_id and r.company_id = c.id and r.revision < %b::bigint
        order by r.revision desc
        limit %b::bigint
    ) r on true
    where c.tenant_id = %b and c.id = %b
    order by r.revision desc
"""
_BEYOND_ANY_REVISION = 2**63 - 1


@dataclass(frozen=True, slots=True)
class CompanyHistory:
    """Something of a company's history."""

    company_id: UUID
    created_at: datetime
    revisions: Sequence[RecordedRevision]


@dataclass(frozen=True, slots=True)
class RecordedRevision:
    """A revision, and by whom and with which call it was recorded."""

    revision: Revision
    actor: str = ""
    request_id: str = ""


class RevisionReader:
    """Finds revisions."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find_state(self, company_id: UUID, *, as_of: datetime, known_at: datetime) -> CompanyHistory | None:
        """The revision that says what was known at `known_at` about the company at `as_of`, or no revision.

        None when there is no such company. `domain.history.state_at` says the rule.
        """
        return _history(company_id, self._rows(_STATE_SQL, (known_at, as_of, self._work.tenant_id, company_id)))

    def find_page(self, company_id: UUID, *, before: int | None, limit: int) -> tuple[CompanyHistory | None, bool]:
        """Up to `limit` revisions, latest first, from before the one with the given number; fewer when they are large.

        Also whether there are more. No history when there is no such company.
        """
        last = _BEYOND_ANY_REVISION if before is None else before
        # One more than asked for tells whether there is a next page.
        rows = self._rows(_PAGE_SQL, (last, limit + 1, self._work.tenant_id, company_id))
        page = rows[: fitting(len(row[5] or "") for row in rows[:limit])]
        return _history(company_id, page), len(rows) > len(page)

    def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return self._work.driver.execute(statement, parameters).fetchall()


def _history(company_id: UUID, rows: Sequence[tuple[Any, ...]]) -> CompanyHistory | None:
    if not rows:
        return None
    return CompanyHistory(company_id, rows[0][0], [_recorded(row) for row in rows if row[1] is not None])


def _recorded(row: tuple[Any, ...]) -> RecordedRevision:
    _, number, kind, valid_from, recorded_at, state, changed, *who = row
    revision = Revision(number, RevisionKind(kind), valid_from, recorded_at, decode_state(state), tuple(changed))
    return RecordedRevision(revision, *who)
