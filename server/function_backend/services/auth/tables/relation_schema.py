"""The table of the versions of relation schemas."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

relation_schema_table = Table(
    "relation_schema",
    metadata,
    tenant_column(),
    Column("version", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("content_hash", Text(collation="C"), nullable=False),
    Column("text", Text, nullable=False),
    Column("canonical_text", Text, nullable=False),
    moment_column("created_at"),
    Column("creator", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
