"""The outbox: events that wait to be carried out of the service, in the transaction of the change they tell of."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, LargeBinary, SmallInteger, Table, Text, Uuid

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

if TYPE_CHECKING:
    from uuid import UUID

SHARDS = 64

outbox_event_table = Table(
    "outbox_event",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid(), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    moment_column("occurred_at"),
    Column("trace_context", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("outbox_event_shard_id_idx", "shard", "id"),
)


def shard_of(subject_id: UUID) -> int:
    """The shard of all events of the resource, so that whoever carries one shard keeps their order.

    By a hash, since the bits of an id that a client or another system made need not be evenly spread.
    """
    return hashlib.sha256(subject_id.bytes).digest()[0] % SHARDS
