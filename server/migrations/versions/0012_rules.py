"""Rules: decisions, their versions, when these are in force, and the log of what was decided."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect, protect_except_for_definer

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _definitions()
    _decisions()


def _definitions() -> None:
    op.execute("""
        create table rules_definition (
            tenant_id uuid not null,
            id uuid not null,
            name text collate "C" not null,
            last_version bigint not null,
            revision bigint not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            creator text not null,
            constraint rules_definition_pkey primary key (tenant_id, id),
            constraint rules_definition_name_key unique (tenant_id, name)
        )
    """)
    op.execute("""
        create table rules_version (
            tenant_id uuid not null,
            definition_id uuid not null,
            version bigint not null,
            name text collate "C" not null,
            state text collate "C" not null,
            description text not null,
            labels jsonb not null,
            content bytea not null,
            content_hash text collate "C" not null,
            called text[] collate "C" not null,
            revision bigint not null,
            authors text[] not null,
            calls jsonb not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            constraint rules_version_pkey primary key (tenant_id, definition_id, version)
        )
    """)
    op.execute("""
        create table rules_version_step (
            tenant_id uuid not null,
            definition_id uuid not null,
            version bigint not null,
            revision bigint not null,
            action text collate "C" not null,
            actor text not null,
            at timestamptz not null,
            comment text not null,
            constraint rules_version_step_pkey primary key (tenant_id, definition_id, version, revision)
        )
    """)
    op.execute("""
        create table rules_publication (
            tenant_id uuid not null,
            definition_id uuid not null,
            number bigint not null,
            version bigint not null,
            valid_from timestamptz not null,
            valid_until timestamptz,
            ended_at timestamptz,
            published_at timestamptz not null,
            publisher text not null,
            comment text not null,
            constraint rules_publication_pkey primary key (tenant_id, definition_id, number)
        )
    """)
    protect("rules_definition", app="select, insert, update, delete")
    protect("rules_version", app="select, insert, update, delete")
    # A draft that is deleted takes its steps with it; nothing ever changes one.
    protect("rules_version_step", app="select, insert, delete")
    protect("rules_publication", app="select, insert, update")


def _decisions() -> None:
    op.execute("""
        create table rules_decision (
            tenant_id uuid not null,
            id uuid not null,
            definition_id uuid not null,
            name text collate "C" not null,
            version bigint not null,
            content_hash text collate "C" not null,
            status text collate "C" not null,
            decided_at timestamptz not null,
            effective_at timestamptz not null,
            expires_at timestamptz not null,
            caller text not null,
            outcome bytea not null,
            inputs bytea,
            redacted boolean not null,
            inputs_digest bytea not null,
            constraint rules_decision_pkey primary key (tenant_id, id)
        )
    """)
    op.execute("create index rules_decision_name_idx on rules_decision (tenant_id, name, id)")
    # Those that did not match are few, and looked for among all names.
    op.execute("""
        create index rules_decision_unmatched_idx on rules_decision (tenant_id, status, id) where status <> 'matched'
    """)
    # For the oldest of all tenants, which are removed when their time is over.
    op.execute("create index rules_decision_over_idx on rules_decision (expires_at)")
    # A decision is never changed.
    protect_except_for_definer("rules_decision", app="select, insert", definer="select, update, delete")
    definer_function(
        "purge_rules_decisions(timestamptz, integer)",
        """
        create function purge_rules_decisions(expired_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            -- SKIP LOCKED: several workers may purge at once; none may wait for another.
            delete from rules_decision t using (
                select e.tenant_id, e.id from rules_decision e where e.expires_at <= expired_before
                order by e.expires_at limit at_most for update skip locked
            ) as expired
            where t.tenant_id = expired.tenant_id and t.id = expired.id;
            get diagnostics purged = row_count;
            return purged;
        end
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
