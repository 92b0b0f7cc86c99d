"""Whom notifications are for is sealed under data keys, and found by a blind index."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import DEFINER, OWNER
from function_backend.persistence.schema import definer_function

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The columns before hold nothing but '' once a row is sealed. The release before writes rows without the others.
    op.execute("""
        alter table notification
            add column sealed_address bytea,
            add column sealed_display_name bytea,
            add column address_key text collate "C"
    """)
    _reseal()
    _shredding()


def _reseal() -> None:
    # What was stored before this migration is to be sealed in the background; a pass under way begins again.
    op.execute(f"set local role {DEFINER}")
    op.execute("""
        insert into resealing as r (tenant_id, started_at, updated_at)
        select t.tenant_id, now(), now() from tenant t where t.state <> 'deleted'
        on conflict (tenant_id) do update set
            started_at = now(), updated_at = now(), place = '', after = null, resealed = 0, faults = 0,
            retry_at = null, finished_at = null, dropped_at = null
    """)
    op.execute(f"set local role {OWNER}")


def _shredding() -> None:
    # As in 0036, and the notifications of the tenant besides.
    definer_function(
        "shred_fields(uuid)",
        r"""
        create or replace function shred_fields(of_tenant uuid) returns void language plpgsql volatile
        {definer} as $$
        declare
            caller constant text := current_setting('app.tenant_id');
        begin
            if not exists (select from tenant t where t.tenant_id = of_tenant and t.state = 'deleted') then
                raise exception 'the tenant is not deleted';
            end if;
            -- Nothing can be sealed any more. What had not been sealed yet is emptied; the rest opens for nobody.
            perform pg_advisory_xact_lock(data_key_lock(of_tenant));
            if exists (select from resealing r where r.tenant_id = of_tenant and r.finished_at is null) then
                -- Events that were recorded as they are: of these, too, nothing that tells of people may stay.
                perform set_config('app.tenant_id', of_tenant::text, true);
                update event e set payload = ''
                where e.tenant_id = of_tenant and e.type like 'function.auth.%'
                    and substring(e.payload from 1 for 5) <> '\xfaffffff0f'::bytea;
                perform set_config('app.tenant_id', caller, true);
            end if;
            delete from resealing r where r.tenant_id = of_tenant;
            delete from tenant_index_key i where i.tenant_id = of_tenant;
            update auth_user u set
                user_name = '', user_name_key = '~' || u.id, email = '', email_key = null, display_name = '',
                attributes = '{}'
            where u.tenant_id = of_tenant;
            delete from stored_answer a where a.tenant_id = of_tenant;
            update session s set device = '', address = '' where s.tenant_id = of_tenant;
            update notification n set address = '', address_key = null, display_name = '' where n.tenant_id = of_tenant;
        end
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
