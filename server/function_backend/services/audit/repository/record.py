"""Reading the records of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, cast, func, select

from function_backend.events.audit import AuditRecord, audit_record_table
from function_backend.services.audit.domain.record import StoredRecord
from function_backend.services.audit.repository.filter_sql import filter_clause
from function_backend.services.audit.tables import audit_retention_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row, Select

    from function_backend.filters.conditions import Predicate
    from function_backend.persistence.unit_of_work import UnitOfWork

_record = audit_record_table.c
_retention = audit_retention_table.c
# The hash covers the details as PostgreSQL writes them; read as JSON and written again they could differ.
_COLUMNS = [
    cast(column, Text).label("details") if column.name == "details" else column for column in audit_record_table.columns
]


class RecordRepository:
    """The records of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def beginning(self) -> int:
        """The last record that was dropped; 0 while all are kept."""
        query = select(_retention.dropped_seq).where(_retention.tenant_id == self._work.tenant_id)
        return int(self._work.connection.execute(query).scalar_one_or_none() or 0)

    def find(self, seq: int) -> StoredRecord | None:
        """The record; one that was dropped is not found, even where it is not deleted yet."""
        row = self._work.connection.execute(self._kept().where(_record.seq == seq)).one_or_none()
        return None if row is None else _stored(row)

    def head(self) -> StoredRecord | None:
        """The last record; None when there is none."""
        row = self._work.connection.execute(self._kept().order_by(_record.seq.desc()).limit(1)).one_or_none()
        return None if row is None else _stored(row)

    def last_written(self) -> int:
        """The place of the record that was written last, whether it is still there or not; 0 before the first."""
        return int(self._work.connection.execute(select(func.find_audit_head())).scalar_one_or_none() or 0)

    def after(self, seq: int, *, limit: int, up_to: int | None = None) -> Sequence[StoredRecord]:
        """Records that follow, in order."""
        query = self._kept().where(_record.seq > seq)
        if up_to is not None:
            query = query.where(_record.seq <= up_to)
        return [_stored(row) for row in self._work.connection.execute(query.order_by(_record.seq).limit(limit))]

    def page(
        self, predicate: Predicate | None, after: int | None, *, descending: bool, limit: int
    ) -> Sequence[StoredRecord]:
        """Records that fit the predicate and follow `after` in the order of their places."""
        query = self._kept()
        if predicate is not None:
            query = query.where(filter_clause(predicate))
        if after is not None:
            query = query.where(_record.seq < after if descending else _record.seq > after)
        query = query.order_by(_record.seq.desc() if descending else _record.seq).limit(limit)
        return [_stored(row) for row in self._work.connection.execute(query)]

    def drop(self, up_to: int, *, at_most: int) -> int:
        """Drops the records up to a checkpoint, and deletes so many of them; how many wait to be deleted."""
        return int(self._work.connection.execute(select(func.drop_audit_records(up_to, at_most))).scalar_one())

    def _kept(self) -> Select[Any]:
        tenant_id = self._work.tenant_id
        dropped = select(_retention.dropped_seq).where(_retention.tenant_id == tenant_id).scalar_subquery()
        return select(*_COLUMNS).where(_record.tenant_id == tenant_id, _record.seq > func.coalesce(dropped, 0))


def _stored(row: Row[Any]) -> StoredRecord:
    found = row._mapping  # noqa: SLF001  SQLAlchemy's documented way to columns by name
    record = AuditRecord(
        prev_hash=bytes(found["prev_hash"]),
        tenant_id=found["tenant_id"],
        seq=found["seq"],
        recorded_at=found["recorded_at"],
        actor=found["actor"],
        method=found["method"],
        request_id=found["request_id"],
        event_id=found["event_id"],
        event_type=found["event_type"],
        subject_type=found["subject_type"],
        subject_id=found["subject_id"],
        before_digest=found["before_digest"],
        after_digest=found["after_digest"],
        details=found["details"],
    )
    return StoredRecord(record, bytes(found["hash"]))
