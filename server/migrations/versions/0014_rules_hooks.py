"""Hooks: decisions that are bound to operations."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table rules_hook (
            tenant_id uuid not null,
            id uuid not null,
            name text collate "C" not null,
            definition text collate "C" not null,
            operations text[] collate "C" not null,
            mode text collate "C" not null,
            enabled boolean not null,
            position integer not null,
            description text not null,
            revision bigint not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            creator text not null,
            constraint rules_hook_pkey primary key (tenant_id, id),
            constraint rules_hook_name_key unique (tenant_id, name)
        )
    """)
    protect_except_for_definer("rules_hook", app="select, insert, update, delete", definer="select")
    # Of whom there is none here, the workers know it without asking for each call.
    definer_function(
        "tenants_with_rules_hooks()",
        """
        create function tenants_with_rules_hooks()
        returns setof uuid language sql stable {definer} as $$
            select distinct tenant_id from rules_hook
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
