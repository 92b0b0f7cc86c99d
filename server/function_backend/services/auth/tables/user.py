"""The tables of users and of what they sign in with."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column


def _key(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text(collation="C"), nullable=nullable)


def _of_user(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "user_id"],
        ["auth_user.tenant_id", "auth_user.id"],
        name=f"{table}_user_fkey",
        ondelete="CASCADE",
    )


auth_user_table = Table(
    "auth_user",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("user_name", Text, nullable=False),
    _key("user_name_key"),
    Column("email", Text, nullable=False),
    _key("email_key", nullable=True),
    Column("display_name", Text, nullable=False),
    _key("state"),
    _key("state_before", nullable=True),
    moment_column("locked_until", nullable=True),
    Column("attributes", JSONB, nullable=False),
    Column("labels", JSONB, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    # Of a row that is sealed, the columns of the same names without `sealed_` are empty, and the keys blind indexes.
    Column("sealed_user_name", LargeBinary),
    Column("sealed_email", LargeBinary),
    Column("sealed_display_name", LargeBinary),
    Column("sealed_attributes", LargeBinary),
    UniqueConstraint("tenant_id", "user_name_key", name="auth_user_user_name_key"),
    UniqueConstraint("tenant_id", "email_key", name="auth_user_email_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="auth_user_tenant_id_fkey"),
)

user_password_table = Table(
    "user_password",
    metadata,
    tenant_column(),
    Column("user_id", Uuid(), primary_key=True, nullable=False),
    _key("hash"),
    moment_column("changed_at"),
    Column("must_change", Boolean, nullable=False),
    _of_user("user_password"),
)

user_password_history_table = Table(
    "user_password_history",
    metadata,
    tenant_column(),
    Column("user_id", Uuid(), primary_key=True, nullable=False),
    Column("changed_at", moment_column("changed_at").type, primary_key=True, nullable=False),
    _key("hash"),
    _of_user("user_password_history"),
)

user_token_table = Table(
    "user_token",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("user_id", Uuid(), nullable=False),
    _key("purpose"),
    Column("digest", LargeBinary, nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    UniqueConstraint("tenant_id", "user_id", "purpose", name="user_token_user_key"),
    _of_user("user_token"),
)

user_totp_table = Table(
    "user_totp",
    metadata,
    tenant_column(),
    Column("user_id", Uuid(), primary_key=True, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    moment_column("created_at"),
    moment_column("confirmed_at", nullable=True),
    Column("last_step", BigInteger, nullable=False),
    _of_user("user_totp"),
)

user_recovery_code_table = Table(
    "user_recovery_code",
    metadata,
    tenant_column(),
    Column("user_id", Uuid(), primary_key=True, nullable=False),
    Column("digest", LargeBinary, primary_key=True, nullable=False),
    _of_user("user_recovery_code"),
)

sign_in_throttle_table = Table(
    "sign_in_throttle",
    metadata,
    tenant_column(),
    Column("who", LargeBinary, primary_key=True, nullable=False),
    Column("failures", Integer, nullable=False),
    moment_column("last_at"),
    moment_column("blocked_until"),
    Index("sign_in_throttle_last_at_idx", "last_at"),
)
