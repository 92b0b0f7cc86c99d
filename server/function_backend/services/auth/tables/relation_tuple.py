"""The table of relationships."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text, text

from function_backend.persistence.metadata import metadata, moment_column, tenant_column


def _name(name: str) -> Column[str]:
    return Column(name, Text(collation="C"), primary_key=True, nullable=False)


relation_tuple_table = Table(
    "relation_tuple",
    metadata,
    tenant_column(),
    _name("resource_type"),
    _name("resource_id"),
    _name("relation"),
    _name("subject_type"),
    _name("subject_id"),
    _name("subject_relation"),
    moment_column("expires_at", nullable=True),
    moment_column("created_at"),
    Column("writer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(
        "relation_tuple_subject_idx",
        "tenant_id",
        "subject_type",
        "subject_id",
        "subject_relation",
        "resource_type",
        "relation",
        "resource_id",
    ),
    Index(
        "relation_tuple_set_idx",
        "tenant_id",
        "resource_type",
        "resource_id",
        "relation",
        "subject_type",
        "subject_id",
        "subject_relation",
        postgresql_where=text("subject_relation <> ''"),
    ),
)
