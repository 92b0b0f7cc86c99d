"""Storing and finding logged decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select

from function_backend.kernel.pagination import Page
from function_backend.persistence import arrays
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
# One array per column: Core takes 90 µs for a row, this 10.
_ADD_SQL = """
    insert into rules_decision (
        tenant_id, id, definition_id, name, version, content_hash, status, decided_at, effective_at, expires_at, caller,
        outcome, inputs, redacted, inputs_digest, local, candidate_version, other_version, agreement, other_outcome
    )
    select
        %(tenant)b::uuid, w.id, w.definition_id, w.name, w.version, w.content_hash, w.status, w.decided_at,
        w.effective_at, w.expires_at, w.caller, w.outcome, w.inputs, w.redacted <> 0, w.inputs_digest,
        w.local <> 0,
        nullif(w.candidate_version, 0), nullif(w.other_version, 0), w.agreement, w.other_outcome
    from unnest(
        %(id)b::uuid[], %(definition_id)b::uuid[], %(name)b::text[], %(version)b::bigint[], %(content_hash)b::text[],
        %(status)b::text[], %(decided_at)b::timestamptz[], %(effective_at)b::timestamptz[],
        %(expires_at)b::timestamptz[], %(caller)b::text[], %(outcome)b::bytea[], %(inputs)b::bytea[],
        %(redacted)b::bigint[], %(inputs_digest)b::bytea[], %(local)b::bigint[],
        %(candidate_version)b::bigint[], %(other_version)b::bigint[], %(agreement)b::text[], %(other_outcome)b::bytea[]
    ) as w (
        id, definition_id, name, version, content_hash, status, decided_at, effective_at, expires_at, caller, outcome,
        inputs, redacted, inputs_digest, local, candidate_version, other_version, agreement, other_outcome
    )
    on conflict (tenant_id, id) do nothing
"""
_LISTED = [column for column in decision_table.columns if column.name != "inputs"]


class DecisionRepository:
    """The logged decisions of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, decisions: Sequence[LoggedDecision]) -> None:
        """Stores new ones; those that are stored already, by a commit that was in doubt, stay as they are."""
        self._work.driver.execute(_ADD_SQL, _columns(self._work.tenant_id, decisions))

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


def _columns(tenant_id: UUID, decisions: Sequence[LoggedDecision]) -> dict[str, Any]:
    return {
        "tenant": tenant_id,
        "id": arrays.uuids([each.id for each in decisions]),
        "definition_id": arrays.uuids([each.definition_id for each in decisions]),
        "name": arrays.texts([each.name for each in decisions]),
        "version": arrays.integers([each.version for each in decisions]),
        "content_hash": arrays.texts([each.content_hash for each in decisions]),
        "status": arrays.texts([each.status.value for each in decisions]),
        "decided_at": arrays.moments([each.decided_at for each in decisions]),
        "effective_at": arrays.moments([each.effective_at for each in decisions]),
        "expires_at": arrays.moments([each.expires_at for each in decisions]),
        "caller": arrays.texts([each.caller for each in decisions]),
        "outcome": arrays.blobs([each.outcome for each in decisions]),
        "inputs": arrays.blobs([each.inputs for each in decisions]),
        "redacted": arrays.integers([each.redacted for each in decisions]),
        "inputs_digest": arrays.blobs([each.inputs_digest for each in decisions]),
        "local": arrays.integers([each.local for each in decisions]),
        "candidate_version": arrays.integers([each.candidate_version or 0 for each in decisions]),
        "other_version": arrays.integers([each.other_version or 0 for each in decisions]),
        "agreement": arrays.optional_texts(
            [None if each.agreement is None else each.agreement.encode() for each in decisions]
        ),
        "other_outcome": arrays.blobs([each.other_outcome for each in decisions]),
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
        local=row.local,
        candidate_version=row.candidate_version,
        other_version=row.other_version,
        agreement=row.agreement,
        other_outcome=row.other_outcome,
    )
