"""Tenants, API keys, audit, outbox, stored answers."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import APP
from function_backend.persistence.schema import definer_function, protect, protect_except_for_definer

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(f"grant select on alembic_version to {APP}")
    _tenants()
    _api_keys()
    _audit_and_outbox()
    _stored_answers()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _tenants() -> None:
    op.execute("""
        create table tenant (
            tenant_id uuid not null,
            name text not null,
            display_name text not null,
            created_at timestamptz not null,
            constraint tenant_pkey primary key (tenant_id),
            constraint tenant_name_key unique (name)
        )
    """)
    protect_except_for_definer("tenant", app="select", definer="select, insert")
    definer_function(
        "create_tenant(uuid, text, text, timestamptz)",
        """
        create function create_tenant(new_id uuid, new_name text, new_display_name text, new_created_at timestamptz)
        returns void language sql volatile {definer} as $$
            insert into tenant (tenant_id, name, display_name, created_at)
            values (new_id, new_name, new_display_name, new_created_at)
        $$
        """,
    )
    definer_function(
        "find_tenant(uuid)",
        """
        create function find_tenant(wanted_id uuid)
        returns table (tenant_id uuid, name text, display_name text, created_at timestamptz)
        language sql stable {definer} as $$
            select t.tenant_id, t.name, t.display_name, t.created_at from tenant t where t.tenant_id = wanted_id
        $$
        """,
    )
    definer_function(
        "list_tenants(uuid, integer)",
        """
        create function list_tenants(after_id uuid, at_most integer)
        returns table (tenant_id uuid, name text, display_name text, created_at timestamptz)
        language sql stable {definer} as $$
            select t.tenant_id, t.name, t.display_name, t.created_at from tenant t
            where after_id is null or t.tenant_id > after_id
            order by t.tenant_id limit at_most
        $$
        """,
    )


def _api_keys() -> None:
    op.execute("""
        create table api_key (
            tenant_id uuid not null,
            id uuid not null,
            digest bytea not null,
            display_name text not null,
            permissions text[] not null,
            rate_limit_per_second integer not null,
            created_at timestamptz not null,
            creator text not null,
            expires_at timestamptz,
            revoked_at timestamptz,
            constraint api_key_pkey primary key (tenant_id, id),
            constraint api_key_digest_key unique (digest),
            constraint api_key_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    protect_except_for_definer("api_key", app="select, insert, update", definer="select, insert")
    # The digest is the one thing known of a caller before the tenant is; it finds its own row and no other.
    definer_function(
        "find_api_key(bytea)",
        """
        create function find_api_key(presented_digest bytea)
        returns table (
            tenant_id uuid, id uuid, permissions text[], rate_limit_per_second integer,
            expires_at timestamptz, revoked_at timestamptz
        )
        language sql stable {definer} as $$
            select k.tenant_id, k.id, k.permissions, k.rate_limit_per_second, k.expires_at, k.revoked_at
            from api_key k where k.digest = presented_digest
        $$
        """,
    )
    # The first key of a tenant is made by a caller of another one.
    definer_function(
        "create_first_api_key(uuid, uuid, bytea, text, text[], timestamptz, text)",
        """
        create function create_first_api_key(
            new_tenant_id uuid, new_id uuid, new_digest bytea, new_display_name text, new_permissions text[],
            new_created_at timestamptz, new_creator text
        )
        returns void language plpgsql volatile {definer} as $$
        begin
            if exists (select from api_key k where k.tenant_id = new_tenant_id) then
                raise exception 'the tenant has keys already';
            end if;
            insert into api_key (
                tenant_id, id, digest, display_name, permissions, rate_limit_per_second, created_at, creator
            )
            values (
                new_tenant_id, new_id, new_digest, new_display_name, new_permissions, 0, new_created_at, new_creator
            );
        end
        $$
        """,
    )
    # One row: a revocation counts it up in its own transaction, and every worker looks at it twice a second.
    op.execute("""
        create table auth_epoch (
            only_row boolean not null default true,
            epoch bigint not null,
            constraint auth_epoch_pkey primary key (only_row),
            constraint auth_epoch_only_row_check check (only_row)
        )
    """)
    op.execute("insert into auth_epoch (epoch) values (1)")
    op.execute(f"grant select, update on auth_epoch to {APP}")


def _audit_and_outbox() -> None:
    op.execute("""
        create table audit_head (
            tenant_id uuid not null,
            seq bigint not null,
            hash bytea not null,
            constraint audit_head_pkey primary key (tenant_id)
        )
    """)
    op.execute("""
        create table audit_record (
            tenant_id uuid not null,
            seq bigint not null,
            recorded_at timestamptz not null,
            actor text not null,
            method text not null,
            request_id text not null,
            event_id uuid not null,
            event_type text not null,
            subject_type text not null,
            subject_id uuid not null,
            before_digest bytea,
            after_digest bytea,
            details jsonb,
            prev_hash bytea not null,
            hash bytea not null,
            constraint audit_record_pkey primary key (tenant_id, seq)
        )
    """)
    op.execute("""
        create table outbox_event (
            tenant_id uuid not null,
            id uuid not null,
            shard smallint not null,
            type text not null,
            subject_type text not null,
            subject_id uuid not null,
            sequence bigint not null,
            occurred_at timestamptz not null,
            trace_context text not null,
            payload bytea not null,
            constraint outbox_event_pkey primary key (tenant_id, id)
        )
    """)
    # For whoever will carry the events away: one shard at a time, in the order of writing.
    op.execute("create index outbox_event_shard_id_idx on outbox_event (shard, id)")
    # Written by these two functions alone: not even the service can put a record where it does not belong.
    protect("audit_head", app="", definer="select, insert, update")
    protect("audit_record", app="select", definer="insert")
    protect("outbox_event", app="", definer="insert")
    definer_function(_RECORD_EVENT_SIGNATURE, _RECORD_EVENT)
    definer_function(_RECORD_EVENTS_SIGNATURE, _RECORD_EVENTS)


def _part(value: str) -> str:
    """One part of the canonical form (ADR 4): its length in four bytes, or -1 for null, and its bytes."""
    return f"coalesce(int4send(octet_length({value})) || {value}, '\\xffffffff'::bytea)"


def _hash(element: str) -> str:
    """The hash of a record as an expression; `element` picks one of several events, and is empty for a single one."""
    parts = [
        "previous",
        "uuid_send(tenant)",
        "int8send(number)",
        "timestamptz_send(at)",
        "convert_to(by_actor, 'UTF8')",
        "convert_to(by_method, 'UTF8')",
        "convert_to(by_request, 'UTF8')",
        f"uuid_send(event_id{element})",
        f"convert_to(event_type{element}, 'UTF8')",
        f"convert_to(subject_type{element}, 'UTF8')",
        f"uuid_send(subject_id{element})",
        f"before_digest{element}",
        f"after_digest{element}",
        f"convert_to(details{element}::text, 'UTF8')",
    ]
    return "sha256('function-backend audit record 1'::bytea || " + " || ".join(map(_part, parts)) + ")"


_OUTBOX_COLUMNS = "tenant_id, id, shard, type, subject_type, subject_id, sequence, occurred_at, trace_context, payload"
_AUDIT_COLUMNS = """
            tenant_id, seq, recorded_at, actor, method, request_id, event_id, event_type, subject_type, subject_id,
            before_digest, after_digest, details, prev_hash, hash
        """

# Locks the tenant's chain until the commit, so that it has no gap and no fork.
_LOCK_HEAD = """
        select h.seq, h.hash into number, head from audit_head h where h.tenant_id = tenant for update;
        if not found then
            insert into audit_head (tenant_id, seq, hash) values (tenant, 0, sha256(uuid_send(tenant)))
            on conflict do nothing;
            select h.seq, h.hash into number, head from audit_head h where h.tenant_id = tenant for update;
        end if;
"""

_RECORD_EVENT_SIGNATURE = (
    "record_event(timestamptz, text, text, text, text, uuid, smallint, text, text, uuid, bigint, timestamptz, "
    "bytea, bytea, jsonb, bytea)"
)
_RECORD_EVENT = f"""
    create function record_event(
        at timestamptz, by_actor text, by_method text, by_request text, trace text,
        event_id uuid, shard smallint, event_type text, subject_type text, subject_id uuid, sequence bigint,
        occurred_at timestamptz, before_digest bytea, after_digest bytea, details jsonb, payload bytea
    )
    returns bigint language plpgsql volatile {{definer}} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
        number bigint;
        head bytea;
        previous bytea;
    begin
        insert into outbox_event ({_OUTBOX_COLUMNS}) values (
            tenant, event_id, shard, event_type, subject_type, subject_id, sequence, occurred_at, trace, payload
        );
        {_LOCK_HEAD}
        number := number + 1;
        previous := head;
        head := {_hash("")};
        insert into audit_record ({_AUDIT_COLUMNS}) values (
            tenant, number, at, by_actor, by_method, by_request, event_id, event_type, subject_type, subject_id,
            before_digest, after_digest, details, previous, head
        );
        update audit_head h set seq = number, hash = head where h.tenant_id = tenant;
        return number;
    end
    $$
"""  # noqa: S608  put together from constants of this file

_RECORD_EVENTS_SIGNATURE = (
    "record_events(timestamptz, text, text, text, text, uuid[], smallint[], text[], text[], uuid[], bigint[], "
    "timestamptz[], bytea[], bytea[], jsonb[], bytea[])"
)
_RECORD_EVENTS = f"""
    create function record_events(
        at timestamptz, by_actor text, by_method text, by_request text, trace text,
        event_id uuid[], shard smallint[], event_type text[], subject_type text[], subject_id uuid[], sequence bigint[],
        occurred_at timestamptz[], before_digest bytea[], after_digest bytea[], details jsonb[], payload bytea[]
    )
    returns bigint language plpgsql volatile {{definer}} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
        number bigint;
        first_number bigint;
        head bytea;
        previous bytea;
        hashes bytea[] := '{{}}';
        previous_hashes bytea[] := '{{}}';
    begin
        insert into outbox_event ({_OUTBOX_COLUMNS})
        select tenant, e.id, e.shard, e.type, e.subject_type, e.subject_id, e.sequence, e.occurred_at, trace, e.payload
        from unnest(event_id, shard, event_type, subject_type, subject_id, sequence, occurred_at, payload)
            as e (id, shard, type, subject_type, subject_id, sequence, occurred_at, payload);
        {_LOCK_HEAD}
        first_number := number + 1;
        for i in 1 .. cardinality(event_id) loop
            number := number + 1;
            previous := head;
            head := {_hash("[i]")};
            previous_hashes[i] := previous;
            hashes[i] := head;
        end loop;
        insert into audit_record ({_AUDIT_COLUMNS})
        select tenant, first_number + r.ordinal - 1, at, by_actor, by_method, by_request, r.event_id, r.event_type,
            r.subject_type, r.subject_id, r.before_digest, r.after_digest, r.details, r.previous, r.hash
        from unnest(
            event_id, event_type, subject_type, subject_id, before_digest, after_digest, details,
            previous_hashes, hashes
        ) with ordinality as r (
            event_id, event_type, subject_type, subject_id, before_digest, after_digest, details,
            previous, hash, ordinal
        );
        update audit_head h set seq = number, hash = head where h.tenant_id = tenant;
        return number;
    end
    $$
"""  # noqa: S608  put together from constants of this file


def _stored_answers() -> None:
    op.execute("""
        create table stored_answer (
            tenant_id uuid not null,
            request_id uuid not null,
            digest bytea not null,
            response bytea not null,
            sealed boolean not null,
            created_at timestamptz not null,
            expires_at timestamptz not null,
            constraint stored_answer_pkey primary key (tenant_id, request_id)
        )
    """)
    op.execute("create index stored_answer_expires_at_idx on stored_answer (expires_at)")
    protect_except_for_definer("stored_answer", app="select, insert, update", definer="select, update, delete")
    definer_function(
        "purge_stored_answers(timestamptz, integer)",
        """
        create function purge_stored_answers(expired_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            -- SKIP LOCKED: several workers may purge at once; none may wait for another.
            delete from stored_answer s using (
                select e.tenant_id, e.request_id from stored_answer e where e.expires_at < expired_before
                order by e.expires_at limit at_most for update skip locked
            ) as expired
            where s.tenant_id = expired.tenant_id and s.request_id = expired.request_id;
            get diagnostics purged = row_count;
            return purged;
        end
        $$
        """,
    )
