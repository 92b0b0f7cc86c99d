"""The tables of roles and of what they inherit."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

_BYTEWISE = Text(collation="C")

role_table = Table(
    "role",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("name", _BYTEWISE, nullable=False),
    Column("description", Text, nullable=False),
    Column("permissions", ARRAY(_BYTEWISE), nullable=False),
    Column("second_factor", Boolean, nullable=False),
    Column("max_age_seconds", Integer),
    Column("revision", BigInteger, nullable=False),
    moment_column("created_at"),
    moment_column("updated_at"),
    Column("creator", Text, nullable=False),
    UniqueConstraint("tenant_id", "name", name="role_name_key"),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="role_tenant_id_fkey"),
)

role_inheritance_table = Table(
    "role_inheritance",
    metadata,
    tenant_column(),
    Column("role_id", Uuid(), primary_key=True, nullable=False),
    # Of a built-in role, which has no row, or of one of the tenant's.
    Column("inherited_id", Uuid(), primary_key=True, nullable=False),
    ForeignKeyConstraint(["tenant_id", "role_id"], ["role.tenant_id", "role.id"], name="role_inheritance_role_id_fkey"),
    Index("role_inheritance_inherited_id_idx", "tenant_id", "inherited_id"),
)
