"""Imports and exports of companies that jobs carry out."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect, protect_except_for_definer

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table company_transfer (
            tenant_id uuid not null,
            id uuid not null,
            kind text collate "C" not null,
            plan jsonb not null,
            row_count bigint not null,
            part_count bigint not null,
            creator text not null,
            created_at timestamptz not null,
            ended_at timestamptz,
            expires_at timestamptz not null,
            constraint company_transfer_pkey primary key (tenant_id, id)
        )
    """)
    op.execute("create index company_transfer_expires_at_idx on company_transfer (expires_at)")
    protect_except_for_definer(
        "company_transfer", app="select, insert, update, delete", definer="select, update, delete"
    )
    op.execute("""
        create table company_transfer_part (
            tenant_id uuid not null,
            transfer_id uuid not null,
            kind text collate "C" not null,
            number bigint not null,
            content bytea not null,
            constraint company_transfer_part_pkey primary key (tenant_id, transfer_id, kind, number),
            constraint company_transfer_part_transfer_fkey foreign key (tenant_id, transfer_id)
                references company_transfer (tenant_id, id) on delete cascade
        )
    """)
    protect("company_transfer_part", app="select, insert, delete")
    _purging()


def _purging() -> None:
    # A transfer without a job is an upload under way, or one that broke off: nothing takes a day.
    # What the foreign key deletes, it deletes as the owner of the parts.
    definer_function(
        "purge_company_transfers(timestamptz, integer)",
        """
        create function purge_company_transfers(expired_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            delete from company_transfer t using (
                select e.tenant_id, e.id from company_transfer e
                left join job j on j.tenant_id = e.tenant_id and j.id = e.id
                where (e.expires_at <= expired_before and (j.id is null or j.ended_at is not null))
                    or (j.id is null and e.created_at <= expired_before - interval '1 day')
                order by e.expires_at limit at_most for update of e skip locked
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
