"""The tables of the credentials of service accounts, and of the assertions that were used."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

client_credential_table = Table(
    "client_credential",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("client_id", Uuid(), nullable=False),
    Column("kind", Text(collation="C"), nullable=False),
    Column("digest", LargeBinary),
    Column("key_id", Text(collation="C"), nullable=False, server_default=""),
    Column("algorithm", Text(collation="C"), nullable=False, server_default=""),
    Column("public_jwk", Text(collation="C"), nullable=False, server_default=""),
    Column("display_name", Text, nullable=False),
    moment_column("created_at"),
    Column("creator", Text, nullable=False),
    moment_column("expires_at", nullable=True),
    moment_column("revoked_at", nullable=True),
    moment_column("last_used_at", nullable=True),
    UniqueConstraint("digest", name="client_credential_digest_key"),
    CheckConstraint("kind in ('secret', 'public_key')", name="kind"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="client_credential_tenant_id_fkey"),
    Index("client_credential_client_id_idx", "client_id", "id"),
)

used_assertion_table = Table(
    "used_assertion",
    metadata,
    tenant_column(),
    Column("client_id", Uuid(), primary_key=True, nullable=False),
    Column("digest", LargeBinary, primary_key=True, nullable=False),
    moment_column("expires_at"),
    Index("used_assertion_expires_at_idx", "expires_at"),
)
