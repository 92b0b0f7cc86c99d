"""Reading the history of a company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.history import Revision, RevisionKind
from function_backend.services.company.domain.scope import CompanyScope
from function_backend.services.company.repository.page_bytes import fitting
from function_backend.services.company.repository.scope_sql import WITHIN, parameters
from function_backend.services.company.repository.states import decode_state

# The company as well, so that one round trip tells "no such company" from "no such state".
_STATE: LiteralString = """
    select c.created_at, r.revision, r.kind, r.valid_from, r.recorded_at, r.state::text, r.changed_fields
    from company c
    left join lateral (
        select * from company_revision r
        where r.tenant_id = c.tenant_id and r.company_id = c.id
            and r.recorded_at <= %(known_at)b and r.valid_from <= %(as_of)b
        order by r.valid_from desc, r.revision desc
        limit 1
    ) r on true
    where c.tenant_id = %(tenant)b and c.id = %(company_id)b {within}
"""
_PAGE: LiteralString = """
    select
        c.created_at, r.revision, r.kind, r.valid_from, r.recorded_at, r.state::text, r.changed_fields, r.actor,
        r.request_id
    from company c
    left join lateral (
        select * from company_revision r
        where r.tenant_id = c.tenant_id and r.company_id = c.id and r.revision < %(before)b::bigint
        order by r.revision desc
        limit %(limit)b::bigint
    ) r on true
    where c.tenant_id = %(tenant)b and c.id = %(company_id)b {within}
    order by r.revision desc
"""
# Each without a scope and within one.
_STATE_SQL = (_STATE.replace("{within}", ""), _STATE.replace("{within}", WITHIN))
_PAGE_SQL = (_PAGE.replace("{within}", ""), _PAGE.replace("{within}", WITHIN))
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

    def find_state(
        self, company_id: UUID, *, as_of: datetime, known_at: datetime, within: CompanyScope | None = None
    ) -> CompanyHistory | None:
        """The revision that says what was known at `known_at` about the company at `as_of`, or no revision.

        None when there is no such company in the scope. `domain.history.state_at` says the rule.
        """
        rows = self._rows(_STATE_SQL, within, company_id, {"known_at": known_at, "as_of": as_of})
        return _history(company_id, rows)

    def find_page(
        self, company_id: UUID, *, before: int | None, limit: int, within: CompanyScope | None = None
    ) -> tuple[CompanyHistory | None, bool]:
        """Up to `limit` revisions, latest first, from before the one with the given number; fewer when they are large.

        Also whether there are more. No history when there is no such company in the scope.
        """
        last = _BEYOND_ANY_REVISION if before is None else before
        # One more than asked for tells whether there is a next page.
        rows = self._rows(_PAGE_SQL, within, company_id, {"before": last, "limit": limit + 1})
        page = rows[: fitting(len(row[5] or "") for row in rows[:limit])]
        return _history(company_id, page), len(rows) > len(page)

    def _rows(
        self,
        statements: tuple[LiteralString, LiteralString],
        within: CompanyScope | None,
        company_id: UUID,
        values: dict[str, Any],
    ) -> list[tuple[Any, ...]]:
        values |= {"tenant": self._work.tenant_id, "company_id": company_id}
        if within is not None:
            values |= parameters(within)
        return self._work.driver.execute(statements[within is not None], values).fetchall()


def _history(company_id: UUID, rows: Sequence[tuple[Any, ...]]) -> CompanyHistory | None:
    if not rows:
        return None
    return CompanyHistory(company_id, rows[0][0], [_recorded(row) for row in rows if row[1] is not None])


def _recorded(row: tuple[Any, ...]) -> RecordedRevision:
    _, number, kind, valid_from, recorded_at, state, changed, *who = row
    revision = Revision(number, RevisionKind(kind), valid_from, recorded_at, decode_state(state), tuple(changed))
    return RecordedRevision(revision, *who)
