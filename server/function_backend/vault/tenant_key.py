"""The table of data keys: one for each tenant that has secrets, wrapped by a master key."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text, Uuid

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

tenant_key_table = Table(
    "tenant_key",
    metadata,
    tenant_column(),
    Column("key_id", Uuid(), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("master_key_id", Text(collation="C"), nullable=False),
    moment_column("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="tenant_key_tenant_id_fkey"),
    Index("tenant_key_master_key_id_idx", "master_key_id", "tenant_id"),
)
