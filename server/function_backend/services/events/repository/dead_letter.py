"""Finding dead letters, and keeping what was decided about them. Consumers write them: `events.dead_letters`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, tuple_, update

from function_backend.events.tables import event_dead_letter_table
from function_backend.kernel.pagination import Page
from function_backend.services.events.domain.dead_letter import DeadLetter

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_letter = event_dead_letter_table.c
_COLUMNS = tuple(DeadLetter.__dataclass_fields__)


class DeadLetterRepository:
    """The dead letters of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find(self, letter_id: UUID, *, lock: bool = False) -> DeadLetter | None:
        """The one with the id, locked until the transaction ends where that is asked for."""
        query = select(*(_letter[name] for name in _COLUMNS)).where(
            _letter.tenant_id == self._work.tenant_id, _letter.id == letter_id
        )
        row = self._work.connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _read(row)

    def list_before(
        self, before: tuple[datetime, UUID] | None, *, consumer: str, event_type: str, limit: int
    ) -> Page[DeadLetter]:
        """Those that were set aside before the given one, the latest first."""
        query = select(*(_letter[name] for name in _COLUMNS)).where(_letter.tenant_id == self._work.tenant_id)
        if before is not None:
            query = query.where(tuple_(_letter.set_aside_at, _letter.id) < before)
        if consumer:
            query = query.where(_letter.consumer == consumer)
        if event_type:
            query = query.where(_letter.type == event_type)
        newest_first = query.order_by(_letter.set_aside_at.desc(), _letter.id.desc())
        rows = self._work.connection.execute(newest_first.limit(limit + 1)).all()
        found = [_read(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return Page(found, None)
        return Page(found, (found[-1].set_aside_at.isoformat(), str(found[-1].id)))

    def ask_for(self, letter_id: UUID, at: datetime) -> None:
        """Has the consumer try it again."""
        statement = update(event_dead_letter_table).where(
            _letter.tenant_id == self._work.tenant_id, _letter.id == letter_id
        )
        self._work.connection.execute(statement.values(resend_at=at))

    def remove(self, letter_id: UUID) -> None:
        """Forgets it."""
        self._work.connection.execute(
            delete(event_dead_letter_table).where(_letter.tenant_id == self._work.tenant_id, _letter.id == letter_id)
        )


def _read(row: Row[Any]) -> DeadLetter:
    return DeadLetter(**{name: getattr(row, name) for name in _COLUMNS})
