"""Jobs, the processes that run them, and the schedules that ask for them."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tables()
    _taking()
    _finishing()
    _runners()
    _schedules()
    _steering()
    _keeping()


def _tables() -> None:
    op.execute("""
        create table job (
            tenant_id uuid not null,
            id uuid not null,
            kind text collate "C" not null,
            priority smallint not null,
            state text collate "C" not null,
            payload bytea not null,
            asker jsonb,
            creator text collate "C" not null,
            request_id text not null,
            trace_context text not null,
            dedupe_key text collate "C",
            schedule text collate "C",
            scheduled_for timestamptz,
            run_at timestamptz not null,
            attempt integer not null,
            max_attempts integer not null,
            fence bigint not null,
            holder uuid,
            cancelled_at timestamptz,
            done bigint not null,
            total bigint not null,
            details bytea not null,
            kept bytea not null,
            result bytea not null,
            failure_status smallint not null,
            failure_reason text not null,
            failure text not null,
            created_at timestamptz not null,
            started_at timestamptz,
            updated_at timestamptz not null,
            ended_at timestamptz,
            kept_seconds integer not null,
            expires_at timestamptz,
            constraint job_pkey primary key (tenant_id, id),
            constraint job_state_check check (
                state in ('waiting', 'queued', 'running', 'succeeded', 'failed', 'cancelled')
            )
        ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000)
    """)
    # Tenant before time: those who fetch go from tenant to tenant, so that none waits behind another's thousands.
    op.execute("create index job_queued_idx on job (kind, priority, tenant_id, run_at, id) where state = 'queued'")
    op.execute("create index job_waiting_idx on job (run_at) where state = 'waiting'")
    op.execute("create index job_running_idx on job (kind, tenant_id) where state = 'running'")
    op.execute("create index job_over_idx on job (expires_at) where expires_at is not null")
    op.execute("""
        create unique index job_dedupe_idx on job (tenant_id, kind, dedupe_key)
        where dedupe_key is not null and ended_at is null
    """)
    # A moment of a schedule makes one job, whatever the clocks do.
    op.execute("""
        create unique index job_moment_idx on job (schedule, scheduled_for, tenant_id) where schedule is not null
    """)
    protect_except_for_definer("job", app="select, insert, update, delete", definer="select, insert, update, delete")
    # Of the installation: reached by the functions below alone.
    op.execute("""
        create table job_runner (
            id uuid not null,
            name text not null,
            beat bigint not null,
            started_at timestamptz not null,
            seen_at timestamptz not null,
            constraint job_runner_pkey primary key (id)
        )
    """)
    op.execute("grant select, insert, update, delete on job_runner to function_backend_definer")
    op.execute("""
        create table job_schedule (
            name text collate "C" not null,
            cron text not null,
            time_zone text not null,
            next_at timestamptz not null,
            due_at timestamptz,
            fired_at timestamptz,
            paused_at timestamptz,
            paused_by text not null,
            revision bigint not null,
            constraint job_schedule_pkey primary key (name)
        )
    """)
    op.execute("grant select, insert, update, delete on job_schedule to function_backend_definer")
    op.execute("grant select on job_schedule to function_backend_app")


def _taking() -> None:
    definer_function(
        "take_jobs(uuid, timestamptz, integer, text[], bigint[], bigint[], bigint[], uuid)",
        """
        create function take_jobs(
            runner uuid, at_time timestamptz, most integer, kinds text[], caps bigint[], limits bigint[],
            tenant_limits bigint[], first_tenant uuid
        ) returns table (
            tenant_id uuid, id uuid, kind text, fence bigint, attempt integer, payload bytea, kept bytea, done bigint,
            total bigint, asker text, scheduled_for timestamptz, trace_context text
        ) language plpgsql volatile {definer} as $$
        #variable_conflict use_column
        declare
            wanted bigint := most;
            of_kind bigint;
            of_tenant bigint;
            got bigint;
            seen uuid;
            turned boolean;
            locked boolean := false;
        begin
            -- Whoever was given up by the others must not take anything more; and nobody gives it up meanwhile.
            perform from job_runner r where r.id = runner for key share;
            if not found then
                return;
            end if;
            update job j set state = 'queued' from (
                select w.tenant_id, w.id from job w where w.state = 'waiting' and w.run_at <= at_time
                order by w.run_at limit 500 for update skip locked
            ) due where j.tenant_id = due.tenant_id and j.id = due.id;
            for of_priority in 1 .. 3 loop
                for n in 1 .. coalesce(array_length(kinds, 1), 0) loop
                    exit when wanted <= 0;
                    continue when not exists (
                        select from job q where q.state = 'queued' and q.kind = kinds[n] and q.priority = of_priority
                    );
                    of_kind := least(wanted, caps[n]);
                    if (limits[n] > 0 or tenant_limits[n] > 0) and not locked then
                        -- One at a time: two who count at once would both see room for the last one.
                        perform pg_advisory_xact_lock(hashtextextended('function-backend job limits', 0));
                        locked := true;
                    end if;
                    if limits[n] > 0 then
                        of_kind := least(of_kind, limits[n] - (
                            select count(*) from job r where r.state = 'running' and r.kind = kinds[n]
                        ));
                    end if;
                    -- First some of each tenant, then as many as are left.
                    for pass in 1 .. 2 loop
                        seen := first_tenant;
                        turned := false;
                        while of_kind > 0 loop
                            select min_of.tenant_id into seen from (
                                select q.tenant_id from job q
                                where q.state = 'queued' and q.kind = kinds[n] and q.priority = of_priority
                                    and q.tenant_id > seen
                                order by q.tenant_id limit 1
                            ) as min_of;
                            if seen is null or (turned and seen > first_tenant) then
                                exit when turned;
                                turned := true;
                                seen := '00000000-0000-0000-0000-000000000000';
                                -- The tenant with the lowest id of all is the installation itself.
                                if not exists (
                                    select from job q where q.state = 'queued' and q.kind = kinds[n]
                                        and q.priority = of_priority and q.tenant_id = seen
                                ) then
                                    continue;
                                end if;
                            end if;
                            -- Of a tenant that is suspended they wait, of one that is deleted they are cancelled below.
                            continue when exists (
                                select from tenant t where t.tenant_id = seen and t.state <> 'active'
                            );
                            of_tenant := case pass when 1 then greatest(1, of_kind / 4) else of_kind end;
                            if tenant_limits[n] > 0 then
                                of_tenant := least(of_tenant, tenant_limits[n] - (
                                    select count(*) from job r
                                    where r.state = 'running' and r.kind = kinds[n] and r.tenant_id = seen
                                ));
                            end if;
                            continue when of_tenant <= 0;
                            return query
                                with chosen as (
                                    select q.tenant_id, q.id from job q
                                    where q.state = 'queued' and q.kind = kinds[n] and q.priority = of_priority
                                        and q.tenant_id = seen
                                    order by q.run_at, q.id limit of_tenant for update skip locked
                                )
                                update job j set
                                    state = 'running', holder = runner, fence = j.fence + 1, attempt = j.attempt + 1,
                                    started_at = coalesce(j.started_at, at_time), updated_at = at_time
                                from chosen where j.tenant_id = chosen.tenant_id and j.id = chosen.id
                                returning j.tenant_id, j.id, j.kind, j.fence, j.attempt, j.payload, j.kept, j.done,
                                    j.total, j.asker::text, j.scheduled_for, j.trace_context;
                            get diagnostics got = row_count;
                            of_kind := of_kind - got;
                            wanted := wanted - got;
                        end loop;
                    end loop;
                end loop;
            end loop;
        end
        $$
        """,
    )


def _finishing() -> None:
    definer_function(
        "finish_jobs(uuid, timestamptz, uuid[], uuid[], bigint[], text[], bigint[], timestamptz[], bytea[], bigint[], "
        "text[], text[], bigint[], bigint[], bytea[])",
        """
        create function finish_jobs(
            runner uuid, at_time timestamptz, tenants uuid[], ids uuid[], fences bigint[], states text[],
            returned bigint[], run_ats timestamptz[], results bytea[], statuses bigint[], reasons text[],
            failures text[], dones bigint[], totals bigint[], detailses bytea[]
        ) returns table (id uuid, state text) language sql volatile {definer} as $$
            update job j set
                state = f.new_state, holder = null, fence = j.fence + 1, attempt = j.attempt - f.returned,
                run_at = coalesce(f.run_at, j.run_at), result = coalesce(f.result, j.result),
                failure_status = f.status, failure_reason = f.reason, failure = f.failure,
                done = case when f.done < 0 then j.done else f.done end,
                total = case when f.done < 0 then j.total else f.total end,
                details = coalesce(f.details, j.details), updated_at = at_time,
                ended_at = case when f.new_state in ('succeeded', 'failed', 'cancelled') then at_time end,
                expires_at = case when f.new_state in ('succeeded', 'failed', 'cancelled')
                    then at_time + j.kept_seconds * interval '1 second' end
            from (
                select *, case when told.state in ('waiting', 'queued') and held.cancelled_at is not null
                    then 'cancelled' else told.state end as new_state
                from unnest(
                    tenants, ids, fences, states, returned, run_ats, results, statuses, reasons, failures, dones,
                    totals, detailses
                ) as told (
                    tenant_id, job_id, its_fence, state, returned, run_at, result, status, reason, failure, done,
                    total, details
                )
                join lateral (
                    select h.cancelled_at from job h where h.tenant_id = told.tenant_id and h.id = told.job_id
                    for update
                ) held on true
            ) f
            where j.tenant_id = f.tenant_id and j.id = f.job_id and j.fence = f.its_fence and j.state = 'running'
                and j.holder = runner
            returning j.id, j.state
        $$
        """,
    )
    definer_function(
        "tell_jobs(uuid, timestamptz, uuid[], uuid[], bigint[], bigint[], bigint[], bytea[])",
        """
        create function tell_jobs(
            runner uuid, at_time timestamptz, tenants uuid[], ids uuid[], fences bigint[], dones bigint[],
            totals bigint[], detailses bytea[]
        ) returns table (id uuid, cancelled boolean) language plpgsql volatile {definer} as $$
        #variable_conflict use_column
        begin
            -- SKIP LOCKED: a run may have its job in a transaction of its own, and whoever waited here for the end of
            -- that would not beat meanwhile.
            update job j set
                done = t.done, total = t.total, details = coalesce(t.details, j.details), updated_at = at_time
            from (
                select n.* from unnest(tenants, ids, fences, dones, totals, detailses)
                    as n (tenant_id, job_id, its_fence, done, total, details)
                join lateral (
                    select l.id from job l where l.tenant_id = n.tenant_id and l.id = n.job_id
                    for no key update skip locked
                ) f on true
                where n.done >= 0
            ) t
            where j.tenant_id = t.tenant_id and j.id = t.job_id and j.fence = t.its_fence and j.state = 'running';
            return query
                select j.id, j.cancelled_at is not null from unnest(tenants, ids, fences) as t (tenant_id, job_id, f)
                join job j on j.tenant_id = t.tenant_id and j.id = t.job_id and j.fence = t.f
                where j.state = 'running' and j.holder = runner;
        end
        $$
        """,
    )


def _runners() -> None:
    definer_function(
        "beat_job_runner(uuid, text, timestamptz, boolean)",
        """
        create function beat_job_runner(runner uuid, its_name text, at_time timestamptz, is_new boolean)
        returns table (id uuid, beat bigint) language plpgsql volatile {definer} as $$
        #variable_conflict use_column
        begin
            if is_new then
                insert into job_runner (id, name, beat, started_at, seen_at)
                values (runner, its_name, 1, at_time, at_time) on conflict do nothing;
            else
                update job_runner r set beat = r.beat + 1, seen_at = at_time where r.id = runner;
                if not found then
                    return;
                end if;
            end if;
            return query select r.id, r.beat from job_runner r;
        end
        $$
        """,
    )
    definer_function(
        "bury_job_runner(uuid, bigint, timestamptz)",
        """
        create function bury_job_runner(dead uuid, last_beat bigint, at_time timestamptz)
        returns table (reclaimed bigint) language plpgsql volatile {definer} as $$
        begin
            -- A beat that came in between keeps it alive. SKIP LOCKED: it may have stopped in the middle of one, and
            -- whoever waited here for the end of that would not beat meanwhile.
            delete from job_runner r using (
                select d.id from job_runner d where d.id = dead and d.beat = last_beat for update skip locked
            ) free where r.id = free.id;
            -- All that nobody holds, not only this one's: a process may have ended between two of its steps.
            return query
                with lost as (
                    select j.tenant_id, j.id from job j
                    where j.state = 'running' and not exists (select from job_runner r where r.id = j.holder)
                    for update skip locked
                ), let_go as (
                    update job j set
                        state = case
                            when j.cancelled_at is not null then 'cancelled'
                            when j.attempt >= j.max_attempts then 'failed'
                            when j.attempt <= 1 then 'queued'
                            else 'waiting'
                        end,
                        failure_status = case when j.attempt >= j.max_attempts then 13 else 14 end,
                        failure_reason = case when j.attempt >= j.max_attempts then 'INTERNAL'
                            else 'DEPENDENCY_UNAVAILABLE' end,
                        failure = 'the process that ran it ended in the middle of it',
                        holder = null, fence = j.fence + 1, updated_at = at_time,
                        run_at = at_time + least(600, power(2, least(j.attempt, 20))) * interval '1 second',
                        ended_at = case when j.cancelled_at is not null or j.attempt >= j.max_attempts
                            then at_time end,
                        expires_at = case when j.cancelled_at is not null or j.attempt >= j.max_attempts
                            then at_time + j.kept_seconds * interval '1 second' end
                    from lost where j.tenant_id = lost.tenant_id and j.id = lost.id
                    returning 1
                )
                select count(*) from let_go;
        end
        $$
        """,
    )
    definer_function(
        "held_jobs(uuid)",
        """
        create function held_jobs(runner uuid) returns table (tenant_id uuid, id uuid, fence bigint)
        language sql stable {definer} as $$
            select j.tenant_id, j.id, j.fence from job j where j.state = 'running' and j.holder = runner
        $$
        """,
    )
    definer_function(
        "take_jobs_away(uuid, timestamptz, uuid[], uuid[], bigint[], text[], text[])",
        """
        create function take_jobs_away(
            runner uuid, at_time timestamptz, tenants uuid[], ids uuid[], fences bigint[], states text[],
            failures text[]
        ) returns setof uuid language sql volatile {definer} as $$
                update job j set
                    state = f.state, holder = null, fence = j.fence + 1, updated_at = at_time,
                    failure_status = case f.state when 'cancelled' then 1 else 4 end,
                    failure_reason = case f.state when 'cancelled' then 'CALL_CANCELLED' else 'DEADLINE_TOO_SHORT' end,
                    failure = f.failure, ended_at = at_time,
                    expires_at = at_time + j.kept_seconds * interval '1 second'
                from (
                    select n.* from unnest(tenants, ids, fences, states, failures)
                        as n (tenant_id, job_id, fence, state, failure)
                    join lateral (
                        select l.id from job l where l.tenant_id = n.tenant_id and l.id = n.job_id
                        for no key update skip locked
                    ) free on true
                ) f
                where j.tenant_id = f.tenant_id and j.id = f.job_id and j.fence = f.fence and j.state = 'running'
                    and j.holder = runner
                returning j.id
        $$
        """,
    )


def _schedules() -> None:
    definer_function(
        "learn_job_schedules(text[], text[], text[], timestamptz[])",
        """
        create function learn_job_schedules(names text[], crons text[], zones text[], nexts timestamptz[])
        returns void language sql volatile {definer} as $$
            -- One that was changed goes on from now; one that was paused stays so.
            insert into job_schedule as s (name, cron, time_zone, next_at, paused_by, revision)
            select name, cron, zone, next_at, '', 1
            from unnest(names, crons, zones, nexts) as t (name, cron, zone, next_at)
            order by name
            on conflict (name) do update set
                cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at,
                revision = s.revision + 1
            where s.cron <> excluded.cron or s.time_zone <> excluded.time_zone
        $$
        """,
    )
    definer_function(
        "fire_job_schedule(text, timestamptz, timestamptz, timestamptz, timestamptz, uuid, uuid, text, integer, bytea, "
        "integer, integer)",
        """
        create function fire_job_schedule(
            its_name text, expected timestamptz, following timestamptz, moment timestamptz, at_time timestamptz,
            of_tenant uuid, job_id uuid, its_kind text, its_priority integer, its_payload bytea, its_attempts integer,
            its_kept_seconds integer
        ) returns boolean language plpgsql volatile {definer} as $$
        begin
            -- Whoever comes second waits for the first one's commit, and finds another moment next.
            update job_schedule s set
                next_at = following, due_at = moment, fired_at = at_time, revision = s.revision + 1
            where s.name = its_name and s.next_at = expected and s.paused_at is null;
            if not found then
                return false;
            end if;
            insert into job (
                tenant_id, id, kind, priority, state, payload, creator, request_id, trace_context, dedupe_key,
                schedule, scheduled_for, run_at, attempt, max_attempts, fence, done, total, details, kept, result,
                failure_status, failure_reason, failure, created_at, updated_at, kept_seconds
            ) values (
                of_tenant, job_id, its_kind, its_priority, 'queued', its_payload,
                'system:00000000-0000-0000-0000-000000000000', '', '', 'schedule:' || its_name,
                its_name, moment, at_time, 0, its_attempts, 0, 0, 0, '', '', '',
                0, '', '', at_time, at_time, its_kept_seconds
            ) on conflict do nothing;
            return found;
        end
        $$
        """,
    )
    definer_function(
        "fire_for_tenants(text, timestamptz, timestamptz, uuid[], uuid[], text, integer, bytea, integer, integer)",
        """
        create function fire_for_tenants(
            its_name text, moment timestamptz, at_time timestamptz, tenants uuid[], ids uuid[],
            its_kind text, its_priority integer, its_payload bytea, its_attempts integer, its_kept_seconds integer
        ) returns bigint language sql volatile {definer} as $$
            with added as (
                insert into job (
                    tenant_id, id, kind, priority, state, payload, creator, request_id, trace_context, dedupe_key,
                    schedule, scheduled_for, run_at, attempt, max_attempts, fence, done, total, details, kept, result,
                    failure_status, failure_reason, failure, created_at, updated_at, kept_seconds
                )
                select
                    t.tenant_id, t.id, its_kind, its_priority, 'queued', its_payload,
                    'system:00000000-0000-0000-0000-000000000000', '', '', 'schedule:' || its_name,
                    its_name, moment, at_time, 0, its_attempts, 0, 0, 0, '', '', '',
                    0, '', '', at_time, at_time, its_kept_seconds
                from unnest(tenants, ids) as t (tenant_id, id)
                on conflict do nothing
                returning 1
            )
            select count(*) from added
        $$
        """,
    )
    definer_function(
        "mend_job_schedule(text, timestamptz, timestamptz)",
        """
        create function mend_job_schedule(its_name text, expected timestamptz, following timestamptz)
        returns boolean language plpgsql volatile {definer} as $$
        begin
            update job_schedule s set next_at = following, revision = s.revision + 1
            where s.name = its_name and s.next_at = expected;
            return found;
        end
        $$
        """,
    )
    definer_function(
        "pause_job_schedule(text, timestamptz, text, timestamptz)",
        """
        create function pause_job_schedule(
            its_name text, at_time timestamptz, by_whom text, following timestamptz
        ) returns boolean language plpgsql volatile {definer} as $$
        begin
            -- Without a time it goes on, with its next moment from now.
            update job_schedule s set paused_at = at_time, paused_by = by_whom,
                next_at = coalesce(following, s.next_at), revision = s.revision + 1
            where s.name = its_name and (s.paused_at is null) <> (at_time is null);
            return found;
        end
        $$
        """,
    )


def _steering() -> None:
    # Of whichever tenant: whoever steers the jobs of the installation does it from its own.
    definer_function(
        "found_job(uuid, uuid, boolean)",
        """
        create function found_job(of_tenant uuid, of_job uuid, locked boolean) returns setof job
        language plpgsql volatile {definer} as $$
        begin
            if locked then
                return query select * from job j where j.tenant_id = of_tenant and j.id = of_job for update;
            else
                return query select * from job j where j.tenant_id = of_tenant and j.id = of_job;
            end if;
        end
        $$
        """,
    )
    definer_function(
        "cancel_job(uuid, uuid, timestamptz)",
        """
        create function cancel_job(of_tenant uuid, of_job uuid, at_time timestamptz) returns setof job
        language sql volatile {definer} as $$
            update job j set
                cancelled_at = coalesce(j.cancelled_at, at_time), updated_at = at_time,
                state = case when j.state = 'running' then j.state else 'cancelled' end,
                failure_status = case when j.state = 'running' then j.failure_status else 1 end,
                failure_reason = case when j.state = 'running' then j.failure_reason else 'CALL_CANCELLED' end,
                failure = case when j.state = 'running' then j.failure else 'The job was cancelled.' end,
                ended_at = case when j.state <> 'running' then at_time end,
                expires_at = case when j.state <> 'running' then at_time + j.kept_seconds * interval '1 second' end
            where j.tenant_id = of_tenant and j.id = of_job and j.ended_at is null
            returning j.*
        $$
        """,
    )
    definer_function(
        "requeue_job(uuid, uuid, timestamptz)",
        """
        create function requeue_job(of_tenant uuid, of_job uuid, at_time timestamptz) returns setof job
        language sql volatile {definer} as $$
            update job j set
                state = 'queued', attempt = 0, fence = j.fence + 1, cancelled_at = null, run_at = at_time,
                updated_at = at_time, ended_at = null, expires_at = null
            where j.tenant_id = of_tenant and j.id = of_job and j.state in ('failed', 'cancelled')
            returning j.*
        $$
        """,
    )
    definer_function(
        "delete_job(uuid, uuid)",
        """
        create function delete_job(of_tenant uuid, of_job uuid) returns void
        language sql volatile {definer} as $$
            delete from job j where j.tenant_id = of_tenant and j.id = of_job and j.ended_at is not null
        $$
        """,
    )
    definer_function(
        "run_job_schedule(text, timestamptz, text, text, uuid, text, integer, bytea, integer, integer)",
        """
        create function run_job_schedule(
            its_name text, at_time timestamptz, by_whom text, of_request text, job_id uuid, its_kind text,
            its_priority integer, its_payload bytea, its_attempts integer, its_kept_seconds integer
        ) returns uuid language plpgsql volatile {definer} as $$
        declare
            nobody uuid := '00000000-0000-0000-0000-000000000000';
            found_id uuid;
        begin
            insert into job (
                tenant_id, id, kind, priority, state, payload, creator, request_id, trace_context, dedupe_key,
                schedule, scheduled_for, run_at, attempt, max_attempts, fence, done, total, details, kept, result,
                failure_status, failure_reason, failure, created_at, updated_at, kept_seconds
            ) values (
                nobody, job_id, its_kind, its_priority, 'queued', its_payload, by_whom, of_request, '',
                'schedule:' || its_name, its_name, at_time, at_time, 0, its_attempts, 0, 0, 0, '', '', '',
                0, '', '', at_time, at_time, its_kept_seconds
            ) on conflict do nothing;
            select j.id into found_id from job j
            where j.tenant_id = nobody and j.kind = its_kind and j.dedupe_key = 'schedule:' || its_name
                and j.ended_at is null;
            return found_id;
        end
        $$
        """,
    )
    definer_function(
        "watched_jobs(uuid[], uuid[])",
        """
        create function watched_jobs(tenants uuid[], ids uuid[]) returns setof job
        language sql stable {definer} as $$
            select j.* from unnest(tenants, ids) as w (tenant_id, id)
            join job j on j.tenant_id = w.tenant_id and j.id = w.id
        $$
        """,
    )


def _keeping() -> None:
    definer_function(
        "purge_jobs(timestamptz, integer)",
        """
        create function purge_jobs(expired_before timestamptz, at_most integer)
        returns integer language plpgsql volatile {definer} as $$
        declare
            purged integer;
        begin
            update job j set
                state = 'cancelled', cancelled_at = expired_before, updated_at = expired_before,
                failure_status = 1, failure_reason = 'CALL_CANCELLED', failure = 'The tenant was deleted.',
                ended_at = expired_before, expires_at = expired_before + j.kept_seconds * interval '1 second'
            from tenant t
            where t.state = 'deleted' and j.tenant_id = t.tenant_id and j.state in ('waiting', 'queued');
            delete from job j using (
                select o.tenant_id, o.id from job o where o.expires_at <= expired_before
                order by o.expires_at limit at_most for update skip locked
            ) over_ where j.tenant_id = over_.tenant_id and j.id = over_.id;
            get diagnostics purged = row_count;
            return purged;
        end
        $$
        """,
    )
    definer_function(
        "count_jobs()",
        """
        create function count_jobs() returns table (kind text, state text, jobs bigint)
        language sql stable {definer} as $$
            select j.kind, j.state, count(*) from job j
            where j.state in ('queued', 'waiting', 'running') group by j.kind, j.state
        $$
        """,
    )
    definer_function(
        "active_tenants(uuid, integer)",
        """
        create function active_tenants(after uuid, at_most integer) returns setof uuid
        language sql stable {definer} as $$
            select t.tenant_id from tenant t where t.tenant_id > after and t.state = 'active'
            order by t.tenant_id limit at_most
        $$
        """,
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")
