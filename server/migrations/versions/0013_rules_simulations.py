"""Simulations of versions, candidates that are rolled out, and what the log says of these."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect, protect_except_for_definer

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _simulations()
    _rollouts()


def _simulations() -> None:
    op.execute("""
        create table rules_simulation (
            tenant_id uuid not null,
            id uuid not null,
            definition_id uuid not null,
            name text collate "C" not null,
            version bigint not null,
            content bytea not null,
            content_hash text collate "C" not null,
            calls jsonb not null,
            baseline_version bigint not null,
            source bytea not null,
            max_examples bigint not null,
            state text collate "C" not null,
            done bigint not null,
            total bigint not null,
            place text collate "C" not null,
            result bytea not null,
            failure text not null,
            attempts bigint not null,
            holder uuid,
            held_until timestamptz,
            created_at timestamptz not null,
            started_at timestamptz,
            ended_at timestamptz,
            expires_at timestamptz not null,
            creator text not null,
            constraint rules_simulation_pkey primary key (tenant_id, id)
        )
    """)
    # For the workers, who look for those of all tenants that nobody is at.
    op.execute("create index rules_simulation_open_idx on rules_simulation (id) where ended_at is null")
    op.execute("create index rules_simulation_over_idx on rules_simulation (expires_at)")
    protect_except_for_definer(
        "rules_simulation", app="select, insert, update, delete", definer="select, update, delete"
    )
    definer_function(
        "due_rules_simulations(timestamptz, integer)",
        """
        create function due_rules_simulations(at_time timestamptz, at_most integer)
        returns table (tenant_id uuid, id uuid) language sql stable {definer} as $$
            select s.tenant_id, s.id from rules_simulation s
            where s.ended_at is null and (s.held_until is null or s.held_until <= at_time)
            order by s.id limit at_most
        $$
        """,
    )
    definer_function(
        "purge_rules_simulations(timestamptz, integer)",
        """
        create function purge_rules_simulations(expired_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            -- SKIP LOCKED: several workers may purge at once; none may wait for another.
            delete from rules_simulation t using (
                select e.tenant_id, e.id from rules_simulation e where e.expires_at <= expired_before
                order by e.expires_at limit at_most for update skip locked
            ) as expired
            where t.tenant_id = expired.tenant_id and t.id = expired.id;
            get diagnostics purged = row_count;
            return purged;
        end
        $$
        """,
    )


def _rollouts() -> None:
    op.execute("""
        create table rules_rollout (
            tenant_id uuid not null,
            definition_id uuid not null,
            candidate_version bigint not null,
            content_hash text collate "C" not null,
            calls jsonb not null,
            mode text collate "C" not null,
            hundredths bigint not null,
            key text not null,
            started_at timestamptz not null,
            updated_at timestamptz not null,
            author text not null,
            comment text not null,
            constraint rules_rollout_pkey primary key (tenant_id, definition_id)
        )
    """)
    protect("rules_rollout", app="select, insert, update, delete")
    # Without defaults, so that no row is written anew.
    op.execute("""
        alter table rules_decision
            add column candidate_version bigint,
            add column other_version bigint,
            add column agreement text collate "C",
            add column other_outcome bytea
    """)
    op.execute("""
        create index rules_decision_candidate_idx on rules_decision (tenant_id, definition_id, candidate_version, id)
        where candidate_version is not null
    """)


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
