"""The payloads of recorded events as a place where something is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from function_backend.events.sealed_payload import is_sealed, resealed, sealed_payload
from function_backend.events.tables import event_table
from function_backend.kernel.sealing import Resealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_event = event_table.c


class EventPayloads:
    """Seals the payloads of events that were recorded as they are, and those of an older data key anew."""

    name = event_table.name
    sealed_columns = ("payload",)

    def __init__(self, masked: Callable[[str, bytes], bytes | None]) -> None:
        """`masked` gives the message of a type without its sensitive fields; None when none of them is filled."""
        self._masked = masked

    def reseal(self, work: UnitOfWork, after: str | None, *, limit: int) -> Resealed:
        """Looks at the next events of the tenant, in the order of their positions."""
        query = (
            select(_event.position, _event.recorded_at, _event.id, _event.type, _event.payload)
            .where(_event.tenant_id == work.tenant_id, _event.position > int(after or 0))
            .order_by(_event.position)
            .limit(limit)
        )
        rows = work.connection.execute(query).all()
        count = sum(self._store(work, row) for row in rows)
        return Resealed(after=None if len(rows) < limit else str(rows[-1].position), count=count, faults=0)

    def _store(self, work: UnitOfWork, row: Row[Any, Any, Any, Any, Any]) -> bool:
        changed = self._changed(work, row)
        if changed is None:
            return False
        work.connection.execute(select(func.reseal_event(row.position, row.recorded_at, changed)))
        return True

    def _changed(self, work: UnitOfWork, row: Row[Any, Any, Any, Any, Any]) -> bytes | None:
        payload = bytes(row.payload)
        if is_sealed(payload):
            return resealed(work, row.id, payload)
        masked = self._masked(row.type, payload)
        return None if masked is None else sealed_payload(work, row.id, whole=payload, masked=masked)
