"""Credentials of service accounts, sessions with their refresh tokens, devices that wait, and what was used up."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _client_credentials()
    _sessions()
    _refresh_tokens()
    _devices()
    _used_up()
    _purge()
    _tenant_by_name()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _client_credentials() -> None:
    op.execute("""
        create table client_credential (
            tenant_id uuid not null,
            id uuid not null,
            client_id uuid not null,
            kind text collate "C" not null,
            digest bytea,
            key_id text collate "C" not null default '',
            algorithm text collate "C" not null default '',
            public_jwk text collate "C" not null default '',
            display_name text not null,
            created_at timestamptz not null,
            creator text not null,
            expires_at timestamptz,
            revoked_at timestamptz,
            last_used_at timestamptz,
            constraint client_credential_pkey primary key (tenant_id, id),
            constraint client_credential_digest_key unique (digest),
            constraint client_credential_kind_check check (kind in ('secret', 'public_key')),
            constraint client_credential_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    op.execute("create index client_credential_client_id_idx on client_credential (client_id, id)")
    protect_except_for_definer("client_credential", app="select, insert, update", definer="select, delete")
    # The client id is all that is known of a caller before its tenant is; whoever asks learns no more than digests of
    # what cannot be guessed, and public keys.
    definer_function(
        "find_client_credentials(uuid, timestamptz)",
        """
        create function find_client_credentials(presented_client_id uuid, usable_at timestamptz)
        returns table (
            tenant_id uuid, id uuid, kind text, digest bytea, key_id text, algorithm text, public_jwk text,
            last_used_at timestamptz, tenant_is_active boolean
        )
        language plpgsql stable {definer} as $$
        begin
            return query
            select c.tenant_id, c.id, c.kind, c.digest, c.key_id, c.algorithm, c.public_jwk, c.last_used_at,
                tenant_is_active(c.tenant_id)
            from client_credential c
            where c.client_id = presented_client_id and c.revoked_at is null
                and (c.expires_at is null or c.expires_at > usable_at)
            order by c.id desc limit 50;
        end
        $$
        """,
    )


def _sessions() -> None:
    op.execute("""
        create table session (
            tenant_id uuid not null,
            id uuid not null,
            user_id uuid not null,
            client_id text collate "C" not null,
            device text not null,
            address text collate "C" not null,
            authentication_methods text[] collate "C" not null,
            authenticated_at timestamptz not null,
            created_at timestamptz not null,
            last_used_at timestamptz not null,
            idle_lifetime interval not null,
            idle_expires_at timestamptz not null,
            expires_at timestamptz not null,
            revoked_at timestamptz,
            ended_by text collate "C" not null default '',
            revision bigint not null,
            constraint session_pkey primary key (tenant_id, id),
            constraint session_ended_by_check check (ended_by in ('', 'signed_out', 'revoked', 'token_reused')),
            constraint session_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    op.execute("create index session_id_idx on session (id)")
    op.execute("create index session_user_id_idx on session (tenant_id, user_id, id)")
    op.execute("create index session_expires_at_idx on session (expires_at)")
    protect_except_for_definer("session", app="select, insert, update", definer="select, update, delete")
    # For whoever has verified a token and knows its `sid` and nothing else.
    definer_function(
        "find_session(uuid)",
        """
        create function find_session(wanted_id uuid)
        returns table (
            tenant_id uuid, user_id uuid, revoked_at timestamptz, idle_expires_at timestamptz, expires_at timestamptz,
            last_used_at timestamptz
        )
        language sql stable {definer} as $$
            select s.tenant_id, s.user_id, s.revoked_at, s.idle_expires_at, s.expires_at, s.last_used_at
            from session s where s.id = wanted_id
        $$
        """,
    )
    # A worker brings what was used since the last time; a use that is hardly newer than the last is not written.
    definer_function(
        "touch_sessions(uuid[], timestamptz[], interval)",
        """
        create function touch_sessions(used_ids uuid[], used_at timestamptz[], at_least interval)
        returns integer language plpgsql volatile {definer} as $$
        declare
            touched integer;
        begin
            with used as (
                select s.tenant_id, s.id, max(u.at) as at
                from unnest(used_ids, used_at) as u (id, at)
                join session s on s.id = u.id
                where s.revoked_at is null and u.at > s.last_used_at + at_least
                    and u.at < s.idle_expires_at and u.at < s.expires_at
                group by s.tenant_id, s.id
            ), locked as (
                -- SKIP LOCKED: whoever refreshes or ends the session just now writes the time, or need not.
                select u.tenant_id, u.id, u.at from used u
                join session s on s.tenant_id = u.tenant_id and s.id = u.id
                for update of s skip locked
            )
            update session s set last_used_at = l.at, idle_expires_at = l.at + s.idle_lifetime
            from locked l where s.tenant_id = l.tenant_id and s.id = l.id and s.revoked_at is null;
            get diagnostics touched = row_count;
            return touched;
        end
        $$
        """,
    )


def _refresh_tokens() -> None:
    op.execute("""
        create table refresh_token (
            tenant_id uuid not null,
            id uuid not null,
            session_id uuid not null,
            digest bytea not null,
            client_id text collate "C" not null,
            scopes text[] collate "C" not null,
            audience text[] collate "C" not null,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            spent_at timestamptz,
            successor_id uuid,
            constraint refresh_token_pkey primary key (tenant_id, id),
            constraint refresh_token_digest_key unique (digest),
            constraint refresh_token_session_id_fkey foreign key (tenant_id, session_id)
                references session (tenant_id, id) on delete cascade
        )
    """)
    op.execute("create index refresh_token_session_id_idx on refresh_token (tenant_id, session_id)")
    # Whole chains of a live session are kept: a token that was spent long ago must still give a thief away.
    protect_except_for_definer("refresh_token", app="select, insert, update", definer="select, update, delete")
    definer_function(
        "find_refresh_token(bytea)",
        """
        create function find_refresh_token(presented_digest bytea)
        returns table (tenant_id uuid, id uuid, session_id uuid, tenant_is_active boolean)
        language plpgsql stable {definer} as $$
        begin
            return query
            select r.tenant_id, r.id, r.session_id, tenant_is_active(r.tenant_id)
            from refresh_token r where r.digest = presented_digest;
        end
        $$
        """,
    )


def _devices() -> None:
    op.execute("""
        create table device_authorization (
            tenant_id uuid not null,
            id uuid not null,
            digest bytea not null,
            user_code text collate "C" not null,
            client_id text collate "C" not null,
            scopes text[] collate "C" not null,
            audience text[] collate "C" not null,
            address text collate "C" not null,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            poll_interval interval not null,
            polled_at timestamptz,
            state text collate "C" not null,
            user_id uuid,
            authentication_methods text[] collate "C",
            authenticated_at timestamptz,
            decided_at timestamptz,
            constraint device_authorization_pkey primary key (tenant_id, id),
            constraint device_authorization_digest_key unique (digest),
            constraint device_authorization_user_code_key unique (tenant_id, user_code),
            constraint device_authorization_state_check check (state in ('pending', 'approved', 'denied', 'used')),
            constraint device_authorization_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    op.execute("create index device_authorization_expires_at_idx on device_authorization (expires_at)")
    protect_except_for_definer("device_authorization", app="select, insert, update", definer="select, update, delete")
    definer_function(
        "find_device_authorization(bytea)",
        """
        create function find_device_authorization(presented_digest bytea)
        returns table (tenant_id uuid, id uuid, tenant_is_active boolean)
        language plpgsql stable {definer} as $$
        begin
            return query
            select d.tenant_id, d.id, tenant_is_active(d.tenant_id)
            from device_authorization d where d.digest = presented_digest;
        end
        $$
        """,
    )


def _used_up() -> None:
    # Assertions of clients are good once.
    op.execute("""
        create table used_assertion (
            tenant_id uuid not null,
            client_id uuid not null,
            digest bytea not null,
            expires_at timestamptz not null,
            constraint used_assertion_pkey primary key (tenant_id, client_id, digest)
        )
    """)
    op.execute("create index used_assertion_expires_at_idx on used_assertion (expires_at)")
    protect_except_for_definer("used_assertion", app="select, insert", definer="select, update, delete")
    # Access tokens that ended before they expired; kept until they would have.
    op.execute("""
        create table revoked_access_token (
            tenant_id uuid not null,
            token_id uuid not null,
            expires_at timestamptz not null,
            revoked_at timestamptz not null,
            constraint revoked_access_token_pkey primary key (tenant_id, token_id)
        )
    """)
    op.execute("create index revoked_access_token_expires_at_idx on revoked_access_token (expires_at)")
    protect_except_for_definer("revoked_access_token", app="select, insert", definer="select, update, delete")
    # For whoever has verified a token: its claims name tenant and id.
    definer_function(
        "access_token_is_revoked(uuid, uuid)",
        """
        create function access_token_is_revoked(of_tenant uuid, presented_token_id uuid)
        returns boolean language sql stable {definer} as $$
            select exists (
                select from revoked_access_token t
                where t.tenant_id = of_tenant and t.token_id = presented_token_id
            )
        $$
        """,
    )


def _purge() -> None:
    definer_function(
        "purge_grants(timestamptz, timestamptz, integer)",
        """
        create function purge_grants(expired_before timestamptz, sessions_over_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
            total integer := 0;
        begin
            -- SKIP LOCKED: several workers may purge at once; none may wait for another.
            delete from used_assertion t using (
                select e.tenant_id, e.client_id, e.digest from used_assertion e where e.expires_at < expired_before
                order by e.expires_at limit at_most for update skip locked
            ) as expired
            where t.tenant_id = expired.tenant_id and t.client_id = expired.client_id and t.digest = expired.digest;
            get diagnostics purged = row_count;
            total := total + purged;
            delete from revoked_access_token t using (
                select e.tenant_id, e.token_id from revoked_access_token e where e.expires_at < expired_before
                order by e.expires_at limit at_most for update skip locked
            ) as expired
            where t.tenant_id = expired.tenant_id and t.token_id = expired.token_id;
            get diagnostics purged = row_count;
            total := total + purged;
            delete from device_authorization t using (
                select e.tenant_id, e.id from device_authorization e where e.expires_at < expired_before
                order by e.expires_at limit at_most for update skip locked
            ) as expired
            where t.tenant_id = expired.tenant_id and t.id = expired.id;
            get diagnostics purged = row_count;
            total := total + purged;
            delete from session t using (
                select e.tenant_id, e.id from session e where e.expires_at < sessions_over_before
                order by e.expires_at limit at_most for update skip locked
            ) as expired
            where t.tenant_id = expired.tenant_id and t.id = expired.id;
            get diagnostics purged = row_count;
            return total + purged;
        end
        $$
        """,
    )


def _tenant_by_name() -> None:
    # Where no service account names the tenant, its name does; a suspended one is not found.
    definer_function(
        "find_active_tenant(text)",
        """
        create function find_active_tenant(wanted_name text)
        returns uuid language plpgsql stable {definer} as $$
        begin
            return (
                select t.tenant_id from tenant t where t.name = wanted_name and tenant_is_active(t.tenant_id)
            );
        end
        $$
        """,
    )
