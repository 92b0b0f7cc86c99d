"""The tables of tenants and keys."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

tenant_table = Table(
    "tenant",
    metadata,
    tenant_column(),
    Column("name", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    moment_column("created_at"),
    UniqueConstraint("name", name="tenant_name_key"),
)

api_key_table = Table(
    "api_key",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("rate_limit_per_second", Integer, nullable=False),
    moment_column("created_at"),
    Column("creator", Text, nullable=False),
    moment_column("expires_at", nullable=True),
    moment_column("revoked_at", nullable=True),
    UniqueConstraint("digest", name="api_key_digest_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="api_key_tenant_id_fkey"),
)

auth_epoch_table = Table(
    "auth_epoch",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    CheckConstraint("only_row", name="only_row"),
)
