"""Decisions that callers took themselves are told from those that the service took."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default serves the release before, which writes rows without the column.
    op.execute("alter table rules_decision add column local boolean not null default false")


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
