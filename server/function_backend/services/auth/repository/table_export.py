"""The rows of a tenant's table as records of an export, column by column as they are named, so that none slips in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import orjson
from sqlalchemy import Column, Table, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.persistence.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """One thing that is kept about a tenant."""

    type: str
    id: str
    json: str
    """One line."""


class TableExport:
    """Exports the columns of a table that are named; it must have a `tenant_id`."""

    def __init__(self, type: str, table: Table, columns: Sequence[str], *, key: str = "id") -> None:  # noqa: A002
        """`columns` are those to export, never a secret or the hash of one; `key` is unique within the tenant."""
        self.type = type
        self.table = table
        self._tenant = table.c.tenant_id
        self._key: Column[object] = table.c[key]
        self._columns = [table.c[name] for name in columns]

    def page(self, work: UnitOfWork, after: str | None, *, limit: int) -> list[ExportRecord]:
        """The records of the unit of work's tenant that follow the key, in its order."""
        query = (
            select(self._key.label("export_key"), *self._columns)
            .where(self._tenant == work.tenant_id)
            .order_by(self._key)
            .limit(limit)
        )
        if after is not None:
            query = query.where(self._key > self._key.type.python_type(after))
        records = []
        for row in work.connection.execute(query):
            # Plain strings: SQLAlchemy's own names are a kind that orjson does not write.
            values = {str(column.name): value for column, value in zip(self._columns, row[1:], strict=True)}
            key = str(row[0])
            records.append(ExportRecord(self.type, key, orjson.dumps(values, default=_plain).decode()))
        return records


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in an export")
