"""The rows of a tenant's table as records of an export, column by column as they are named, so that none slips in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Table, literal, select, tuple_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.vault.sealed_table import SealedTable


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """One thing that is kept about a tenant."""

    type: str
    id: str
    """Its key; as a JSON list where that has several parts."""
    json: str
    """One line."""


class TableExport:
    """Exports the columns of a table that are named; it must have a `tenant_id`."""

    def __init__(
        self,
        type: str,  # noqa: A002
        table: Table,
        columns: Sequence[str],
        *,
        key: Sequence[str] = ("id",),
        sealed: SealedTable | None = None,
    ) -> None:
        """`columns` are those to export, never a secret or the hash of one; `key` is unique within the tenant.

        What `sealed` seals of them is exported as it was before it was sealed.
        """
        self.type = type
        self.table = table
        self._tenant = table.c.tenant_id
        self._key: list[Column[object]] = [table.c[name] for name in key]
        self._columns = [table.c[name] for name in columns]
        self._sealed = sealed
        self._hidden = [] if sealed is None else [table.c[name] for name in sealed.sealed_columns]

    def page(self, work: UnitOfWork, after: str | None, *, limit: int) -> list[ExportRecord]:
        """The records of the unit of work's tenant that follow the key, in its order."""
        query = (
            select(
                *[column.label(f"export_key_{number}") for number, column in enumerate(self._key)],
                *self._columns,
                *self._hidden,
            )
            .where(self._tenant == work.tenant_id)
            .order_by(*self._key)
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(*self._key) > tuple_(*self._read_key(after)))
        records = []
        for row in work.connection.execute(query):
            # Plain strings: SQLAlchemy's own names are a kind that orjson does not write.
            values = {
                str(column.name): value for column, value in zip(self._columns, row[len(self._key) :], strict=False)
            }
            if self._sealed is not None:
                values |= self._sealed.all_opened(work.fields, row[0], cast("Row[Any]", row))
            key = self._write_key([str(value) for value in row[: len(self._key)]])
            records.append(ExportRecord(self.type, key, orjson.dumps(values, default=_plain).decode()))
        return records

    def _write_key(self, parts: list[str]) -> str:
        return parts[0] if len(parts) == 1 else orjson.dumps(parts).decode()

    def _read_key(self, text: str) -> list[ColumnElement[object]]:
        parts = [text] if len(self._key) == 1 else orjson.loads(text)
        return [
            literal(column.type.python_type(part), column.type) for column, part in zip(self._key, parts, strict=True)
        ]


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an export")
