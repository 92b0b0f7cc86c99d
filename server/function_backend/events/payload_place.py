"""The payloads of recorded events as a place where something is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select

from function_backend.events.outbox import outbox_event_table
from function_backend.events.sealed_payload import is_sealed, resealed, sealed_payload
from function_backend.kernel.sealing import Resealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_event = outbox_event_table.c


class EventPayloads:
    """Seals the payloads of events that were recorded as they are, and those of an older data key anew."""

    name = outbox_event_table.name
    sealed_columns = ("payload",)

    def __init__(self, masked: Callable[[str, bytes], bytes | None]) -> None:
        """`masked` gives the message of a type without its sensitive fields; None when none of them is filled."""
        self._masked = masked

    def reseal(self, work: UnitOfWork, after: str | None, *, limit: int) -> Resealed:
        """Looks at the next events of the tenant, in the order of their ids."""
        query = (
            select(_event.id, _event.type, _event.payload)
            .where(_event.tenant_id == work.tenant_id)
            .order_by(_event.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(_event.id > UUID(after))
        rows = work.connection.execute(query).all()
        count = sum(self._store(work, row) for row in rows)
        return Resealed(after=None if len(rows) < limit else str(rows[-1].id), count=count, faults=0)

    def _store(self, work: UnitOfWork, row: Row[Any, Any, Any]) -> bool:
        changed = self._changed(work, row)
        if changed is None:
            return False
        work.connection.execute(select(func.reseal_event(row.id, changed)))
        return True

    def _changed(self, work: UnitOfWork, row: Row[Any, Any, Any]) -> bytes | None:
        payload = bytes(row.payload)
        if is_sealed(payload):
            return resealed(work, row.id, payload)
        masked = self._masked(row.type, payload)
        return None if masked is None else sealed_payload(work, row.id, whole=payload, masked=masked)
