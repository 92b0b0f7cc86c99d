"""The table of signed checkpoints: the head of a tenant's audit chain at some time (docs/adr/0026-audit-trail.md)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

audit_checkpoint_table = Table(
    "audit_checkpoint",
    metadata,
    tenant_column(),
    Column("seq", BigInteger, primary_key=True, nullable=False, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    moment_column("signed_at"),
    Column("key_id", Text(collation="C"), nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
