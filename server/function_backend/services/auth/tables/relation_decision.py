"""The table of recorded decisions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text, Uuid

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

relation_decision_table = Table(
    "relation_decision",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    moment_column("decided_at"),
    moment_column("expires_at"),
    Column("caller", Text, nullable=False),
    Column("schema_version", BigInteger, nullable=False),
    Column("resource", Text, nullable=False),
    Column("permission", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("permitted", Boolean, nullable=False),
    Column("inputs", LargeBinary, nullable=False),
    Index("relation_decision_expires_at_idx", "tenant_id", "expires_at"),
    Index("relation_decision_over_idx", "expires_at"),
)
