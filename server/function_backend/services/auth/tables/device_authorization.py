"""The table of devices that wait for a person to let them in."""

from __future__ import annotations

from sqlalchemy import (
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

device_authorization_table = Table(
    "device_authorization",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("user_code", Text(collation="C"), nullable=False),
    Column("client_id", Text(collation="C"), nullable=False),
    Column("scopes", ARRAY(Text(collation="C")), nullable=False),
    Column("audience", ARRAY(Text(collation="C")), nullable=False),
    Column("address", Text(collation="C"), nullable=False),
    moment_column("created_at"),
    moment_column("expires_at"),
    Column("poll_interval", Interval, nullable=False),
    moment_column("polled_at", nullable=True),
    Column("state", Text(collation="C"), nullable=False),
    Column("user_id", Uuid()),
    Column("authentication_methods", ARRAY(Text(collation="C"))),
    moment_column("authenticated_at", nullable=True),
    moment_column("decided_at", nullable=True),
    UniqueConstraint("digest", name="device_authorization_digest_key"),
    UniqueConstraint("tenant_id", "user_code", name="device_authorization_user_code_key"),
    CheckConstraint("state in ('pending', 'approved', 'denied', 'used')", name="state"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="device_authorization_tenant_id_fkey"),
    Index("device_authorization_expires_at_idx", "expires_at"),
)
