"""Storing and finding logged decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, insert, select

from function_backend.kernel.pagination import Page
from function_backend.services.rules.domain.decision import DecisionFilter, DecisionStatus, LoggedDecision
from function_backend.services.rules.domain.rollout import Agreement, ComparisonCounts
from function_backend.services.rules.tables import decision_table

if TYPE_CHECKING:
    from sqlalchemy import Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

Period = tuple[datetime | None, datetime | None]
"""From when on and until before when; None for without a limit."""

_decision = decision_table.c
_LISTED = [column for column in decision_table.columns if column.name != "inputs"]


class DecisionRepository:
    """The logged decisions of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, decisions: Sequence[LoggedDecision]) -> None:
        """Stores new ones."""
        self._work.connection.execute(insert(decision_table), [_row(self._work.tenant_id, each) for each in decisions])

    def find(self, decision_id: UUID, *, now: datetime) -> LoggedDecision | None:
        """The decision with its inputs, unless its time is over."""
        query = select(decision_table).where(
            _decision.tenant_id == self._work.tenant_id, _decision.id == decision_id, _decision.expires_at > now
        )
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def list_before(
        self, before: UUID | None, wanted: DecisionFilter, *, now: datetime, limit: int
    ) -> Page[LoggedDecision]:
        """Decisions without their inputs that were taken before the given one, the latest first."""
        query = select(*_LISTED).where(_decision.tenant_id == self._work.tenant_id, _decision.expires_at > now)
        if before is not None:
            query = query.where(_decision.id < before)
        rows = self._work.connection.execute(_narrowed(query, wanted).order_by(_decision.id.desc()).limit(limit + 1))
        found = [_read(row) for row in rows]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (str(found[-1].id),) if more else None)

    def list_after(
        self, after: UUID | None, wanted: DecisionFilter, *, now: datetime, limit: int
    ) -> Sequence[LoggedDecision]:
        """Decisions with their inputs after the given one in the order of their ids."""
        query = select(decision_table).where(_decision.tenant_id == self._work.tenant_id, _decision.expires_at > now)
        if after is not None:
            query = query.where(_decision.id > after)
        rows = self._work.connection.execute(_narrowed(query, wanted).order_by(_decision.id).limit(limit))
        return [_read(row) for row in rows]

    def count(self, wanted: DecisionFilter, *, now: datetime, at_most: int) -> int:
        """How many decisions there are, as far as that is less than so many."""
        query = select(_decision.id).where(_decision.tenant_id == self._work.tenant_id, _decision.expires_at > now)
        found = _narrowed(query, wanted).limit(at_most).subquery()
        return self._work.connection.execute(select(func.count()).select_from(found)).scalar_one()

    def compare(self, definition_id: UUID, candidate: int, period: Period, *, now: datetime) -> ComparisonCounts:
        """How often the candidate and the version in force agreed within the period."""
        columns = (_decision.agreement, _decision.version)
        query = select(*columns, func.count().label("count")).group_by(*columns)
        counts: Counter[str | None] = Counter()
        answered = 0
        for agreement, version, count in self._work.connection.execute(
            self._beside(query, definition_id, candidate, period, now)
        ):
            counts[agreement] += count
            answered += count if version == candidate else 0
        return ComparisonCounts(
            agreed=counts[Agreement.AGREED.value],
            differed=counts[Agreement.DIFFERED.value],
            failed=counts[Agreement.FAILED.value],
            not_compared=counts[None],
            answered_by_candidate=answered,
        )

    def parted(
        self, definition_id: UUID, candidate: int, period: Period, *, now: datetime, limit: int
    ) -> Sequence[LoggedDecision]:
        """Decisions without their inputs in which the candidate and the version in force parted, the latest first."""
        query = self._beside(select(*_LISTED), definition_id, candidate, period, now).where(
            _decision.agreement.in_([Agreement.DIFFERED.value, Agreement.FAILED.value])
        )
        rows = self._work.connection.execute(query.order_by(_decision.id.desc()).limit(limit))
        return [_read(row) for row in rows]

    def _beside(
        self, query: Select[Any], definition_id: UUID, candidate: int, period: Period, now: datetime
    ) -> Select[Any]:
        query = query.where(
            _decision.tenant_id == self._work.tenant_id,
            _decision.definition_id == definition_id,
            _decision.candidate_version == candidate,
            _decision.expires_at > now,
        )
        return _narrowed(query, DecisionFilter(decided_from=period[0], decided_until=period[1]))


def purge_decisions(driver: Driver, expired_before: datetime, *, at_most: int = 1000) -> int:
    """Deletes decisions of all tenants whose time was over by then; how many. Safe to call from many workers."""
    row = driver.execute("select purge_rules_decisions(%s, %s)", (expired_before, at_most)).fetchone()
    return 0 if row is None else int(row[0])


def _narrowed(query: Select[Any], wanted: DecisionFilter) -> Select[Any]:
    if wanted.name:
        query = query.where(_decision.name == wanted.name)
    if wanted.version:
        query = query.where(_decision.version == wanted.version)
    if wanted.status is not None:
        query = query.where(_decision.status == wanted.status.value)
    # By the time and not by the time within the id: the clock that makes ids may not be the one that decides.
    if wanted.decided_from is not None:
        query = query.where(_decision.decided_at >= wanted.decided_from)
    if wanted.decided_until is not None:
        query = query.where(_decision.decided_at < wanted.decided_until)
    return query


def _row(tenant_id: UUID, decision: LoggedDecision) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": decision.id,
        "definition_id": decision.definition_id,
        "name": decision.name,
        "version": decision.version,
        "content_hash": decision.content_hash,
        "status": decision.status.value,
        "decided_at": decision.decided_at,
        "effective_at": decision.effective_at,
        "expires_at": decision.expires_at,
        "caller": decision.caller,
        "outcome": decision.outcome,
        "inputs": decision.inputs,
        "redacted": decision.redacted,
        "inputs_digest": decision.inputs_digest,
        "candidate_version": decision.candidate_version,
        "other_version": decision.other_version,
        "agreement": decision.agreement,
        "other_outcome": decision.other_outcome,
    }


def _read(row: Row[Any]) -> LoggedDecision:
    return LoggedDecision(
        id=row.id,
        tenant_id=row.tenant_id,
        definition_id=row.definition_id,
        name=row.name,
        version=row.version,
        content_hash=row.content_hash,
        status=DecisionStatus(row.status),
        decided_at=row.decided_at,
        effective_at=row.effective_at,
        expires_at=row.expires_at,
        caller=row.caller,
        outcome=row.outcome,
        inputs=getattr(row, "inputs", None),
        redacted=row.redacted,
        inputs_digest=row.inputs_digest,
        candidate_version=row.candidate_version,
        other_version=row.other_version,
        agreement=row.agreement,
        other_outcome=row.other_outcome,
    )
