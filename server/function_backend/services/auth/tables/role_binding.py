"""The table of role bindings, of which deleted ones stay."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

_BYTEWISE = Text(collation="C")

role_binding_table = Table(
    "role_binding",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("role_id", Uuid(), nullable=False),
    Column("subject_kind", _BYTEWISE, nullable=False),
    Column("subject_id", Uuid(), nullable=False),
    Column("resource_type", _BYTEWISE, nullable=False),
    Column("resource_id", Uuid()),
    Column("labels", JSONB, nullable=False),
    moment_column("expires_at", nullable=True),
    Column("condition", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("granter", Text, nullable=False),
    moment_column("created_at"),
    moment_column("deleted_at", nullable=True),
    Column("deleter", Text, nullable=False),
    Column("delete_reason", Text, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="role_binding_tenant_id_fkey"),
    Index(
        "role_binding_subject_idx",
        "tenant_id",
        "subject_kind",
        "subject_id",
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index("role_binding_role_id_idx", "tenant_id", "role_id", "id"),
)
