"""Whether the people of a tenant need a second factor, for whoever verifies a token before its tenant is set."""

from __future__ import annotations

from function_backend.persistence.schema import definer_function

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    definer_function(
        "tenant_requires_second_factor(uuid)",
        """
        create function tenant_requires_second_factor(asked_id uuid)
        returns boolean language sql stable {definer} as $$
            select coalesce(
                (select (t.settings ->> 'second_factor_required')::boolean from tenant t where t.tenant_id = asked_id),
                false
            )
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
