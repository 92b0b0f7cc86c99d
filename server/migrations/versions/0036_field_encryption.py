"""Fields of people are sealed under data keys, of which a tenant has several generations; both forms are read."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import DEFINER, OWNER
from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _generations()
    _index_keys()
    _sealed_columns()
    _resealing()
    _rotation()
    _shredding()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _generations() -> None:
    # The default serves the release before, which knows one key for each tenant and writes rows without the column; of
    # two that it makes at once, the second conflicts as before.
    op.execute("alter table tenant_key add column generation integer not null default 1")
    op.execute("alter table tenant_key drop constraint tenant_key_pkey")
    op.execute("alter table tenant_key add constraint tenant_key_pkey primary key (tenant_id, key_id)")
    op.execute("alter table tenant_key add constraint tenant_key_generation_key unique (tenant_id, generation)")
    definer_function(
        "data_key_lock(uuid)",
        """
        create function data_key_lock(of_tenant uuid) returns bigint language sql immutable {definer} as $$
            select hashtextextended(of_tenant::text, 7310229042)
        $$
        """,
    )
    definer_function(
        "hold_data_key()",
        """
        create function hold_data_key() returns table (key_id uuid, wrapped_key bytea, master_key_id text)
        language plpgsql volatile {definer} as $$
        declare
            tenant constant uuid := current_setting('app.tenant_id')::uuid;
        begin
            -- First the lock and then, with a snapshot of its own, the question: who waited for a rotation sees
            -- its key.
            perform pg_advisory_xact_lock_shared(data_key_lock(tenant));
            return query select k.key_id, k.wrapped_key, k.master_key_id from tenant_key k
                where k.tenant_id = tenant order by k.generation desc limit 1;
        end
        $$
        """,
    )


def _index_keys() -> None:
    # Sealed under the tenant's data key, with which it goes.
    op.execute("""
        create table tenant_index_key (
            tenant_id uuid not null,
            sealed_key bytea not null,
            created_at timestamptz not null,
            constraint tenant_index_key_pkey primary key (tenant_id),
            constraint tenant_index_key_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    protect_except_for_definer("tenant_index_key", app="select, insert, update", definer="select, delete")


def _sealed_columns() -> None:
    # The columns before hold nothing but '' once a row is sealed. Their keys hold a blind index then, which begins with
    # a sign that neither a user name nor an e-mail address as a whole can be mistaken for, under the same constraints.
    op.execute("""
        alter table auth_user
            add column sealed_user_name bytea,
            add column sealed_email bytea,
            add column sealed_display_name bytea,
            add column sealed_attributes bytea
    """)
    op.execute("""
        alter table session
            add column sealed_device bytea,
            add column sealed_address bytea
    """)
    op.execute("alter table stored_answer add column under_data_key boolean not null default false")
    # What is recorded cannot be rewritten, but for the form in which a payload is stored.
    op.execute(f"grant select, update (payload) on event to {DEFINER}")
    definer_function(
        "reseal_event(bigint, timestamptz, bytea)",
        r"""
        create function reseal_event(at_position bigint, at timestamptz, sealed_payload bytea) returns void
        language plpgsql volatile {definer} as $$
        begin
            if substring(sealed_payload from 1 for 5) <> '\xfaffffff0f'::bytea then
                raise exception 'the payload is not sealed';
            end if;
            update event e set payload = sealed_payload
            where e.tenant_id = current_setting('app.tenant_id')::uuid and e.position = at_position
                and e.recorded_at = at;
        end
        $$
        """,
    )


def _resealing() -> None:
    # At most one row for each tenant: what is still to be sealed, or was at last.
    op.execute("""
        create table resealing (
            tenant_id uuid not null,
            started_at timestamptz not null,
            updated_at timestamptz not null,
            place text collate "C" not null default '',
            after text,
            resealed bigint not null default 0,
            faults bigint not null default 0,
            retry_at timestamptz,
            finished_at timestamptz,
            dropped_at timestamptz,
            constraint resealing_pkey primary key (tenant_id),
            constraint resealing_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    protect_except_for_definer("resealing", app="select, update", definer="select, insert, update, delete")
    # What was stored before this migration is to be sealed in the background.
    op.execute(f"set local role {DEFINER}")
    op.execute("""
        insert into resealing (tenant_id, started_at, updated_at)
        select t.tenant_id, now(), now() from tenant t where t.state <> 'deleted'
    """)
    op.execute(f"set local role {OWNER}")
    definer_function(
        "read_tenants_to_reseal(timestamptz, timestamptz, integer)",
        """
        create function read_tenants_to_reseal(as_of timestamptz, finished_before timestamptz, at_most integer)
        returns setof uuid language sql stable {definer} as $$
            select r.tenant_id from resealing r
            where (r.retry_at is null or r.retry_at <= as_of) and (
                r.finished_at is null
                or r.dropped_at is null and r.faults = 0 and r.finished_at <= finished_before
            )
            order by r.updated_at limit at_most
        $$
        """,
    )


def _rotation() -> None:
    op.execute(f"grant insert on tenant_key to {DEFINER}")
    definer_function(
        "rotate_data_key(uuid, uuid, bytea, text, timestamptz)",
        """
        create function rotate_data_key(
            of_tenant uuid, new_key_id uuid, new_wrapped_key bytea, by_master_key_id text, at timestamptz
        )
        returns integer language plpgsql volatile {definer} as $$
        declare
            made integer;
        begin
            -- Waits for all who hold the key before: after the commit nothing is sealed under it.
            perform pg_advisory_xact_lock(data_key_lock(of_tenant));
            if exists (select from resealing r where r.tenant_id = of_tenant and r.finished_at is null) then
                return null;
            end if;
            insert into tenant_key (tenant_id, key_id, generation, wrapped_key, master_key_id, created_at)
            select of_tenant, new_key_id, coalesce(max(k.generation), 0) + 1, new_wrapped_key, by_master_key_id, at
            from tenant_key k where k.tenant_id = of_tenant
            returning generation into made;
            insert into resealing as r (tenant_id, started_at, updated_at) values (of_tenant, at, at)
            on conflict (tenant_id) do update set
                started_at = at, updated_at = at, place = '', after = null, resealed = 0, faults = 0,
                retry_at = null, finished_at = null, dropped_at = null;
            return made;
        end
        $$
        """,
    )
    definer_function(
        "drop_superseded_data_keys(timestamptz, timestamptz)",
        """
        create function drop_superseded_data_keys(finished_before timestamptz, at timestamptz)
        returns bigint language plpgsql volatile {definer} as $$
        declare
            tenant constant uuid := current_setting('app.tenant_id')::uuid;
            dropped bigint;
        begin
            perform from resealing r where r.tenant_id = tenant and r.finished_at <= finished_before and r.faults = 0
                and r.dropped_at is null for update;
            if not found then
                return 0;
            end if;
            delete from tenant_key k where k.tenant_id = tenant
                and k.generation < (select max(n.generation) from tenant_key n where n.tenant_id = tenant);
            get diagnostics dropped = row_count;
            update resealing r set dropped_at = at where r.tenant_id = tenant;
            return dropped;
        end
        $$
        """,
    )
    definer_function(
        "read_data_key_state(uuid)",
        """
        create function read_data_key_state(of_tenant uuid)
        returns table (
            key_id uuid, generation integer, key_count integer, created_at timestamptz, started_at timestamptz,
            updated_at timestamptz, place text, resealed bigint, faults bigint,
            finished_at timestamptz, dropped_at timestamptz
        )
        language sql stable {definer} as $$
            select k.key_id, k.generation,
                (select count(*)::integer from tenant_key o where o.tenant_id = of_tenant), k.created_at,
                r.started_at, r.updated_at, r.place, r.resealed, r.faults, r.finished_at, r.dropped_at
            from tenant_key k left join resealing r on r.tenant_id = k.tenant_id
            where k.tenant_id = of_tenant order by k.generation desc limit 1
        $$
        """,
    )


def _shredding() -> None:
    op.execute(f"grant update on auth_user to {DEFINER}")
    op.execute(f"grant update on session to {DEFINER}")
    definer_function(
        "shred_fields(uuid)",
        r"""
        create function shred_fields(of_tenant uuid) returns void language plpgsql volatile {definer} as $$
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
        end
        $$
        """,
    )
