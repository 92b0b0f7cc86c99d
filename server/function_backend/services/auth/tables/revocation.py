"""The log of revocations, and how far back it goes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Table, Text, Uuid, text

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

revocation_log_table = Table(
    "revocation_log",
    metadata,
    tenant_column(),
    Column("epoch", BigInteger, primary_key=True, nullable=False),
    Column("kind", Text(collation="C"), nullable=False),
    Column("subject_id", Uuid(), nullable=False),
    moment_column("revoked_at"),
    Index("revocation_log_epoch_idx", "epoch"),
)

revocation_horizon_table = Table(
    "revocation_horizon",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true"), nullable=False),
    Column("forgotten_to", BigInteger, nullable=False),
    CheckConstraint("only_row", name="only_row"),
)
