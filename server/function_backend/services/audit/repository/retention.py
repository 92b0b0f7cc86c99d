"""How long tenants keep their records."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from function_backend.services.audit.tables import audit_retention_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_retention = audit_retention_table.c
_SECOND = timedelta(seconds=1)


class RetentionRepository:
    """The decision of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find(self) -> timedelta | None:
        """What the tenant decided; None where it did not."""
        query = select(_retention.keep_seconds).where(_retention.tenant_id == self._work.tenant_id)
        seconds = self._work.connection.execute(query).scalar_one_or_none()
        return None if seconds is None else timedelta(seconds=seconds)

    def save(self, keep_for: timedelta | None) -> None:
        """Stores what the tenant decided."""
        seconds = None if keep_for is None else -(-keep_for // _SECOND)
        statement = insert(audit_retention_table).values(tenant_id=self._work.tenant_id, keep_seconds=seconds)
        self._work.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[_retention.tenant_id], set_={"keep_seconds": statement.excluded.keep_seconds}
            )
        )


def due_drops(driver: Driver, *, default: timedelta | None, at: datetime, at_most: int) -> Sequence[tuple[UUID, int]]:
    """Tenants with records that are too old, and the checkpoint up to which; asked without a tenant.

    `default` holds where a tenant decided nothing; None for ever.
    """
    seconds = None if default is None else default // _SECOND
    query = "select tenant_id, seq from due_audit_drops(%s::bigint, %s::timestamptz, %s)"
    return [(row[0], int(row[1])) for row in driver.execute(query, (seconds, at, at_most)).fetchall()]
