"""Recorded decisions of all tenants are removed when their time is over, also where nothing is recorded any more."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import APP, DEFINER, OWNER
from function_backend.persistence.schema import definer_function

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The index of 0008 begins with the tenant: for the oldest of all tenants it is of no use.
    op.execute("create index relation_decision_over_idx on relation_decision (expires_at)")
    # The definer's function sees the decisions of all tenants, to delete them.
    op.execute(f"alter policy relation_decision_tenant on relation_decision to {OWNER}, {APP}")
    op.execute(
        f"create policy relation_decision_definer on relation_decision to {DEFINER} using (true) with check (true)"
    )
    op.execute(f"grant select, update, delete on relation_decision to {DEFINER}")
    definer_function(
        "purge_relation_decisions(timestamptz, integer)",
        """
        create function purge_relation_decisions(expired_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            -- SKIP LOCKED: several workers may purge at once; none may wait for another.
            delete from relation_decision t using (
                select e.tenant_id, e.id from relation_decision e where e.expires_at <= expired_before
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
