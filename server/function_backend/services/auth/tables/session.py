"""The tables of sessions and of what belongs to them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Interval,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

session_table = Table(
    "session",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("user_id", Uuid(), nullable=False),
    Column("client_id", Text(collation="C"), nullable=False),
    Column("device", Text, nullable=False),
    Column("address", Text(collation="C"), nullable=False),
    Column("authentication_methods", ARRAY(Text(collation="C")), nullable=False),
    moment_column("authenticated_at"),
    moment_column("created_at"),
    moment_column("last_used_at"),
    Column("idle_lifetime", Interval, nullable=False),
    moment_column("idle_expires_at"),
    moment_column("expires_at"),
    moment_column("revoked_at", nullable=True),
    Column("ended_by", Text(collation="C"), nullable=False, server_default=""),
    Column("revision", BigInteger, nullable=False),
    # Of a row that is sealed, `device` and `address` are empty.
    Column("sealed_device", LargeBinary),
    Column("sealed_address", LargeBinary),
    CheckConstraint("ended_by in ('', 'signed_out', 'revoked', 'token_reused')", name="ended_by"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="session_tenant_id_fkey"),
    Index("session_id_idx", "id"),
    Index("session_user_id_idx", "tenant_id", "user_id", "id"),
    Index("session_expires_at_idx", "expires_at"),
)

refresh_token_table = Table(
    "refresh_token",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("session_id", Uuid(), nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("client_id", Text(collation="C"), nullable=False),
    Column("scopes", ARRAY(Text(collation="C")), nullable=False),
    Column("audience", ARRAY(Text(collation="C")), nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    moment_column("spent_at", nullable=True),
    Column("successor_id", Uuid()),
    UniqueConstraint("digest", name="refresh_token_digest_key"),
    ForeignKeyConstraint(
        ["tenant_id", "session_id"],
        ["session.tenant_id", "session.id"],
        name="refresh_token_session_id_fkey",
        ondelete="CASCADE",
    ),
    Index("refresh_token_session_id_idx", "tenant_id", "session_id"),
)

revoked_access_token_table = Table(
    "revoked_access_token",
    metadata,
    tenant_column(),
    Column("token_id", Uuid(), primary_key=True, nullable=False),
    moment_column("expires_at"),
    moment_column("revoked_at"),
    Index("revoked_access_token_expires_at_idx", "expires_at"),
)
