"""The tables of the audit trail beside the chain itself: the keys of the installation, and what tenants keep."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

audit_key_table = Table(
    "audit_key",
    metadata,
    Column("id", Text(collation="C"), primary_key=True, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("master_key_id", Text(collation="C"), nullable=False),
    moment_column("created_at"),
    moment_column("retired_at", nullable=True),
)

audit_retention_table = Table(
    "audit_retention",
    metadata,
    tenant_column(),
    Column("keep_seconds", BigInteger),
    Column("dropped_seq", BigInteger, nullable=False, server_default="0"),
    Column("deleted_seq", BigInteger, nullable=False, server_default="0"),
)
