"""The table of signing keys, which belong to the installation and to no tenant."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column

signing_key_table = Table(
    "signing_key",
    metadata,
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("algorithm", Text(collation="C"), nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("sealed_key", LargeBinary),
    Column("master_key_id", Text(collation="C"), nullable=False),
    moment_column("created_at"),
    moment_column("activates_at"),
    moment_column("retires_at", nullable=True),
    moment_column("leaves_at", nullable=True),
    moment_column("withdrawn_at", nullable=True),
    CheckConstraint("algorithm in ('ES256', 'EdDSA')", name="algorithm"),
)
