"""The outbox becomes the log of events: numbered as the tenant's chain, in partitions by day, and read by cursor."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import APP, DEFINER, OWNER
from function_backend.persistence.schema import definer_function, owner_function, protect, protect_except_for_definer

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_DAYS_AHEAD = 3


def upgrade() -> None:
    _log()
    _partitions()
    _carry_over()
    _functions()
    _consumers()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


_COLUMNS = """
            tenant_id, position, recorded_at, id, shard, type, subject_type, subject_id, sequence, occurred_at, actor,
            trace_context, labels, payload
        """


def _log() -> None:
    # When the last one was recorded: the moments of a tenant's events never go back, whatever clocks do.
    op.execute("alter table audit_head add column recorded_at timestamptz not null default '-infinity'")
    op.execute("""
        create table event (
            tenant_id uuid not null,
            position bigint not null,
            recorded_at timestamptz not null,
            id uuid not null,
            shard smallint not null,
            type text collate "C" not null,
            subject_type text collate "C" not null,
            subject_id uuid not null,
            sequence bigint not null,
            occurred_at timestamptz not null,
            actor text not null,
            trace_context text not null,
            labels jsonb not null,
            payload bytea not null,
            constraint event_pkey primary key (tenant_id, position, recorded_at)
        ) partition by range (recorded_at)
    """)
    op.execute("create index event_tenant_id_id_idx on event (tenant_id, id)")
    # Written by `record_event` and `record_events` alone.
    protect("event", app="select", definer="insert")
    # For moments that no partition was made for: a change must not fail for that.
    op.execute("create table event_default partition of event default")
    protect_except_for_definer("event_default", app="", definer="select, delete")


def _partitions() -> None:
    policy = "tenant_id = current_setting(''app.tenant_id'')::uuid"
    owner_function(
        "make_event_partition(date)",
        f"""
        create function make_event_partition(day date) returns boolean language plpgsql volatile {{owner}} as $$
        declare
            named constant text := 'event_' || to_char(day, 'YYYYMMDD');
        begin
            if to_regclass('public.' || named) is not null then
                return false;
            end if;
            execute format('create table public.%I (like public.event including defaults)', named);
            execute format('alter table public.%I enable row level security, force row level security', named);
            execute format(
                'create policy %I on public.%I to {OWNER}, {APP}, {DEFINER} using ({policy}) with check ({policy})',
                named || '_tenant', named
            );
            -- Attached, and not made as a partition: that would lock the whole log.
            execute format(
                'alter table public.event attach partition public.%I for values from (%L) to (%L)',
                named, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC'
            );
            return true;
        exception when check_violation then
            -- Events of the day lie in the default partition already, and may as well stay there.
            return false;
        end
        $$
        """,
    )
    op.execute(f"revoke all on function make_event_partition(date) from {APP}")
    owner_function(
        "make_event_partitions(integer)",
        """
        create function make_event_partitions(days_ahead integer) returns bigint language sql volatile {owner} as $$
            select count(*) from generate_series(0, days_ahead) as n (ahead)
            where make_event_partition((now() at time zone 'UTC')::date + n.ahead)
        $$
        """,
    )
    owner_function(
        "drop_event_partitions(interval)",
        """
        create function drop_event_partitions(kept interval) returns integer language plpgsql volatile {owner} as $$
        declare
            named text;
            dropped integer := 0;
        begin
            if kept < interval '1 hour' then
                raise exception 'events are kept for an hour at least';
            end if;
            -- By the clock of the database, as the moments of the events are.
            for named in
                select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                where i.inhparent = 'public.event'::regclass and c.relname ~ '^event_[0-9]{8}$'
                    and (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'UTC' <= now() - kept
                order by 1
            loop
                execute format('drop table public.%I', named);
                dropped := dropped + 1;
            end loop;
            return dropped;
        end
        $$
        """,
    )
    definer_function(
        "purge_stray_events(interval, integer)",
        """
        create function purge_stray_events(kept interval, at_most integer) returns integer
        language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            delete from event_default e using (
                select d.tenant_id, d.position, d.recorded_at from event_default d
                where d.recorded_at <= now() - kept limit at_most
            ) as old
            where e.tenant_id = old.tenant_id and e.position = old.position and e.recorded_at = old.recorded_at;
            get diagnostics purged = row_count;
            return purged;
        end
        $$
        """,
    )
    op.execute(f"select make_event_partitions({_DAYS_AHEAD})")


def _carry_over() -> None:
    """Moves what waits in the outbox, each event at the number of its audit record."""
    tables = ("outbox_event", "audit_record", "audit_head", "event")
    for table in tables:
        # The owner moves the rows of all tenants; nobody else sees the tables before this is committed.
        op.execute(f"alter table {table} no force row level security")
    op.execute("""
        select make_event_partition(d.day) from (
            select distinct (a.recorded_at at time zone 'UTC')::date as day from audit_record a
            where exists (select from outbox_event o where o.tenant_id = a.tenant_id and o.id = a.event_id)
            order by 1
        ) as d
    """)
    op.execute(f"""
        insert into event ({_COLUMNS})
        select a.tenant_id, a.seq, max(a.recorded_at) over (partition by a.tenant_id order by a.seq), o.id, o.shard,
            o.type, o.subject_type, o.subject_id, o.sequence, o.occurred_at, a.actor, o.trace_context, '{{}}', o.payload
        from outbox_event o join audit_record a on a.tenant_id = o.tenant_id and a.event_id = o.id
    """)  # noqa: S608  put together from constants of this file
    op.execute("""
        update audit_head h set recorded_at = e.recorded_at
        from (select tenant_id, max(recorded_at) as recorded_at from event group by tenant_id) as e
        where e.tenant_id = h.tenant_id
    """)
    op.execute("drop table outbox_event")
    for table in tables[1:]:
        op.execute(f"alter table {table} force row level security")


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


_AUDIT_COLUMNS = """
            tenant_id, seq, recorded_at, actor, method, request_id, event_id, event_type, subject_type, subject_id,
            before_digest, after_digest, details, prev_hash, hash
        """

# First of all, the tenant's chain is locked until the commit. So numbers are given in the order of the commits,
# and whoever has read up to one has read everything before it.
_LOCK_HEAD = """
        select h.seq, h.hash, h.recorded_at into number, head, moment
        from audit_head h where h.tenant_id = tenant for update;
        if not found then
            insert into audit_head (tenant_id, seq, hash) values (tenant, 0, sha256(uuid_send(tenant)))
            on conflict do nothing;
            select h.seq, h.hash, h.recorded_at into number, head, moment
            from audit_head h where h.tenant_id = tenant for update;
        end if;
        moment := greatest(moment, clock_timestamp());
"""

_ONE_SIGNATURE = (
    "timestamptz, text, text, text, text, uuid, smallint, text, text, uuid, bigint, timestamptz, bytea, bytea, jsonb, "
    "bytea"
)
_RECORD_EVENT = f"""
    create function record_event(
        at timestamptz, by_actor text, by_method text, by_request text, trace text,
        event_id uuid, shard smallint, event_type text, subject_type text, subject_id uuid, sequence bigint,
        occurred_at timestamptz, before_digest bytea, after_digest bytea, details jsonb, payload bytea, labels jsonb
    )
    returns bigint language plpgsql volatile {{definer}} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
        number bigint;
        moment timestamptz;
        head bytea;
        previous bytea;
    begin
        {_LOCK_HEAD}
        number := number + 1;
        previous := head;
        head := {_hash("")};
        insert into event ({_COLUMNS}) values (
            tenant, number, moment, event_id, shard, event_type, subject_type, subject_id, sequence, occurred_at,
            by_actor, trace, labels, payload
        );
        insert into audit_record ({_AUDIT_COLUMNS}) values (
            tenant, number, at, by_actor, by_method, by_request, event_id, event_type, subject_type, subject_id,
            before_digest, after_digest, details, previous, head
        );
        update audit_head h set seq = number, hash = head, recorded_at = moment where h.tenant_id = tenant;
        return number;
    end
    $$
"""  # noqa: S608  put together from constants of this file

_MANY_SIGNATURE = (
    "timestamptz, text, text, text, text, uuid[], smallint[], text[], text[], uuid[], bigint[], timestamptz[], "
    "bytea[], bytea[], jsonb[], bytea[]"
)
_RECORD_EVENTS = f"""
    create function record_events(
        at timestamptz, by_actor text, by_method text, by_request text, trace text,
        event_id uuid[], shard smallint[], event_type text[], subject_type text[], subject_id uuid[], sequence bigint[],
        occurred_at timestamptz[], before_digest bytea[], after_digest bytea[], details jsonb[], payload bytea[],
        labels jsonb[]
    )
    returns bigint language plpgsql volatile {{definer}} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
        number bigint;
        first_number bigint;
        moment timestamptz;
        head bytea;
        previous bytea;
        hashes bytea[] := '{{}}';
        previous_hashes bytea[] := '{{}}';
    begin
        {_LOCK_HEAD}
        first_number := number + 1;
        for i in 1 .. cardinality(event_id) loop
            number := number + 1;
            previous := head;
            head := {_hash("[i]")};
            previous_hashes[i] := previous;
            hashes[i] := head;
        end loop;
        insert into event ({_COLUMNS})
        select tenant, first_number + e.ordinal - 1, moment, e.id, e.shard, e.type, e.subject_type, e.subject_id,
            e.sequence, e.occurred_at, by_actor, trace, e.labels, e.payload
        from unnest(event_id, shard, event_type, subject_type, subject_id, sequence, occurred_at, labels, payload)
            with ordinality as e (
                id, shard, type, subject_type, subject_id, sequence, occurred_at, labels, payload, ordinal
            );
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
        update audit_head h set seq = number, hash = head, recorded_at = moment where h.tenant_id = tenant;
        return number;
    end
    $$
"""  # noqa: S608  put together from constants of this file


def _functions() -> None:
    definer_function(f"record_event({_ONE_SIGNATURE}, jsonb)", _RECORD_EVENT)
    definer_function(f"record_events({_MANY_SIGNATURE}, jsonb[])", _RECORD_EVENTS)
    # Those without labels are for workers of the release before, which may still serve.
    definer_function(
        f"record_event({_ONE_SIGNATURE})",
        f"""
        create or replace function record_event(
            at timestamptz, by_actor text, by_method text, by_request text, trace text,
            event_id uuid, shard smallint, event_type text, subject_type text, subject_id uuid, sequence bigint,
            occurred_at timestamptz, before_digest bytea, after_digest bytea, details jsonb, payload bytea
        )
        returns bigint language plpgsql volatile {{definer}} as $$
        begin
            return record_event({", ".join(f"${number}" for number in range(1, 17))}, '{{}}'::jsonb);
        end
        $$
        """,
    )
    definer_function(
        f"record_events({_MANY_SIGNATURE})",
        f"""
        create or replace function record_events(
            at timestamptz, by_actor text, by_method text, by_request text, trace text,
            event_id uuid[], shard smallint[], event_type text[], subject_type text[], subject_id uuid[],
            sequence bigint[], occurred_at timestamptz[], before_digest bytea[], after_digest bytea[], details jsonb[],
            payload bytea[]
        )
        returns bigint language plpgsql volatile {{definer}} as $$
        begin
            return record_events(
                {", ".join(f"${number}" for number in range(1, 17))},
                array_fill('{{}}'::jsonb, array[cardinality($6)])
            );
        end
        $$
        """,
    )
    definer_function(
        "event_head()",
        """
        create function event_head() returns table (head bigint, recorded_at timestamptz)
        language sql stable {definer} as $$
            select h.seq, h.recorded_at from audit_head h
            where h.tenant_id = current_setting('app.tenant_id')::uuid
        $$
        """,
    )
    # The chains of all tenants are looked at by definer functions alone, and only for how far they are.
    op.execute(f"create policy audit_head_definer on audit_head for select to {DEFINER} using (true)")
    # For watchers of many tenants: only how far each feed is.
    definer_function(
        "event_heads(uuid[])",
        """
        create function event_heads(tenants uuid[]) returns table (tenant_id uuid, head bigint)
        language sql stable {definer} as $$
            select h.tenant_id, h.seq from audit_head h where h.tenant_id = any(tenants)
        $$
        """,
    )


def _consumers() -> None:
    op.execute("""
        create table event_consumer (
            name text collate "C" not null,
            lanes integer not null,
            registered_at timestamptz not null,
            constraint event_consumer_pkey primary key (name)
        )
    """)
    op.execute(f"grant select on event_consumer to {APP}")
    op.execute(f"grant select, insert on event_consumer to {DEFINER}")
    op.execute("""
        create table event_cursor (
            tenant_id uuid not null,
            consumer text collate "C" not null,
            lane integer not null,
            position bigint not null,
            recorded_at timestamptz not null,
            holder uuid,
            held_until timestamptz,
            fence bigint not null,
            failures integer not null,
            retry_at timestamptz,
            updated_at timestamptz not null,
            constraint event_cursor_pkey primary key (tenant_id, consumer, lane)
        )
    """)
    protect_except_for_definer("event_cursor", app="select, insert, update", definer="select, insert")
    op.execute("""
        create table event_dead_letter (
            tenant_id uuid not null,
            consumer text collate "C" not null,
            position bigint not null,
            event_id uuid not null,
            type text collate "C" not null,
            subject_type text collate "C" not null,
            subject_id uuid not null,
            attempts integer not null,
            failure text not null,
            set_aside_at timestamptz not null,
            constraint event_dead_letter_pkey primary key (tenant_id, consumer, position)
        )
    """)
    protect("event_dead_letter", app="select, insert, update, delete")
    definer_function(
        "register_event_consumer(text, integer, boolean)",
        """
        create function register_event_consumer(consumer_name text, wanted_lanes integer, from_start boolean)
        returns integer language plpgsql volatile {definer} as $$
        begin
            insert into event_consumer (name, lanes, registered_at)
            values (consumer_name, wanted_lanes, clock_timestamp()) on conflict do nothing;
            -- The first time only: a tenant that comes later is read from its first event.
            if found and not from_start then
                insert into event_cursor (
                    tenant_id, consumer, lane, position, recorded_at, fence, failures, updated_at
                )
                select h.tenant_id, consumer_name, l.lane, h.seq, h.recorded_at, 0, 0, clock_timestamp()
                from audit_head h cross join generate_series(0, wanted_lanes - 1) as l (lane);
            end if;
            return (select c.lanes from event_consumer c where c.name = consumer_name);
        end
        $$
        """,
    )
    definer_function(
        "event_work(text, integer)",
        """
        create function event_work(consumer_name text, at_most integer)
        returns table (tenant_id uuid, lane integer) language sql stable {definer} as $$
            select h.tenant_id, l.lane
            from event_consumer e
            cross join audit_head h
            cross join lateral generate_series(0, e.lanes - 1) as l (lane)
            left join event_cursor c on c.tenant_id = h.tenant_id and c.consumer = e.name and c.lane = l.lane
            where e.name = consumer_name and h.seq > coalesce(c.position, 0)
                and (c.held_until is null or c.held_until <= clock_timestamp())
                and (c.retry_at is null or c.retry_at <= clock_timestamp())
            order by h.seq - coalesce(c.position, 0) desc limit at_most
        $$
        """,
    )
    definer_function(
        "event_backlog(text)",
        """
        create function event_backlog(consumer_name text)
        returns table (behind bigint, waiting_tenants bigint) language sql stable {definer} as $$
            select coalesce(sum(h.seq - coalesce(c.position, 0)), 0)::bigint, count(*)
            from event_consumer e
            cross join audit_head h
            cross join lateral generate_series(0, e.lanes - 1) as l (lane)
            left join event_cursor c on c.tenant_id = h.tenant_id and c.consumer = e.name and c.lane = l.lane
            where e.name = consumer_name and h.seq > coalesce(c.position, 0)
        $$
        """,
    )
