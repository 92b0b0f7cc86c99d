"""A table of which some columns are sealed: writes them, reads them, and brings old rows to the newest key.

Each sealed column stands beside the one that held the value as it is. A row that was written before, or by the release
before, has the plain value and no sealed one; both forms are read until the row is sealed. A value that is empty is
stored as such: that somebody has no address is no secret, and costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, Table, bindparam, literal, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.sealing import Resealed
from function_backend.vault.errors import SecretLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Row

    from function_backend.persistence.field_cipher import FieldCipher
    from function_backend.persistence.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """A value that is sealed, and where its forms are stored."""

    sealed: str
    """The column of the sealed text."""
    plain: str | None = None
    """The column of the value as it is; None when there never was one."""
    json: bool = False
    """Whether the value is a JSON object instead of a text."""
    index: str | None = None
    """The column of the blind index, which held the normalised value; None when the value is not searched for."""
    normalise: Callable[[str], str] = str
    """Brings values that are to count as equal to the same form."""
    purpose: Callable[[str], str] | None = None
    """What the value of a row is sealed for; `<table>.<column>:<row id>` unless given."""


class SealedTable:
    """The sealed columns of a table; it is the `SealedPlace` of the kernel."""

    def __init__(self, table: Table, columns: Sequence[SealedColumn], *, key: Sequence[str] = ("id",)) -> None:
        """`key` names the columns that tell the rows of a tenant apart; none when there is one row."""
        self._table = table
        self._columns = tuple(columns)
        self._by_plain = {column.plain: column for column in columns if column.plain is not None}
        self._key = [table.c[name] for name in key]

    @property
    def name(self) -> str:
        """The name of the table."""
        return self._table.name

    @property
    def sealed_columns(self) -> tuple[str, ...]:
        """The columns that hold what is sealed."""
        return tuple(column.sealed for column in self._columns)

    def stored(self, fields: FieldCipher, row_id: object, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a row, by their plain columns, as all of its columns are to be stored."""
        stored: dict[str, Any] = {}
        for column in self._columns:
            if column.plain is not None and column.plain in values:
                stored |= self._sealed(fields, column, str(row_id), values[column.plain])
        return stored

    def opened(self, fields: FieldCipher, row_id: object, row: Row[Any], plain: str) -> Any:  # noqa: ANN401
        """The value of the plain column, whichever form the row has. Raises SecretLostError."""
        return self._opened(fields, self._by_plain[plain], str(row_id), row)

    def all_opened(self, fields: FieldCipher, row_id: object, row: Row[Any]) -> dict[str, Any]:
        """The values of all plain columns, whichever form the row has. Raises SecretLostError."""
        return {plain: self._opened(fields, column, str(row_id), row) for plain, column in self._by_plain.items()}

    def equals(self, fields: FieldCipher, index: str, value: str) -> ColumnElement[bool]:
        """That the value of the index's column is this one, whichever form the row has."""
        column = next(each for each in self._columns if each.index == index)
        normalised = column.normalise(value)
        blind = fields.find_blind(normalised, index=self._index(column))
        return self._table.c[index].in_([normalised] if blind is None else [normalised, blind])

    def reseal(self, work: UnitOfWork, after: str | None, *, limit: int) -> Resealed:
        """Seals what is stored as it is in the next rows, and seals anew what an older key has sealed."""
        rows = self._rows(work, after, limit)
        changes, faults = [], 0
        for row in rows:
            try:
                changed = self._change(work.fields, row)
            except SecretLostError:
                faults += 1
                continue
            if changed:
                changes.append((row, changed))
        refused = self._store(work, changes)
        last = None if len(rows) < limit else self._key_text(rows[-1])
        return Resealed(after=last, count=len(changes) - refused, faults=faults + refused)

    def _rows(self, work: UnitOfWork, after: str | None, limit: int) -> list[Row[Any]]:
        query = (
            select(self._table)
            .where(self._table.c.tenant_id == work.tenant_id)
            .order_by(*self._key)
            .limit(limit)
            .with_for_update()
        )
        if after is not None and self._key:
            query = query.where(tuple_(*self._key) > tuple_(*self._key_values(after)))
        return list(work.connection.execute(query))

    def _change(self, fields: FieldCipher, row: Row[Any]) -> dict[str, Any]:
        """The columns of the row that are to be stored otherwise."""
        changed: dict[str, Any] = {}
        row_id = self._row_id(row)
        for column in self._columns:
            sealed = getattr(row, column.sealed)
            if sealed is not None:
                if not fields.is_current(sealed):
                    purpose = self._purpose(column, row_id)
                    changed[column.sealed] = fields.seal(fields.open(sealed, purpose=purpose), purpose=purpose)
            elif column.plain is not None and getattr(row, column.plain):
                changed |= self._sealed(fields, column, row_id, getattr(row, column.plain))
        return changed

    def _store(self, work: UnitOfWork, changes: Sequence[tuple[Row[Any], dict[str, Any]]]) -> int:
        """How many of the rows were refused, because another row stands for the same value already."""
        refused = 0
        for row, changed in changes:
            where = [column == getattr(row, column.name) for column in self._key]
            statement = (
                update(self._table)
                .where(self._table.c.tenant_id == work.tenant_id, *where)
                .values({name: bindparam(f"new_{name}", type_=self._table.c[name].type) for name in changed})
            )
            try:
                with work.connection.begin_nested():
                    work.connection.execute(statement, {f"new_{name}": value for name, value in changed.items()})
            except IntegrityError:
                refused += 1
        return refused

    def _opened(self, fields: FieldCipher, column: SealedColumn, row_id: str, row: Row[Any]) -> Any:  # noqa: ANN401
        sealed = getattr(row, column.sealed)
        if sealed is None:
            return getattr(row, column.plain or "")
        text = fields.open(sealed, purpose=self._purpose(column, row_id))
        return orjson.loads(text) if column.json else text.decode()

    def _sealed(self, fields: FieldCipher, column: SealedColumn, row_id: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
        """The value in all of its columns."""
        stored: dict[str, Any] = {column.plain or "": {} if column.json else "", column.sealed: None}
        if column.index is not None:
            stored[column.index] = None
        if value:
            text = orjson.dumps(value) if column.json else value.encode()
            stored[column.sealed] = fields.seal(text, purpose=self._purpose(column, row_id))
            if column.index is not None:
                stored[column.index] = fields.blind(column.normalise(value), index=self._index(column))
        return stored

    def _purpose(self, column: SealedColumn, row_id: str) -> str:
        if column.purpose is not None:
            return column.purpose(row_id)
        return f"{self.name}.{column.plain or column.sealed}:{row_id}"

    def _index(self, column: SealedColumn) -> str:
        return f"{self.name}.{column.plain}"

    def _row_id(self, row: Row[Any]) -> str:
        names = [column.name for column in self._key] or ["tenant_id"]
        return "/".join(str(getattr(row, name)) for name in names)

    def _key_text(self, row: Row[Any]) -> str:
        return orjson.dumps([str(getattr(row, column.name)) for column in self._key]).decode()

    def _key_values(self, text: str) -> list[ColumnElement[Any]]:
        return [
            literal(column.type.python_type(part), column.type)
            for column, part in zip(self._key, orjson.loads(text), strict=True)
        ]
