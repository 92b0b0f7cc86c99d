"""Storing and finding signed checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Integer, cast, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from function_backend.events.audit_checkpoint import audit_checkpoint_table
from function_backend.services.audit.domain.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_checkpoint = audit_checkpoint_table.c
# Any number does that nothing else locks by; the second half is the tenant's.
_LOCK = 0x61756469


class CheckpointRepository:
    """The checkpoints of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def lock(self) -> None:
        """Waits until nobody else signs the tenant's chain; nobody does until the transaction ends."""
        self._work.connection.execute(select(func.pg_advisory_xact_lock(*self._lock_key())))

    def try_lock(self) -> bool:
        """As `lock`, without waiting: whether it worked out."""
        return bool(self._work.connection.execute(select(func.pg_try_advisory_xact_lock(*self._lock_key()))).scalar())

    def add(self, checkpoint: Checkpoint) -> None:
        """Stores a new one."""
        values = {
            "tenant_id": self._work.tenant_id,
            "seq": checkpoint.seq,
            "hash": checkpoint.hash,
            "signed_at": checkpoint.signed_at,
            "key_id": checkpoint.key_id,
            "signature": checkpoint.signature,
        }
        self._work.connection.execute(insert(audit_checkpoint_table).values(values))

    def newest(self, *, up_to: int | None = None) -> Checkpoint | None:
        """The last one, or the last one at a record or before it."""
        query = self._own().order_by(_checkpoint.seq.desc()).limit(1)
        if up_to is not None:
            query = query.where(_checkpoint.seq <= up_to)
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _found(row)

    def after(self, seq: int, *, limit: int | None = None, up_to: int | None = None) -> Sequence[Checkpoint]:
        """Those after a record, in order."""
        query = self._own().where(_checkpoint.seq > seq).order_by(_checkpoint.seq)
        if limit is not None:
            query = query.limit(limit)
        if up_to is not None:
            query = query.where(_checkpoint.seq <= up_to)
        return [_found(row) for row in self._work.connection.execute(query)]

    def _own(self) -> Select[Any]:
        return select(audit_checkpoint_table).where(_checkpoint.tenant_id == self._work.tenant_id)

    def _lock_key(self) -> tuple[Any, Any]:
        tenant = int.from_bytes(self._work.tenant_id.bytes[-4:], "big", signed=True)
        return cast(literal(_LOCK), Integer), cast(literal(tenant), Integer)


def due_tenants(driver: Driver, *, at_most: int) -> Sequence[UUID]:
    """Tenants whose chain has grown since it was signed; asked without a tenant."""
    rows = driver.execute("select tenant_id from due_audit_checkpoints(%s)", (at_most,)).fetchall()
    return [row[0] for row in rows]


def _found(row: Row[Any]) -> Checkpoint:
    return Checkpoint(
        tenant_id=row.tenant_id,
        seq=row.seq,
        hash=bytes(row.hash),
        signed_at=row.signed_at,
        key_id=row.key_id,
        signature=bytes(row.signature),
    )
