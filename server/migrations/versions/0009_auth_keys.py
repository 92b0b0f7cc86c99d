"""API keys with owners, limits and uses; certificate identities; the log of revocations."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import APP, DEFINER
from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _api_keys()
    _uses()
    _certificates()
    _revocations()
    _shredding()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _api_keys() -> None:
    # Each with a default: servers of the release before go on inserting keys without them.
    op.execute("""
        alter table api_key
            add column owner_kind text collate "C" not null default '',
            add column owner_id uuid,
            add column max_calls_per_day bigint not null default 0,
            add column foreign_prefix text collate "C" not null default '',
            add column previous_prefix text collate "C" not null default '',
            add column revision bigint not null default 1,
            add column updated_at timestamptz,
            add column previous_digest bytea,
            add column previous_expires_at timestamptz,
            add constraint api_key_previous_digest_key unique (previous_digest),
            add constraint api_key_owner_check check ((owner_kind = '') = (owner_id is null))
    """)
    op.execute("create index api_key_owner_idx on api_key (tenant_id, owner_id, id) where owner_id is not null")
    op.execute("create index api_key_foreign_prefix_idx on api_key (foreign_prefix) where foreign_prefix <> ''")
    op.execute("create index api_key_previous_prefix_idx on api_key (previous_prefix) where previous_prefix <> ''")
    # Texts that begin with none of these, and not like a key of ours, are refused without a look at any digest.
    definer_function(
        "list_foreign_key_prefixes()",
        """
        create function list_foreign_key_prefixes()
        returns table (prefix text) language sql stable {definer} as $$
            -- One index entry per prefix instead of all keys that have it.
            with recursive found as (
                (select k.foreign_prefix from api_key k where k.foreign_prefix <> '' order by 1 limit 1)
                union all
                select (
                    select k.foreign_prefix from api_key k
                    where k.foreign_prefix <> '' and k.foreign_prefix > f.foreign_prefix order by 1 limit 1
                )
                from found f where f.foreign_prefix is not null
            )
            select f.foreign_prefix from found f where f.foreign_prefix is not null
            union
            select k.previous_prefix from api_key k where k.previous_prefix <> ''
        $$
        """,
    )


def _uses() -> None:
    op.execute("""
        create table api_key_use (
            tenant_id uuid not null,
            api_key_id uuid not null,
            calls bigint not null,
            day date not null,
            calls_of_day bigint not null,
            last_used_at timestamptz not null,
            constraint api_key_use_pkey primary key (tenant_id, api_key_id)
        )
    """)
    protect_except_for_definer("api_key_use", app="select", definer="select, insert, update")
    definer_function(
        "find_presented_api_key(bytea, date)",
        """
        create function find_presented_api_key(presented_digest bytea, today date)
        returns table (
            tenant_id uuid, id uuid, permissions text[], rate_limit_per_second integer, expires_at timestamptz,
            revoked_at timestamptz, owner_kind text, owner_id uuid, max_calls_per_day bigint, calls_today bigint
        )
        language sql stable {definer} as $$
            select k.tenant_id, k.id, k.permissions, k.rate_limit_per_second,
                case when k.digest = presented_digest then k.expires_at
                    else least(k.expires_at, k.previous_expires_at) end,
                k.revoked_at, k.owner_kind, k.owner_id, k.max_calls_per_day,
                case when u.day = today then u.calls_of_day else 0 end
            from (
                select * from api_key a where a.digest = presented_digest
                union all
                select * from api_key a where a.previous_digest = presented_digest
            ) k
            left join api_key_use u on u.tenant_id = k.tenant_id and u.api_key_id = k.id
            limit 1
        $$
        """,
    )
    # An access token that was given in exchange for a key falls with it.
    definer_function(
        "find_api_key_behind_token(uuid, uuid)",
        """
        create function find_api_key_behind_token(of_tenant uuid, wanted_id uuid)
        returns table (
            permissions text[], expires_at timestamptz, revoked_at timestamptz, owner_kind text, owner_id uuid
        )
        language sql stable {definer} as $$
            select k.permissions, k.expires_at, k.revoked_at, k.owner_kind, k.owner_id
            from api_key k where k.tenant_id = of_tenant and k.id = wanted_id
        $$
        """,
    )
    # A worker brings what it has counted since the last time, and learns what the others have.
    definer_function(
        "record_api_key_uses(uuid[], date, bigint[], timestamptz[])",
        """
        create function record_api_key_uses(used_ids uuid[], today date, more bigint[], used_at timestamptz[])
        returns table (api_key_id uuid, calls_of_day bigint)
        language sql volatile {definer} as $$
            insert into api_key_use as u (tenant_id, api_key_id, calls, day, calls_of_day, last_used_at)
            select k.tenant_id, k.id, n.more, today, n.more, n.used_at
            from unnest(used_ids, more, used_at) as n (id, more, used_at)
            join api_key k on k.id = n.id
            -- In one order, so that two workers do not wait for each other.
            order by k.tenant_id, k.id
            on conflict on constraint api_key_use_pkey do update set
                calls = u.calls + excluded.calls,
                calls_of_day = case
                    when u.day = excluded.day then u.calls_of_day + excluded.calls_of_day
                    when u.day < excluded.day then excluded.calls_of_day
                    else u.calls_of_day end,
                day = greatest(u.day, excluded.day),
                last_used_at = greatest(u.last_used_at, excluded.last_used_at)
            returning u.api_key_id, u.calls_of_day
        $$
        """,
    )
    op.execute("create index api_key_id_idx on api_key (id)")


def _certificates() -> None:
    op.execute("""
        create table certificate_identity (
            tenant_id uuid not null,
            id uuid not null,
            name_kind text collate "C" not null,
            name text collate "C" not null,
            service_account_id uuid not null,
            created_at timestamptz not null,
            creator text not null,
            constraint certificate_identity_pkey primary key (tenant_id, id),
            constraint certificate_identity_name_key unique (name_kind, name),
            constraint certificate_identity_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    protect_except_for_definer("certificate_identity", app="select, delete", definer="select, insert, delete")
    # Whoever binds a name may do so for another tenant; the use case decides who.
    definer_function(
        "create_certificate_identity(uuid, uuid, text, text, uuid, timestamptz, text)",
        """
        create function create_certificate_identity(
            new_tenant_id uuid, new_id uuid, new_name_kind text, new_name text, new_service_account_id uuid,
            new_created_at timestamptz, new_creator text
        )
        returns void language sql volatile {definer} as $$
            insert into certificate_identity (
                tenant_id, id, name_kind, name, service_account_id, created_at, creator
            )
            values (
                new_tenant_id, new_id, new_name_kind, new_name, new_service_account_id, new_created_at, new_creator
            )
        $$
        """,
    )
    definer_function(
        "find_certificate_identities(text[], text[])",
        """
        create function find_certificate_identities(presented_kinds text[], presented_names text[])
        returns table (tenant_id uuid, id uuid, name_kind text, name text, service_account_id uuid)
        language sql stable {definer} as $$
            select c.tenant_id, c.id, c.name_kind, c.name, c.service_account_id
            from unnest(presented_kinds, presented_names) as p (name_kind, name)
            join certificate_identity c on c.name_kind = p.name_kind and c.name = p.name
        $$
        """,
    )


def _revocations() -> None:
    # The number is that of the epoch, whose row is locked until the commit: the numbers come in the order of commits,
    # so whoever has read up to one has missed none before it.
    op.execute("""
        create table revocation_log (
            tenant_id uuid not null,
            epoch bigint not null,
            kind text collate "C" not null,
            subject_id uuid not null,
            revoked_at timestamptz not null,
            constraint revocation_log_pkey primary key (tenant_id, epoch)
        )
    """)
    op.execute("create index revocation_log_epoch_idx on revocation_log (epoch)")
    protect_except_for_definer("revocation_log", app="select", definer="select, insert, delete")
    op.execute("""
        create table revocation_horizon (
            only_row boolean not null default true,
            forgotten_to bigint not null,
            constraint revocation_horizon_pkey primary key (only_row),
            constraint revocation_horizon_only_row_check check (only_row)
        )
    """)
    # What was revoked before there was a log is in none.
    op.execute("insert into revocation_horizon (forgotten_to) select epoch from auth_epoch")
    op.execute(f"grant select on revocation_horizon to {APP}")
    op.execute(f"grant select, update on revocation_horizon to {DEFINER}")
    # A tenant is suspended by a caller of another one.
    definer_function(
        "log_revocation(uuid, bigint, text, uuid)",
        """
        create function log_revocation(of_tenant uuid, new_epoch bigint, new_kind text, new_subject_id uuid)
        returns void language sql volatile {definer} as $$
            insert into revocation_log (tenant_id, epoch, kind, subject_id, revoked_at)
            values (of_tenant, new_epoch, new_kind, new_subject_id, clock_timestamp())
        $$
        """,
    )
    definer_function(
        "list_revocations(uuid, bigint, integer)",
        """
        create function list_revocations(of_tenant uuid, after_epoch bigint, at_most integer)
        returns table (tenant_id uuid, epoch bigint, kind text, subject_id uuid, revoked_at timestamptz)
        language sql stable {definer} as $$
            select r.tenant_id, r.epoch, r.kind, r.subject_id, r.revoked_at from revocation_log r
            -- What ends a tenant ends those below it.
            where r.epoch > after_epoch and (of_tenant is null or r.tenant_id = of_tenant or r.kind = 'tenant')
            order by r.epoch limit at_most
        $$
        """,
    )
    definer_function(
        "purge_revocations(timestamptz, integer)",
        """
        create function purge_revocations(revoked_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
            last_epoch bigint;
        begin
            -- The oldest first and whole: what is forgotten is everything up to one epoch.
            with old as (
                select r.tenant_id, r.epoch from revocation_log r order by r.epoch limit at_most
            ), gone as (
                delete from revocation_log r using old
                where r.tenant_id = old.tenant_id and r.epoch = old.epoch and r.revoked_at < revoked_before
                returning r.epoch
            )
            select count(*), max(g.epoch) into purged, last_epoch from gone g;
            update revocation_horizon h set forgotten_to = last_epoch
            where last_epoch is not null and h.forgotten_to < last_epoch;
            return purged;
        end
        $$
        """,
    )


def _shredding() -> None:
    # Not revoked tokens and used assertions: what these rows keep out would otherwise come in once more.
    definer_function(
        "shred_credentials(uuid)",
        """
        create function shred_credentials(of_tenant uuid)
        returns void language plpgsql volatile {definer} as $$
        begin
            if not exists (select from tenant t where t.tenant_id = of_tenant and t.state = 'deleted') then
                raise exception 'the tenant is not deleted';
            end if;
            delete from refresh_token r where r.tenant_id = of_tenant;
            delete from device_authorization d where d.tenant_id = of_tenant;
            delete from client_credential c where c.tenant_id = of_tenant;
            delete from certificate_identity i where i.tenant_id = of_tenant;
        end
        $$
        """,
    )
