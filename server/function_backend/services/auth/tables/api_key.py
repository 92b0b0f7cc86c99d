"""The table of API keys."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

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
