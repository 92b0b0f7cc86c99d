"""The audit chain of a tenant: each record holds a hash over itself and over the record before it.

Whoever changes, drops or inserts a record must rewrite all that follow; a copy of one late hash gives that away.
Records are written by the database functions `record_event` and `record_events` alone; the service only reads them.

The hash is SHA-256 over the text `function-backend audit record 1` and then the columns in the order of `AuditRecord`,
each as its length in four bytes (big-endian) and its bytes; the length of null is ffffffff. Numbers are eight bytes
big-endian, ids their 16 bytes, texts UTF-8, `details` as PostgreSQL writes the jsonb as text, and `recorded_at` the
microseconds since 2000-01-01 UTC in eight bytes. The record before the first is SHA-256 of the tenant's id.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMAT = b"function-backend audit record 1"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NULL = b"\xff\xff\xff\xff"

audit_head_table = Table(
    "audit_head",
    metadata,
    tenant_column(),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    moment_column("recorded_at"),
)

audit_record_table = Table(
    "audit_record",
    metadata,
    tenant_column(),
    Column("seq", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    moment_column("recorded_at"),
    Column("actor", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("event_id", Uuid(), nullable=False),
    Column("event_type", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid(), nullable=False),
    Column("before_digest", LargeBinary),
    Column("after_digest", LargeBinary),
    Column("details", JSONB),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("audit_record_subject_id_idx", "tenant_id", "subject_id", "seq"),
    Index("audit_record_actor_idx", "tenant_id", "actor", "seq"),
    Index("audit_record_recorded_at_idx", "tenant_id", "recorded_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One record, with `prev_hash` first as the hash takes it; `details` as the text of the jsonb."""

    prev_hash: bytes
    tenant_id: UUID
    seq: int
    recorded_at: datetime
    actor: str
    method: str
    request_id: str
    event_id: UUID
    event_type: str
    subject_type: str
    subject_id: UUID
    before_digest: bytes | None
    after_digest: bytes | None
    details: str | None

    def digest(self) -> bytes:
        """The hash that the record must carry."""
        return hashlib.sha256(_FORMAT + b"".join(map(_part, astuple(self)))).digest()


class BrokenChainError(Exception):
    """The records are not what was once written."""


def genesis(tenant_id: UUID) -> bytes:
    """The `prev_hash` of a tenant's first record."""
    return hashlib.sha256(tenant_id.bytes).digest()


def verify(tenant_id: UUID, records: Iterable[tuple[AuditRecord, bytes]]) -> bytes:
    """The last hash of the tenant's records, given from the first one on with the hash that each carries.

    Raises BrokenChainError, which names the record, when one is missing, doubled, moved or altered.
    """
    expected = genesis(tenant_id)
    for number, (record, found) in enumerate(records, start=1):
        if record.seq != number or record.tenant_id != tenant_id:
            raise BrokenChainError(f"record {number} is missing or out of place")
        if record.prev_hash != expected:
            raise BrokenChainError(f"record {number} does not follow the one before it")
        expected = record.digest()
        if found != expected:
            raise BrokenChainError(f"record {number} has been altered")
    return expected


def _part(value: bytes | UUID | int | datetime | str | None) -> bytes:
    if value is None:
        return _NULL
    if isinstance(value, UUID):
        encoded = value.bytes
    elif isinstance(value, int):
        encoded = value.to_bytes(8, "big", signed=True)
    elif isinstance(value, datetime):
        encoded = ((value - _EPOCH) // timedelta(microseconds=1)).to_bytes(8, "big", signed=True)
    else:
        encoded = value.encode() if isinstance(value, str) else value
    return len(encoded).to_bytes(4, "big") + encoded
