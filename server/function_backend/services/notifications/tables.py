"""The tables of notifications."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text, UniqueConstraint, Uuid, column
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

_BYTEWISE = Text(collation="C")

template_table = Table(
    "notification_template",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("name", _BYTEWISE, nullable=False),
    Column("language", _BYTEWISE, nullable=False),
    # The latest version; what it says is in its row of the versions.
    Column("version", BigInteger, nullable=False),
    Column("category", _BYTEWISE, nullable=False),
    Column("description", Text, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    Column("author", Text, nullable=False),
    UniqueConstraint("tenant_id", "name", "language", name="notification_template_name_key"),
)

template_version_table = Table(
    "notification_template_version",
    metadata,
    tenant_column(),
    Column("template_id", Uuid(), primary_key=True, nullable=False),
    Column("version", BigInteger, primary_key=True, nullable=False),
    Column("category", _BYTEWISE, nullable=False),
    Column("description", Text, nullable=False),
    Column("variables", JSONB, nullable=False),
    Column("content", JSONB, nullable=False),
    moment_column("created_at"),
    Column("author", Text, nullable=False),
)

category_table = Table(
    "notification_category",
    metadata,
    tenant_column(),
    Column("name", _BYTEWISE, primary_key=True, nullable=False),
    Column("description", Text, nullable=False),
    Column("mandatory", Boolean, nullable=False),
    Column("digest", JSONB),
    Column("revision", BigInteger, nullable=False),
)

preference_table = Table(
    "notification_preference",
    metadata,
    tenant_column(),
    # A digest of the user's id or of channel and address: links carry it, and a table of addresses less is kept.
    Column("holder", LargeBinary, primary_key=True, nullable=False),
    Column("category", _BYTEWISE, primary_key=True, nullable=False),
    Column("channel", _BYTEWISE, primary_key=True, nullable=False),
    Column("subscribed", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    moment_column("updated_at"),
)

notification_table = Table(
    "notification",
    metadata,
    tenant_column(),
    # A UUID of version 7, so that the key is also the order of time.
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("key", _BYTEWISE, nullable=False),
    Column("asked", LargeBinary, nullable=False),
    Column("user_id", Uuid()),
    # Empty where the sealed ones have them; the index stands for the address in searches.
    Column("address", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("sealed_address", LargeBinary),
    Column("sealed_display_name", LargeBinary),
    Column("address_key", _BYTEWISE),
    Column("wanted_language", _BYTEWISE, nullable=False),
    Column("template", _BYTEWISE, nullable=False),
    Column("template_version", BigInteger, nullable=False),
    Column("language", _BYTEWISE, nullable=False),
    Column("category", _BYTEWISE, nullable=False),
    Column("channel", _BYTEWISE, nullable=False),
    Column("state", _BYTEWISE, nullable=False),
    # 0 goes before 1.
    Column("priority", BigInteger, nullable=False),
    Column("failure", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("provider_id", _BYTEWISE, nullable=False),
    Column("digest_id", Uuid()),
    Column("is_digest", Boolean, nullable=False),
    # What it says, encrypted with the tenant's key; gone when it is over.
    Column("sealed", LargeBinary),
    # When a sender looks at it next: when it is to be sent, or when whoever sends it is taken to be dead.
    moment_column("due_at", nullable=True),
    # Which sender is at it.
    Column("holder", Uuid()),
    Column("sequence", BigInteger, nullable=False),
    Column("creator", Text, nullable=False),
    moment_column("created_at"),
    moment_column("sent_at", nullable=True),
    moment_column("ended_at", nullable=True),
    moment_column("expires_at", nullable=True),
    UniqueConstraint("tenant_id", "key", name="notification_key_key"),
    Index("notification_due_idx", "priority", "due_at", postgresql_where=column("due_at").is_not(None)),
    Index("notification_digest_idx", "tenant_id", "digest_id", postgresql_where=column("digest_id").is_not(None)),
    Index("notification_provider_idx", "tenant_id", "channel", "provider_id"),
    Index("notification_over_idx", "ended_at", postgresql_where=column("ended_at").is_not(None)),
)
