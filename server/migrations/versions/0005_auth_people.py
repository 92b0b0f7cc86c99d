"""Users with their passwords and second factors, service accounts, groups."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _users()
    _passwords()
    _second_factors()
    _sign_ins()
    _service_accounts()
    _groups()
    _questions_before_a_tenant_is_known()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _users() -> None:
    op.execute("""
        create table auth_user (
            tenant_id uuid not null,
            id uuid not null,
            version bigint not null,
            user_name text not null,
            user_name_key text collate "C" not null,
            email text not null,
            email_key text collate "C",
            display_name text not null,
            state text collate "C" not null,
            state_before text collate "C",
            locked_until timestamptz,
            attributes jsonb not null,
            labels jsonb not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            constraint auth_user_pkey primary key (tenant_id, id),
            constraint auth_user_user_name_key unique (tenant_id, user_name_key),
            constraint auth_user_email_key unique (tenant_id, email_key),
            constraint auth_user_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    protect_except_for_definer("auth_user", app="select, insert, update, delete", definer="select")


def _passwords() -> None:
    # Apart from the user, so that whoever reads users never holds a hash.
    op.execute("""
        create table user_password (
            tenant_id uuid not null,
            user_id uuid not null,
            hash text collate "C" not null,
            changed_at timestamptz not null,
            must_change boolean not null,
            constraint user_password_pkey primary key (tenant_id, user_id),
            constraint user_password_user_fkey foreign key (tenant_id, user_id)
                references auth_user (tenant_id, id) on delete cascade
        )
    """)
    op.execute("""
        create table user_password_history (
            tenant_id uuid not null,
            user_id uuid not null,
            changed_at timestamptz not null,
            hash text collate "C" not null,
            constraint user_password_history_pkey primary key (tenant_id, user_id, changed_at),
            constraint user_password_history_user_fkey foreign key (tenant_id, user_id)
                references auth_user (tenant_id, id) on delete cascade
        )
    """)
    op.execute("""
        create table user_token (
            tenant_id uuid not null,
            id uuid not null,
            user_id uuid not null,
            purpose text collate "C" not null,
            digest bytea not null,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            constraint user_token_pkey primary key (tenant_id, id),
            constraint user_token_user_key unique (tenant_id, user_id, purpose),
            constraint user_token_user_fkey foreign key (tenant_id, user_id)
                references auth_user (tenant_id, id) on delete cascade
        )
    """)
    # The definer's part is the deletion of a tenant, whose caller is one of another tenant.
    protect_except_for_definer("user_password", app="select, insert, update, delete", definer="select, delete")
    protect_except_for_definer("user_password_history", app="select, insert, delete", definer="select, delete")
    protect_except_for_definer("user_token", app="select, insert, update, delete", definer="select, delete")


def _second_factors() -> None:
    op.execute("""
        create table user_totp (
            tenant_id uuid not null,
            user_id uuid not null,
            sealed_secret bytea not null,
            created_at timestamptz not null,
            confirmed_at timestamptz,
            last_step bigint not null,
            constraint user_totp_pkey primary key (tenant_id, user_id),
            constraint user_totp_user_fkey foreign key (tenant_id, user_id)
                references auth_user (tenant_id, id) on delete cascade
        )
    """)
    op.execute("""
        create table user_recovery_code (
            tenant_id uuid not null,
            user_id uuid not null,
            digest bytea not null,
            constraint user_recovery_code_pkey primary key (tenant_id, user_id, digest),
            constraint user_recovery_code_user_fkey foreign key (tenant_id, user_id)
                references auth_user (tenant_id, id) on delete cascade
        )
    """)
    protect_except_for_definer("user_totp", app="select, insert, update, delete", definer="select, delete")
    protect_except_for_definer("user_recovery_code", app="select, insert, delete", definer="select, delete")
    definer_function(
        "shred_user_secrets(uuid)",
        """
        create function shred_user_secrets(of_tenant uuid)
        returns void language plpgsql volatile {definer} as $$
        begin
            if not exists (select from tenant t where t.tenant_id = of_tenant and t.state = 'deleted') then
                raise exception 'the tenant is not deleted';
            end if;
            delete from user_password p where p.tenant_id = of_tenant;
            delete from user_password_history h where h.tenant_id = of_tenant;
            delete from user_token t where t.tenant_id = of_tenant;
            delete from user_totp o where o.tenant_id = of_tenant;
            delete from user_recovery_code c where c.tenant_id = of_tenant;
        end
        $$
        """,
    )


def _sign_ins() -> None:
    # One row for each user, unknown name or address that has failed lately; every worker counts here.
    op.execute("""
        create table sign_in_throttle (
            tenant_id uuid not null,
            who bytea not null,
            failures integer not null,
            last_at timestamptz not null,
            blocked_until timestamptz not null,
            constraint sign_in_throttle_pkey primary key (tenant_id, who)
        )
    """)
    op.execute("create index sign_in_throttle_last_at_idx on sign_in_throttle (last_at)")
    protect_except_for_definer(
        "sign_in_throttle", app="select, insert, update, delete", definer="select, update, delete"
    )
    definer_function(
        "purge_sign_in_throttles(timestamptz, integer)",
        """
        create function purge_sign_in_throttles(last_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            -- SKIP LOCKED: several workers may purge at once; none may wait for another or for a sign-in.
            delete from sign_in_throttle t using (
                select o.tenant_id, o.who from sign_in_throttle o where o.last_at < last_before
                order by o.last_at limit at_most for update skip locked
            ) as old
            where t.tenant_id = old.tenant_id and t.who = old.who;
            get diagnostics purged = row_count;
            return purged;
        end
        $$
        """,
    )


def _service_accounts() -> None:
    op.execute("""
        create table service_account (
            tenant_id uuid not null,
            id uuid not null,
            version bigint not null,
            name text collate "C" not null,
            display_name text not null,
            description text not null,
            state text collate "C" not null,
            labels jsonb not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            constraint service_account_pkey primary key (tenant_id, id),
            constraint service_account_name_key unique (tenant_id, name),
            constraint service_account_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    protect_except_for_definer("service_account", app="select, insert, update, delete", definer="select")


def _groups() -> None:
    op.execute("""
        create table auth_group (
            tenant_id uuid not null,
            id uuid not null,
            version bigint not null,
            name text collate "C" not null,
            display_name text not null,
            description text not null,
            labels jsonb not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            constraint auth_group_pkey primary key (tenant_id, id),
            constraint auth_group_name_key unique (tenant_id, name),
            constraint auth_group_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    op.execute("""
        create table group_member (
            tenant_id uuid not null,
            group_id uuid not null,
            member_kind text collate "C" not null,
            member_id uuid not null,
            added_at timestamptz not null,
            added_by text not null,
            constraint group_member_pkey primary key (tenant_id, group_id, member_kind, member_id),
            constraint group_member_group_fkey foreign key (tenant_id, group_id)
                references auth_group (tenant_id, id) on delete cascade
        )
    """)
    op.execute("create index group_member_member_idx on group_member (tenant_id, member_kind, member_id, group_id)")
    protect_except_for_definer("auth_group", app="select, insert, update, delete", definer="select")
    protect_except_for_definer("group_member", app="select, insert, delete", definer="select")


def _questions_before_a_tenant_is_known() -> None:
    # Every group that the user, service account or group is in, directly or by way of other groups. UNION leaves out
    # what was found already, so that it ends even if a cycle got in.
    definer_function(
        "groups_of(uuid, text, uuid)",
        """
        create function groups_of(of_tenant uuid, of_kind text, of_id uuid)
        returns table (group_id uuid)
        language sql stable {definer} as $$
            with recursive found (id) as (
                select m.group_id from group_member m
                where m.tenant_id = of_tenant and m.member_kind = of_kind and m.member_id = of_id
                union
                select m.group_id from found f
                join group_member m on m.tenant_id = of_tenant and m.member_kind = 'group' and m.member_id = f.id
            )
            select f.id from found f
        $$
        """,
    )
    # Whether credentials of the user or service account may work. A lock after failed sign-ins does not count: whoever
    # guesses passwords could otherwise throw people out of their sessions.
    definer_function(
        "is_subject_active(uuid, text, uuid)",
        """
        create function is_subject_active(of_tenant uuid, of_kind text, of_id uuid)
        returns boolean
        language sql stable {definer} as $$
            select case of_kind
                when 'user' then exists (
                    select from auth_user u where u.tenant_id = of_tenant and u.id = of_id and u.state = 'active'
                )
                when 'service_account' then exists (
                    select from service_account s where s.tenant_id = of_tenant and s.id = of_id and s.state = 'active'
                )
                else false
            end
        $$
        """,
    )
