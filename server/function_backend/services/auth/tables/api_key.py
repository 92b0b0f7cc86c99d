"""The table of API keys, and the one of their uses."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

api_key_table = Table(
    "api_key",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("rate_limit_per_second", Integer, nullable=False),
    moment_column("created_at"),
    Column("creator", Text, nullable=False),
    moment_column("expires_at", nullable=True),
    moment_column("revoked_at", nullable=True),
    Column("owner_kind", Text(collation="C"), nullable=False, server_default=text("''")),
    Column("owner_id", Uuid()),
    Column("max_calls_per_day", BigInteger, nullable=False, server_default=text("0")),
    Column("foreign_prefix", Text(collation="C"), nullable=False, server_default=text("''")),
    Column("previous_prefix", Text(collation="C"), nullable=False, server_default=text("''")),
    Column("revision", BigInteger, nullable=False, server_default=text("1")),
    moment_column("updated_at", nullable=True),
    Column("previous_digest", LargeBinary),
    moment_column("previous_expires_at", nullable=True),
    UniqueConstraint("digest", name="api_key_digest_key"),
    UniqueConstraint("previous_digest", name="api_key_previous_digest_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="api_key_tenant_id_fkey"),
    CheckConstraint("(owner_kind = '') = (owner_id is null)", name="owner"),
    Index("api_key_owner_idx", "tenant_id", "owner_id", "id", postgresql_where=text("owner_id is not null")),
    Index("api_key_foreign_prefix_idx", "foreign_prefix", postgresql_where=text("foreign_prefix <> ''")),
    Index("api_key_previous_prefix_idx", "previous_prefix", postgresql_where=text("previous_prefix <> ''")),
    Index("api_key_id_idx", "id"),
)

api_key_use_table = Table(
    "api_key_use",
    metadata,
    tenant_column(),
    Column("api_key_id", Uuid(), primary_key=True, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("calls_of_day", BigInteger, nullable=False),
    moment_column("last_used_at"),
)
