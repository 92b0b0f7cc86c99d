"""The table of service accounts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

service_account_table = Table(
    "service_account",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("name", Text(collation="C"), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("state", Text(collation="C"), nullable=False),
    Column("labels", JSONB, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    UniqueConstraint("tenant_id", "name", name="service_account_name_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="service_account_tenant_id_fkey"),
)
