"""The table of tenants."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

tenant_table = Table(
    "tenant",
    metadata,
    tenant_column(),
    Column("name", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    moment_column("created_at"),
    Column("parent_id", Uuid()),
    Column("ancestors", ARRAY(Uuid()), nullable=False, server_default=text("'{}'")),
    Column("state", Text(collation="C"), nullable=False, server_default=text("'active'")),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    Column("revision", BigInteger, nullable=False, server_default=text("1")),
    moment_column("updated_at", nullable=True),
    moment_column("suspended_at", nullable=True),
    moment_column("deleted_at", nullable=True),
    UniqueConstraint("name", name="tenant_name_key"),
    CheckConstraint("cardinality(ancestors) < 5", name="level"),
    CheckConstraint("state in ('active', 'suspended', 'deleted')", name="state"),
    Index("tenant_parent_id_idx", "parent_id", "tenant_id"),
)
