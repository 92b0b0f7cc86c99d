"""The log of events, and how far each of its consumers has come."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

event_table = Table(
    "event",
    metadata,
    tenant_column(),
    Column("position", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("recorded_at", moment_column("recorded_at").type, primary_key=True, nullable=False),
    Column("id", Uuid(), nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid(), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    moment_column("occurred_at"),
    Column("actor", Text, nullable=False),
    Column("trace_context", Text, nullable=False),
    Column("labels", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("event_tenant_id_id_idx", "tenant_id", "id"),
)

event_consumer_table = Table(
    "event_consumer",
    metadata,
    Column("name", Text, primary_key=True, nullable=False),
    Column("lanes", Integer, nullable=False),
    moment_column("registered_at"),
)

event_cursor_table = Table(
    "event_cursor",
    metadata,
    tenant_column(),
    Column("consumer", Text, primary_key=True, nullable=False),
    Column("lane", Integer, primary_key=True, nullable=False, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    moment_column("recorded_at"),
    Column("holder", Uuid()),
    moment_column("held_until", nullable=True),
    Column("fence", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    moment_column("retry_at", nullable=True),
    moment_column("updated_at"),
)

event_dead_letter_table = Table(
    "event_dead_letter",
    metadata,
    tenant_column(),
    Column("consumer", Text, primary_key=True, nullable=False),
    Column("position", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("event_id", Uuid(), nullable=False),
    Column("type", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failure", Text, nullable=False),
    moment_column("set_aside_at"),
)
