"""Tenants as a tree with decisions of their own, data keys, signing keys."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import APP, DEFINER
from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tenants()
    _tenant_keys()
    _signing_keys()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _tenants() -> None:
    op.execute("""
        alter table tenant
            add column parent_id uuid,
            add column ancestors uuid[] not null default '{}',
            add column state text collate "C" not null default 'active',
            add column settings jsonb not null default '{}',
            add column revision bigint not null default 1,
            add column updated_at timestamptz,
            add column suspended_at timestamptz,
            add column deleted_at timestamptz,
            add constraint tenant_level_check check (cardinality(ancestors) < 5),
            add constraint tenant_state_check check (state in ('active', 'suspended', 'deleted'))
    """)
    op.execute("create index tenant_parent_id_idx on tenant (parent_id, tenant_id)")
    op.execute(f"grant update on tenant to {DEFINER}")
    op.execute(f"grant delete on api_key to {DEFINER}")
    definer_function(
        "add_tenant(uuid, text, text, timestamptz, uuid, uuid[])",
        """
        create function add_tenant(
            new_id uuid, new_name text, new_display_name text, new_created_at timestamptz,
            new_parent_id uuid, new_ancestors uuid[]
        )
        returns void language plpgsql volatile {definer} as $$
        begin
            -- Whoever hands in the path has read it; that it is the parent's own is what keeps the tree a tree.
            if new_parent_id is null and cardinality(new_ancestors) > 0 or new_parent_id is not null and not exists (
                select from tenant p
                where p.tenant_id = new_parent_id and new_ancestors = p.ancestors || p.tenant_id
            ) then
                raise exception 'the path is not that of the parent';
            end if;
            insert into tenant (tenant_id, name, display_name, created_at, parent_id, ancestors)
            values (new_id, new_name, new_display_name, new_created_at, new_parent_id, new_ancestors);
        end
        $$
        """,
    )
    definer_function(
        "read_tenant(uuid)",
        """
        create function read_tenant(wanted_id uuid) returns setof tenant
        language sql stable {definer} as $$
            select t.* from tenant t where t.tenant_id = wanted_id
        $$
        """,
    )
    definer_function(
        "lock_tenant(uuid)",
        """
        create function lock_tenant(wanted_id uuid) returns setof tenant
        language sql volatile {definer} as $$
            select t.* from tenant t where t.tenant_id = wanted_id for update
        $$
        """,
    )
    definer_function(
        "read_tenants(uuid, uuid, boolean, integer)",
        """
        create function read_tenants(after_id uuid, below_id uuid, with_deleted boolean, at_most integer)
        returns setof tenant language plpgsql stable {definer} as $$
        begin
            -- Two statements: one plan for both would read all tenants to find the few below one.
            if below_id is null then
                return query select t.* from tenant t
                where (after_id is null or t.tenant_id > after_id) and (with_deleted or t.state <> 'deleted')
                order by t.tenant_id limit at_most;
            else
                return query select t.* from tenant t
                where t.parent_id = below_id and (after_id is null or t.tenant_id > after_id)
                    and (with_deleted or t.state <> 'deleted')
                order by t.tenant_id limit at_most;
            end if;
        end
        $$
        """,
    )
    definer_function(
        "save_tenant(uuid, text, text, jsonb, bigint, timestamptz, timestamptz, timestamptz)",
        """
        create function save_tenant(
            changed_id uuid, new_display_name text, new_state text, new_settings jsonb, new_revision bigint,
            new_updated_at timestamptz, new_suspended_at timestamptz, new_deleted_at timestamptz
        )
        returns void language sql volatile {definer} as $$
            update tenant set
                display_name = new_display_name, state = new_state, settings = new_settings, revision = new_revision,
                updated_at = new_updated_at, suspended_at = new_suspended_at, deleted_at = new_deleted_at
            where tenant_id = changed_id and state <> 'deleted'
        $$
        """,
    )
    definer_function(
        "tenant_is_active(uuid)",
        """
        create function tenant_is_active(asked_id uuid) returns boolean language sql stable {definer} as $$
            select exists (
                select from tenant t where t.tenant_id = asked_id and t.state = 'active' and not exists (
                    select from tenant a where a.tenant_id = any(t.ancestors) and a.state <> 'active'
                )
            )
        $$
        """,
    )
    # As `find_api_key`, with what may keep everybody of the tenant out: its own state, or that of a tenant above it.
    definer_function(
        "find_api_key_and_tenant(bytea)",
        """
        create function find_api_key_and_tenant(presented_digest bytea)
        returns table (
            tenant_id uuid, id uuid, permissions text[], rate_limit_per_second integer,
            expires_at timestamptz, revoked_at timestamptz, tenant_is_active boolean
        )
        language sql stable {definer} as $$
            select k.tenant_id, k.id, k.permissions, k.rate_limit_per_second, k.expires_at, k.revoked_at,
                tenant_is_active(k.tenant_id)
            from api_key k where k.digest = presented_digest
        $$
        """,
    )


def _tenant_keys() -> None:
    op.execute("""
        create table tenant_key (
            tenant_id uuid not null,
            key_id uuid not null,
            wrapped_key bytea not null,
            master_key_id text collate "C" not null,
            created_at timestamptz not null,
            constraint tenant_key_pkey primary key (tenant_id),
            constraint tenant_key_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    op.execute("create index tenant_key_master_key_id_idx on tenant_key (master_key_id, tenant_id)")
    protect_except_for_definer("tenant_key", app="select, insert", definer="select, update, delete")
    # Wrapped by a master key that the database never sees, so that it may be handed out.
    definer_function(
        "read_tenant_keys_to_rewrap(text, integer)",
        """
        create function read_tenant_keys_to_rewrap(current_master_key_id text, at_most integer)
        returns setof tenant_key language sql volatile {definer} as $$
            -- SKIP LOCKED: two who rotate at once take different keys.
            select k.* from tenant_key k where k.master_key_id <> current_master_key_id
            order by k.tenant_id limit at_most for update skip locked
        $$
        """,
    )
    definer_function(
        "count_tenant_keys_to_rewrap(text)",
        """
        create function count_tenant_keys_to_rewrap(current_master_key_id text)
        returns bigint language sql stable {definer} as $$
            select count(*) from tenant_key k where k.master_key_id <> current_master_key_id
        $$
        """,
    )
    definer_function(
        "rewrap_tenant_keys(uuid[], uuid[], bytea[], text)",
        """
        create function rewrap_tenant_keys(
            of_tenant_ids uuid[], of_key_ids uuid[], new_wrapped_keys bytea[], new_master_key_id text
        )
        returns void language sql volatile {definer} as $$
            update tenant_key k set wrapped_key = n.wrapped_key, master_key_id = new_master_key_id
            from unnest(of_tenant_ids, of_key_ids, new_wrapped_keys) as n (tenant_id, key_id, wrapped_key)
            where k.tenant_id = n.tenant_id and k.key_id = n.key_id
        $$
        """,
    )
    definer_function(
        "shred_tenant(uuid)",
        """
        create function shred_tenant(deleted_id uuid) returns void language plpgsql volatile {definer} as $$
        begin
            if not exists (select from tenant t where t.tenant_id = deleted_id and t.state = 'deleted') then
                raise exception 'the tenant is not deleted';
            end if;
            delete from tenant_key k where k.tenant_id = deleted_id;
            delete from api_key k where k.tenant_id = deleted_id;
        end
        $$
        """,
    )


def _signing_keys() -> None:
    # Of the installation: the private halves are sealed under a master key, the public ones are published anyway.
    op.execute("""
        create table signing_key (
            id uuid not null,
            algorithm text collate "C" not null,
            public_jwk jsonb not null,
            sealed_key bytea,
            master_key_id text collate "C" not null,
            created_at timestamptz not null,
            activates_at timestamptz not null,
            retires_at timestamptz,
            leaves_at timestamptz,
            withdrawn_at timestamptz,
            constraint signing_key_pkey primary key (id),
            constraint signing_key_algorithm_check check (algorithm in ('ES256', 'EdDSA'))
        )
    """)
    op.execute(f"grant select, insert, update on signing_key to {APP}")
