"""Simulations that are not over become jobs."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import DEFINER, OWNER

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The definer sees those of all tenants. What the release before holds by its own marks is done once more at most.
    op.execute(f"set local role {DEFINER}")
    op.execute("""
        insert into job (
            tenant_id, id, kind, priority, state, payload, creator, request_id, trace_context, run_at, attempt,
            max_attempts, fence, done, total, details, kept, result, failure_status, failure_reason, failure,
            created_at, started_at, updated_at, kept_seconds
        )
        select
            s.tenant_id, s.id, 'rules.simulation', 2, 'queued', '', s.creator, '', '', now(), 0,
            5, 0, s.done, s.total, '', convert_to(s.place, 'UTF8'), '', 0, '', '',
            s.created_at, s.started_at, now(), greatest(0, extract(epoch from s.expires_at - now()))::integer
        from rules_simulation s where s.ended_at is null
    """)
    op.execute(f"set local role {OWNER}")


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
