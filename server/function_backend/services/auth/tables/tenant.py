"""The table of tenants."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, UniqueConstraint

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
