"""Reads that are asked thousands of times a second: one statement over ids, one message, one answer.

Tenant, time limit and statement travel in one message of the simple protocol, which PostgreSQL runs as one transaction:
0.55 times the CPU of psycopg's own autocommit `execute` of the same row (docs/adr/0010-storage.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

Parameter = UUID | int | Sequence[UUID]


class HotRead:
    """A SELECT whose only parameters are ids, and numbers.

    The template names them as `{tenant}`, `{0}`, `{1}`, …; a sequence of ids becomes an array, for `id = any({0})`.
    There is no way to put text into it, which the simple protocol could not take safely.
    """

    __slots__ = ("_template",)

    def __init__(self, template: str) -> None:
        if "{tenant}" not in template:
            raise ValueError("a hot read names its tenant")
        self._template = template

    def statement(self, tenant_id: UUID | None, parameters: Sequence[Parameter]) -> bytes:
        """The statement as it is sent."""
        return self._template.format(*map(_literal, parameters), tenant=_literal(tenant_id)).encode()


@dataclass(frozen=True, slots=True)
class HotRows:
    """The rows, column by column as PostgreSQL writes them as text; None is null."""

    rows: list[tuple[bytes | None, ...]]
    position: int | None
    """Whatever was committed at or before this WAL position is in the rows; None when it was not asked for."""

    @classmethod
    def of(cls, result: PGresult, position: int | None) -> HotRows:
        """The rows of the result."""
        columns = range(result.nfields)
        rows = [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]
        return cls(rows, position)


def decode_bytea(text: bytes) -> bytes:
    r"""The bytes that PostgreSQL writes as `\x0a1b…`."""
    return bytes.fromhex(text[2:].decode("ascii"))


def _literal(value: Parameter | None) -> str:
    if isinstance(value, UUID):
        return f"'{value}'"
    if isinstance(value, int):
        return str(int(value))
    if value is None:
        raise TypeError("a hot read takes no null")
    return "'{" + ",".join(str(UUID(int=member.int)) for member in value) + "}'::uuid[]"
