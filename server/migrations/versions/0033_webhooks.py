"""Webhooks: endpoints with their secrets and queues, deliveries with their attempts, replays."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect, protect_except_for_definer

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _endpoints()
    _deliveries()
    _leasing()
    _recording()
    _purging()


def _endpoints() -> None:
    op.execute("""
        create table webhook_endpoint (
            tenant_id uuid not null,
            id uuid not null,
            display_name text not null,
            url text not null,
            types text[] collate "C" not null,
            subject_types text[] collate "C" not null,
            subject_ids uuid[] not null,
            labels jsonb not null,
            payload_mode text collate "C" not null,
            ordered boolean not null,
            rate_limit integer not null,
            owner text not null,
            audience jsonb not null,
            disable_reason text collate "C",
            disabled_at timestamptz,
            since_position bigint not null,
            revision bigint not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            deleted_at timestamptz,
            constraint webhook_endpoint_pkey primary key (tenant_id, id)
        )
    """)
    # Those whose deliveries are still to be removed.
    op.execute(
        "create index webhook_endpoint_deleted_idx on webhook_endpoint (deleted_at) where deleted_at is not null"
    )
    op.execute("""
        create table webhook_secret (
            tenant_id uuid not null,
            endpoint_id uuid not null,
            id uuid not null,
            kind text collate "C" not null,
            public_key text not null,
            sealed bytea not null,
            created_at timestamptz not null,
            expires_at timestamptz,
            constraint webhook_secret_pkey primary key (tenant_id, endpoint_id, id)
        )
    """)
    op.execute("""
        create table webhook_queue (
            tenant_id uuid not null,
            endpoint_id uuid not null,
            enabled boolean not null,
            endpoint_revision bigint not null,
            due_at timestamptz,
            rate_limit integer not null,
            tokens double precision not null,
            tokens_at timestamptz not null,
            paused_until timestamptz,
            failing_since timestamptz,
            failures bigint not null,
            constraint webhook_queue_pkey primary key (tenant_id, endpoint_id)
        )
    """)
    op.execute("create index webhook_queue_due_idx on webhook_queue (due_at) where due_at is not null")
    op.execute("""
        create table webhook_replay (
            tenant_id uuid not null,
            id uuid not null,
            endpoint_id uuid not null,
            missed_only boolean not null,
            first_position bigint not null,
            last_position bigint not null,
            position bigint not null,
            queued bigint not null,
            created_at timestamptz not null,
            ended_at timestamptz,
            constraint webhook_replay_pkey primary key (tenant_id, id)
        )
    """)
    op.execute("""
        create index webhook_replay_open_idx on webhook_replay (tenant_id, endpoint_id) where ended_at is null
    """)
    protect_except_for_definer("webhook_endpoint", app="select, insert, update", definer="select, update, delete")
    protect("webhook_secret", app="select, insert, update, delete")
    protect_except_for_definer("webhook_queue", app="select, insert, update, delete", definer="select, update")
    protect_except_for_definer("webhook_replay", app="select, insert, update", definer="select, delete")


def _deliveries() -> None:
    op.execute("""
        create table webhook_delivery (
            tenant_id uuid not null,
            id uuid not null,
            endpoint_id uuid not null,
            event_id uuid not null,
            event_type text collate "C" not null,
            position bigint not null,
            subject_type text collate "C" not null,
            subject_id uuid not null,
            trace_context text not null,
            body bytea not null,
            cause text collate "C" not null,
            ordered boolean not null,
            state text collate "C" not null,
            attempts integer not null,
            due_at timestamptz not null,
            lease uuid,
            created_at timestamptz not null,
            ended_at timestamptz,
            last_outcome text collate "C",
            last_status integer not null,
            expires_at timestamptz not null,
            constraint webhook_delivery_pkey primary key (tenant_id, id)
        )
    """)
    op.execute("create index webhook_delivery_list_idx on webhook_delivery (tenant_id, endpoint_id, id)")
    op.execute("create index webhook_delivery_event_idx on webhook_delivery (tenant_id, endpoint_id, event_id)")
    # A lease moves the moment at which a delivery is due to the end of the lease.
    op.execute(
        "create index webhook_delivery_due_idx on webhook_delivery (endpoint_id, due_at) where state = 'pending'"
    )
    op.execute(
        "create index webhook_delivery_lease_idx on webhook_delivery (endpoint_id, due_at) where lease is not null"
    )
    op.execute("""
        create index webhook_delivery_order_idx on webhook_delivery (endpoint_id, subject_id, position)
        where ordered and state in ('pending', 'waiting')
    """)
    op.execute("create index webhook_delivery_over_idx on webhook_delivery (expires_at)")
    op.execute("""
        create table webhook_attempt (
            tenant_id uuid not null,
            delivery_id uuid not null,
            number integer not null,
            started_at timestamptz not null,
            duration bigint not null,
            outcome text collate "C" not null,
            error text not null,
            address text not null,
            status integer not null,
            request_headers jsonb not null,
            response_headers jsonb not null,
            response_body bytea not null,
            response_truncated boolean not null,
            constraint webhook_attempt_pkey primary key (tenant_id, delivery_id, number)
        )
    """)
    protect_except_for_definer(
        "webhook_delivery", app="select, insert, update, delete", definer="select, update, delete"
    )
    protect_except_for_definer("webhook_attempt", app="select, delete", definer="select, insert, delete")


def _leasing() -> None:
    definer_function(
        "lease_webhook_deliveries(timestamptz, timestamptz, uuid, integer, integer, integer)",
        """
        create function lease_webhook_deliveries(
            at_time timestamptz, until timestamptz, new_lease uuid, most integer, most_each integer,
            default_rate integer
        )
        returns table (
            tenant_id uuid, endpoint_id uuid, endpoint_revision bigint, id uuid, event_id uuid, attempts integer,
            created_at timestamptz, trace_context text, body bytea
        )
        language plpgsql volatile {definer} as $$
        #variable_conflict use_column
        declare
            q record;
            remaining integer := most;
            rate integer;
            filled double precision;
            flying integer;
            room integer;
            taken integer;
            next_due timestamptz;
        begin
            -- SKIP LOCKED: several senders may come at once; none may wait for another.
            for q in
                select w.* from webhook_queue w where w.due_at <= at_time
                order by w.due_at limit 100 for update skip locked
            loop
                exit when remaining <= 0;
                if not exists (select from tenant t where t.tenant_id = q.tenant_id and t.state = 'active') then
                    update webhook_queue w set due_at = at_time + interval '1 minute'
                    where w.tenant_id = q.tenant_id and w.endpoint_id = q.endpoint_id;
                    continue;
                end if;
                if q.paused_until > at_time then
                    update webhook_queue w set due_at = q.paused_until
                    where w.tenant_id = q.tenant_id and w.endpoint_id = q.endpoint_id;
                    continue;
                end if;
                select count(*) into flying from webhook_delivery d
                where d.endpoint_id = q.endpoint_id and d.lease is not null and d.due_at > at_time;
                rate := case when q.rate_limit > 0 then q.rate_limit else default_rate end;
                room := least(remaining, most_each - flying);
                filled := q.tokens;
                if rate > 0 then
                    -- A second's worth at most: who was silent for an hour may not catch up at once.
                    filled := least(
                        rate, q.tokens + greatest(0, extract(epoch from at_time - q.tokens_at))::float8 * rate
                    );
                    room := least(room, floor(filled)::integer);
                end if;
                taken := 0;
                if room > 0 then
                    return query
                        with due as (
                            select d.tenant_id, d.id from webhook_delivery d
                            where d.endpoint_id = q.endpoint_id and d.state = 'pending' and d.due_at <= at_time
                            order by d.due_at limit room
                        )
                        update webhook_delivery t set lease = new_lease, due_at = until from due
                        where t.tenant_id = due.tenant_id and t.id = due.id
                        returning t.tenant_id, t.endpoint_id, q.endpoint_revision, t.id, t.event_id, t.attempts,
                            t.created_at, t.trace_context, t.body;
                    get diagnostics taken = row_count;
                    remaining := remaining - taken;
                end if;
                select d.due_at into next_due from webhook_delivery d
                where d.endpoint_id = q.endpoint_id and d.state = 'pending' order by d.due_at limit 1;
                if next_due <= at_time then
                    if flying + taken >= most_each then
                        -- Whoever ends one of them says so; if nobody does, the first lease to end.
                        select min(d.due_at) into next_due from webhook_delivery d
                        where d.endpoint_id = q.endpoint_id and d.lease is not null and d.due_at > at_time;
                    elsif rate > 0 and filled - taken < 1 then
                        next_due := at_time + make_interval(secs => (1 - (filled - taken)) / rate);
                    end if;
                end if;
                update webhook_queue w set
                    due_at = next_due,
                    tokens = case when rate > 0 then filled - taken else q.tokens end,
                    tokens_at = at_time
                where w.tenant_id = q.tenant_id and w.endpoint_id = q.endpoint_id;
            end loop;
        end
        $$
        """,
    )
    definer_function(
        "next_webhook_due()",
        """
        create function next_webhook_due() returns timestamptz language sql stable {definer} as $$
            select w.due_at from webhook_queue w where w.due_at is not null order by w.due_at limit 1
        $$
        """,
    )
    definer_function(
        "webhook_backlog(timestamptz)",
        """
        create function webhook_backlog(at_time timestamptz)
        returns table (open_deliveries bigint, due_endpoints bigint) language sql stable {definer} as $$
            select
                (select count(*) from webhook_delivery d where d.state = 'pending'),
                (select count(*) from webhook_queue w where w.due_at <= at_time)
        $$
        """,
    )
    definer_function(
        "open_webhook_replays(integer)",
        """
        create function open_webhook_replays(at_most integer)
        returns table (tenant_id uuid, id uuid) language sql stable {definer} as $$
            select r.tenant_id, r.id from webhook_replay r where r.ended_at is null order by r.id limit at_most
        $$
        """,
    )


def _recording() -> None:
    definer_function(
        "record_webhook_attempts(timestamptz, uuid[], uuid[], uuid[], uuid[], text[], timestamptz[], timestamptz[], "
        "timestamptz[], bigint[], text[], text[], text[], integer[], jsonb[], jsonb[], bytea[], boolean[])",
        """
        create function record_webhook_attempts(
            at_time timestamptz, leases uuid[], tenants uuid[], endpoints uuid[], ids uuid[], states text[],
            due timestamptz[], pauses timestamptz[], starts timestamptz[], durations bigint[], outcomes text[],
            errors text[], addresses text[], statuses integer[], sent jsonb[], received jsonb[], bodies bytea[],
            truncated boolean[]
        )
        returns table (tenant_id uuid, endpoint_id uuid, failing_since timestamptz, failures bigint)
        language plpgsql volatile {definer} as $$
        #variable_conflict use_column
        begin
            -- Always in this order: two that record at once, or one that queues events, never wait in a circle.
            perform 1 from webhook_queue w
            where (w.tenant_id, w.endpoint_id) in (select * from unnest(tenants, endpoints))
            order by w.tenant_id, w.endpoint_id for update;

            -- What was leased again meanwhile is another sender's to tell of.
            with told as (
                select * from unnest(
                    leases, tenants, ids, states, due, starts, durations, outcomes, errors, addresses, statuses, sent,
                    received, bodies, truncated
                ) as t(
                    lease, tenant_id, id, state, due_at, started_at, duration, outcome, error, address, status,
                    request_headers, response_headers, response_body, response_truncated
                )
            ), changed as (
                update webhook_delivery d set
                    state = told.state,
                    attempts = d.attempts + 1,
                    due_at = coalesce(told.due_at, at_time),
                    lease = null,
                    ended_at = case when told.state = 'pending' then null else at_time end,
                    last_outcome = told.outcome,
                    last_status = told.status
                from told
                where d.tenant_id = told.tenant_id and d.id = told.id and d.lease = told.lease
                    and d.state = 'pending'
                returning d.tenant_id, d.id, d.attempts
            )
            insert into webhook_attempt
            select
                c.tenant_id, c.id, c.attempts, told.started_at, told.duration, told.outcome, told.error, told.address,
                told.status, told.request_headers, told.response_headers, told.response_body, told.response_truncated
            from changed c join told on told.tenant_id = c.tenant_id and told.id = c.id;

            -- The next one about the same subject, where one ended and none is under way.
            update webhook_delivery t set state = 'pending', due_at = at_time from (
                select distinct on (n.endpoint_id, n.subject_id) n.tenant_id, n.id
                from webhook_delivery d
                join webhook_delivery n on n.endpoint_id = d.endpoint_id and n.subject_id = d.subject_id
                    and n.ordered and n.state = 'waiting'
                where (d.tenant_id, d.id) in (select * from unnest(tenants, ids)) and d.ordered
                    and d.state in ('delivered', 'failed')
                    and not exists (
                        select from webhook_delivery o where o.endpoint_id = d.endpoint_id
                            and o.subject_id = d.subject_id and o.ordered and o.state = 'pending'
                    )
                order by n.endpoint_id, n.subject_id, n.position, n.id
            ) as following
            where t.tenant_id = following.tenant_id and t.id = following.id;

            return query
                with told as (
                    select t.tenant_id, t.endpoint_id, bool_or(t.outcome = 'delivered') as any_delivered,
                        count(*) as total, max(t.pause) as pause
                    from unnest(tenants, endpoints, outcomes, pauses) as t(tenant_id, endpoint_id, outcome, pause)
                    group by 1, 2
                )
                update webhook_queue w set
                    paused_until = greatest(w.paused_until, told.pause),
                    failing_since = case when told.any_delivered then null else coalesce(w.failing_since, at_time) end,
                    failures = case when told.any_delivered then 0 else w.failures + told.total end,
                    due_at = case when w.enabled then (
                        select greatest(d.due_at, w.paused_until, told.pause) from webhook_delivery d
                        where d.endpoint_id = w.endpoint_id and d.state = 'pending' order by d.due_at limit 1
                    ) end
                from told where w.tenant_id = told.tenant_id and w.endpoint_id = told.endpoint_id
                returning w.tenant_id, w.endpoint_id, w.failing_since, w.failures;
        end
        $$
        """,
    )


def _purging() -> None:
    definer_function(
        "purge_webhook_deliveries(timestamptz, integer)",
        """
        create function purge_webhook_deliveries(expired_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            over_tenants uuid[];
            over_ids uuid[];
        begin
            -- SKIP LOCKED: several workers may purge at once; none may wait for another.
            select array_agg(o.tenant_id), array_agg(o.id) into over_tenants, over_ids from (
                select d.tenant_id, d.id from webhook_delivery d
                where d.expires_at <= expired_before and d.state in ('delivered', 'failed')
                order by d.expires_at limit at_most for update skip locked
            ) as o;
            if over_ids is null then
                update webhook_endpoint e set deleted_at = expired_before from tenant t
                where t.tenant_id = e.tenant_id and t.state = 'deleted' and e.deleted_at is null;
                select array_agg(o.tenant_id), array_agg(o.id) into over_tenants, over_ids from (
                    select d.tenant_id, d.id from webhook_endpoint e
                    join webhook_delivery d on d.tenant_id = e.tenant_id and d.endpoint_id = e.id
                    where e.deleted_at is not null limit at_most for update of d skip locked
                ) as o;
            end if;
            if over_ids is null then
                delete from webhook_replay r using webhook_endpoint e
                where e.deleted_at is not null and r.tenant_id = e.tenant_id and r.endpoint_id = e.id;
                delete from webhook_endpoint e where e.deleted_at is not null and not exists (
                    select from webhook_delivery d where d.tenant_id = e.tenant_id and d.endpoint_id = e.id
                );
                return 0;
            end if;
            delete from webhook_attempt a using unnest(over_tenants, over_ids) as o(tenant_id, id)
            where a.tenant_id = o.tenant_id and a.delivery_id = o.id;
            delete from webhook_delivery d using unnest(over_tenants, over_ids) as o(tenant_id, id)
            where d.tenant_id = o.tenant_id and d.id = o.id;
            return cardinality(over_ids);
        end
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
