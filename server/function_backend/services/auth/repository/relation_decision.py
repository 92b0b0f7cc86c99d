"""Storing and finding recorded decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, insert, select

from function_backend.services.auth.domain.relation_decision import Decision, pack, unpack
from function_backend.services.auth.tables.relation_decision import relation_decision_table

if TYPE_CHECKING:
    from datetime import datetime

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_decision = relation_decision_table.c

# Each recording takes some old ones of its tenant with it, so that the table stays as large as its period demands,
# however many are recorded; where nothing is recorded any more, the chore removes them.
_PURGED_AT_ONCE = 10


class DecisionRepository:
    """The decisions of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, decision: Decision) -> None:
        """Stores the decision."""
        self._work.connection.execute(
            insert(relation_decision_table).values(
                tenant_id=self._work.tenant_id,
                id=decision.id,
                decided_at=decision.decided_at,
                expires_at=decision.expires_at,
                caller=decision.caller,
                schema_version=decision.schema_version,
                resource=decision.resource,
                permission=decision.permission,
                subject=decision.subject,
                permitted=decision.permitted,
                inputs=pack(decision.inputs),
            )
        )

    def find(self, decision_id: UUID, now: datetime) -> Decision | None:
        """The decision, unless its time is over."""
        query = select(relation_decision_table).where(
            _decision.tenant_id == self._work.tenant_id, _decision.id == decision_id, _decision.expires_at > now
        )
        row = self._work.connection.execute(query).one_or_none()
        if row is None:
            return None
        return Decision(
            id=row.id,
            decided_at=row.decided_at,
            expires_at=row.expires_at,
            caller=row.caller,
            schema_version=row.schema_version,
            resource=row.resource,
            permission=row.permission,
            subject=row.subject,
            permitted=row.permitted,
            inputs=unpack(row.inputs),
        )

    def purge(self, now: datetime) -> None:
        """Removes a few decisions whose time is over."""
        expired = (
            select(_decision.id)
            .where(_decision.tenant_id == self._work.tenant_id, _decision.expires_at <= now)
            .order_by(_decision.expires_at)
            .limit(_PURGED_AT_ONCE)
        )
        found = list(self._work.connection.execute(expired).scalars())
        if found:
            self._work.connection.execute(
                delete(relation_decision_table).where(
                    _decision.tenant_id == self._work.tenant_id, _decision.id.in_(found)
                )
            )


def purge_decisions(driver: Driver, expired_before: datetime, *, at_most: int = 1000) -> int:
    """Deletes decisions of all tenants whose time was over by then; how many. Safe to call from many workers."""
    row = driver.execute("select purge_relation_decisions(%s, %s)", (expired_before, at_most)).fetchone()
    return 0 if row is None else int(row[0])
