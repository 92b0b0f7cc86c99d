"""Events that were set aside can be tried again, and go with the events they are of."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import DEFINER
from function_backend.persistence.schema import definer_function

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is for workers of the release before, which do not name the lane: it is seen to be the first one's.
    op.execute("""
        alter table event_dead_letter
            add column id uuid not null default gen_random_uuid(),
            add column lane integer not null default 0,
            add column resend_at timestamptz
    """)
    op.execute("create unique index event_dead_letter_tenant_id_id_idx on event_dead_letter (tenant_id, id)")
    op.execute("""
        create index event_dead_letter_resend_idx on event_dead_letter (consumer, tenant_id, lane)
        where resend_at is not null
    """)
    op.execute("create index event_dead_letter_set_aside_at_idx on event_dead_letter (set_aside_at)")
    op.execute(f"grant select, delete on event_dead_letter to {DEFINER}")
    op.execute(f"create policy event_dead_letter_definer on event_dead_letter to {DEFINER} using (true)")
    definer_function(
        "dead_letters_to_resend(text, integer)",
        """
        create function dead_letters_to_resend(consumer_name text, at_most integer)
        returns table (tenant_id uuid, lane integer) language sql stable {definer} as $$
            select distinct d.tenant_id, d.lane from event_dead_letter d
            where d.consumer = consumer_name and d.resend_at is not null limit at_most
        $$
        """,
    )
    definer_function(
        "purge_dead_letters(interval, integer)",
        """
        create function purge_dead_letters(kept interval, at_most integer) returns integer
        language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            delete from event_dead_letter d using (
                select o.tenant_id, o.id from event_dead_letter o
                where o.set_aside_at <= now() - kept order by o.set_aside_at limit at_most
            ) as old
            where d.tenant_id = old.tenant_id and d.id = old.id;
            get diagnostics purged = row_count;
            return purged;
        end
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
