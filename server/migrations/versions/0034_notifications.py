"""Notifications, their templates and categories, and what recipients want."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect, protect_except_for_definer

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _templates()
    _preferences()
    _notifications()
    _functions()


def _templates() -> None:
    op.execute("""
        create table notification_template (
            tenant_id uuid not null,
            id uuid not null,
            name text collate "C" not null,
            language text collate "C" not null,
            version bigint not null,
            category text collate "C" not null,
            description text not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            author text not null,
            constraint notification_template_pkey primary key (tenant_id, id),
            constraint notification_template_name_key unique (tenant_id, name, language)
        )
    """)
    protect("notification_template", app="select, insert, update, delete")
    op.execute("""
        create table notification_template_version (
            tenant_id uuid not null,
            template_id uuid not null,
            version bigint not null,
            category text collate "C" not null,
            description text not null,
            variables jsonb not null,
            content jsonb not null,
            created_at timestamptz not null,
            author text not null,
            constraint notification_template_version_pkey primary key (tenant_id, template_id, version)
        )
    """)
    protect("notification_template_version", app="select, insert, delete")


def _preferences() -> None:
    op.execute("""
        create table notification_category (
            tenant_id uuid not null,
            name text collate "C" not null,
            description text not null,
            mandatory boolean not null,
            digest jsonb,
            revision bigint not null,
            constraint notification_category_pkey primary key (tenant_id, name)
        )
    """)
    protect("notification_category", app="select, insert, update, delete")
    op.execute("""
        create table notification_preference (
            tenant_id uuid not null,
            holder bytea not null,
            category text collate "C" not null,
            channel text collate "C" not null,
            subscribed boolean not null,
            source text not null,
            revision bigint not null,
            updated_at timestamptz not null,
            constraint notification_preference_pkey primary key (tenant_id, holder, category, channel)
        )
    """)
    protect("notification_preference", app="select, insert, update")


def _notifications() -> None:
    op.execute("""
        create table notification (
            tenant_id uuid not null,
            id uuid not null,
            key text collate "C" not null,
            asked bytea not null,
            user_id uuid,
            address text not null,
            display_name text not null,
            wanted_language text collate "C" not null,
            template text collate "C" not null,
            template_version bigint not null,
            language text collate "C" not null,
            category text collate "C" not null,
            channel text collate "C" not null,
            state text collate "C" not null,
            priority bigint not null,
            failure text not null,
            attempts bigint not null,
            provider_id text collate "C" not null,
            digest_id uuid,
            is_digest boolean not null,
            sealed bytea,
            due_at timestamptz,
            holder uuid,
            sequence bigint not null,
            creator text not null,
            created_at timestamptz not null,
            sent_at timestamptz,
            ended_at timestamptz,
            expires_at timestamptz,
            constraint notification_pkey primary key (tenant_id, id),
            constraint notification_key_key unique (tenant_id, key)
        )
    """)
    # For the senders, who look for what is due in all tenants.
    op.execute("create index notification_due_idx on notification (priority, due_at) where due_at is not null")
    op.execute(
        "create index notification_digest_idx on notification (tenant_id, digest_id) where digest_id is not null"
    )
    op.execute("create index notification_provider_idx on notification (tenant_id, channel, provider_id)")
    op.execute("create index notification_over_idx on notification (ended_at) where ended_at is not null")
    protect_except_for_definer("notification", app="select, insert, update", definer="select, update, delete")


def _functions() -> None:
    definer_function(
        "claim_notifications(timestamptz, timestamptz, uuid, integer)",
        """
        create function claim_notifications(at_time timestamptz, until timestamptz, for_holder uuid, at_most integer)
        returns table (tenant_id uuid, id uuid) language sql volatile {definer} as $$
            -- SKIP LOCKED: several senders may claim at once; none may wait for another.
            update notification n
            set state = 'sending', holder = for_holder, due_at = until, attempts = n.attempts + 1
            from (
                select d.tenant_id, d.id from notification d
                where d.due_at <= at_time
                    -- Those of a tenant that is suspended wait; those of one that is deleted are deleted below.
                    and not exists (select from tenant t where t.tenant_id = d.tenant_id and t.state <> 'active')
                order by d.priority, d.due_at limit at_most for update skip locked
            ) as due
            where n.tenant_id = due.tenant_id and n.id = due.id
            returning n.tenant_id, n.id
        $$
        """,
    )
    definer_function(
        "waiting_notifications(timestamptz)",
        """
        create function waiting_notifications(at_time timestamptz)
        returns table (channel text, waiting bigint, longest_seconds double precision)
        language sql stable {definer} as $$
            select w.channel, count(*), extract(epoch from at_time - min(w.due_at))::double precision
            from notification w where w.due_at <= at_time group by w.channel
        $$
        """,
    )
    definer_function(
        "purge_notifications(timestamptz, integer)",
        """
        create function purge_notifications(over_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            delete from notification t using (
                select e.tenant_id, e.id from notification e where e.ended_at <= over_before
                order by e.ended_at limit at_most for update skip locked
            ) as expired
            where t.tenant_id = expired.tenant_id and t.id = expired.id;
            get diagnostics purged = row_count;
            -- What they say cannot be read any more; names and addresses go as well.
            delete from notification t using (
                select e.tenant_id, e.id from tenant d join notification e on e.tenant_id = d.tenant_id
                where d.state = 'deleted' limit at_most for update of e skip locked
            ) as of_deleted
            where t.tenant_id = of_deleted.tenant_id and t.id = of_deleted.id;
            return purged;
        end
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
