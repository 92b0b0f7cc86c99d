"""Relationships: schema versions, tuples, recorded decisions."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table relation_schema (
            tenant_id uuid not null,
            version bigint not null,
            content_hash text collate "C" not null,
            text text not null,
            canonical_text text not null,
            created_at timestamptz not null,
            creator text not null,
            reason text not null,
            constraint relation_schema_pkey primary key (tenant_id, version)
        )
    """)
    # In this order of the key, the subjects of one relation of one resource lie together and in order of their ids.
    op.execute("""
        create table relation_tuple (
            tenant_id uuid not null,
            resource_type text collate "C" not null,
            resource_id text collate "C" not null,
            relation text collate "C" not null,
            subject_type text collate "C" not null,
            subject_id text collate "C" not null,
            subject_relation text collate "C" not null,
            expires_at timestamptz,
            created_at timestamptz not null,
            writer text not null,
            reason text not null,
            constraint relation_tuple_pkey primary key (
                tenant_id, resource_type, resource_id, relation, subject_type, subject_id, subject_relation
            )
        )
    """)
    # And in this order, the resources of one subject in one relation.
    op.execute("""
        create index relation_tuple_subject_idx on relation_tuple (
            tenant_id, subject_type, subject_id, subject_relation, resource_type, relation, resource_id
        )
    """)
    # A relation of 10,000 users may hold a few sets, which are wanted without the users.
    op.execute("""
        create index relation_tuple_set_idx on relation_tuple (
            tenant_id, resource_type, resource_id, relation, subject_type, subject_id, subject_relation
        ) where subject_relation <> ''
    """)
    op.execute("""
        create table relation_decision (
            tenant_id uuid not null,
            id uuid not null,
            decided_at timestamptz not null,
            expires_at timestamptz not null,
            caller text not null,
            schema_version bigint not null,
            resource text not null,
            permission text not null,
            subject text not null,
            permitted boolean not null,
            inputs bytea not null,
            constraint relation_decision_pkey primary key (tenant_id, id)
        )
    """)
    op.execute("create index relation_decision_expires_at_idx on relation_decision (tenant_id, expires_at)")
    # A version is never changed, and neither is a decision.
    protect("relation_schema", app="select, insert")
    protect("relation_tuple", app="select, insert, update, delete")
    protect("relation_decision", app="select, insert, delete")


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
