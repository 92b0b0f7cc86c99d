"""The table of data keys: of each tenant that has secrets, in generations, wrapped by a master key."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

tenant_key_table = Table(
    "tenant_key",
    metadata,
    tenant_column(),
    Column("key_id", Uuid(), primary_key=True, nullable=False),
    # From 1; the newest seals. The release before writes rows without it.
    Column("generation", Integer, nullable=False, server_default="1"),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("master_key_id", Text(collation="C"), nullable=False),
    moment_column("created_at"),
    UniqueConstraint("tenant_id", "generation", name="tenant_key_generation_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="tenant_key_tenant_id_fkey"),
    Index("tenant_key_master_key_id_idx", "master_key_id", "tenant_id"),
)
