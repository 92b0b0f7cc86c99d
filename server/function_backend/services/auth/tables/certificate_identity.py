"""The table of the names in certificates that stand for service accounts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Table, Text, UniqueConstraint, Uuid

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

certificate_identity_table = Table(
    "certificate_identity",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("name_kind", Text(collation="C"), nullable=False),
    Column("name", Text(collation="C"), nullable=False),
    Column("service_account_id", Uuid(), nullable=False),
    moment_column("created_at"),
    Column("creator", Text, nullable=False),
    UniqueConstraint("name_kind", "name", name="certificate_identity_name_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="certificate_identity_tenant_id_fkey"),
)
