"""The tables of groups and their members."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

auth_group_table = Table(
    "auth_group",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("name", Text(collation="C"), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("labels", JSONB, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    UniqueConstraint("tenant_id", "name", name="auth_group_name_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="auth_group_tenant_id_fkey"),
)

group_member_table = Table(
    "group_member",
    metadata,
    tenant_column(),
    Column("group_id", Uuid(), primary_key=True, nullable=False),
    Column("member_kind", Text(collation="C"), primary_key=True, nullable=False),
    Column("member_id", Uuid(), primary_key=True, nullable=False),
    moment_column("added_at"),
    Column("added_by", Text, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "group_id"],
        ["auth_group.tenant_id", "auth_group.id"],
        name="group_member_group_fkey",
        ondelete="CASCADE",
    ),
    Index("group_member_member_idx", "tenant_id", "member_kind", "member_id", "group_id"),
)
