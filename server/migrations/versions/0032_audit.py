"""The audit trail: signed checkpoints, the keys that sign them, retention, and records of calls without an event."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import APP, DEFINER, OWNER
from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0032"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _reading()
    _checkpoints()
    _keys()
    _retention()
    definer_function(_RECORD_CALLS_SIGNATURE, _RECORD_CALLS)
    definer_function("find_audit_head()", _HEAD)
    definer_function("due_audit_checkpoints(integer)", _DUE)
    definer_function("due_audit_drops(bigint, timestamptz, integer)", _EXPIRED)
    definer_function("drop_audit_records(bigint, integer)", _DROP)


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _reading() -> None:
    # By resource and by actor, the newest first; a time is looked up first and the place in the chain follows.
    op.execute("create index audit_record_subject_id_idx on audit_record (tenant_id, subject_id, seq)")
    op.execute("create index audit_record_actor_idx on audit_record (tenant_id, actor, seq)")
    op.execute("create index audit_record_recorded_at_idx on audit_record (tenant_id, recorded_at)")
    # The definer's functions name the tenant themselves; one of them asks for the heads of all.
    tenant = "tenant_id = current_setting('app.tenant_id')::uuid"
    op.execute("drop policy audit_head_tenant on audit_head")
    op.execute(
        f"create policy audit_head_tenant on audit_head to {OWNER}, {APP} using ({tenant}) with check ({tenant})"
    )
    op.execute("drop policy audit_head_definer on audit_head")
    op.execute(f"create policy audit_head_definer on audit_head to {DEFINER} using (true) with check (true)")
    op.execute(f"grant select, delete on audit_record to {DEFINER}")


def _checkpoints() -> None:
    op.execute("""
        create table audit_checkpoint (
            tenant_id uuid not null,
            seq bigint not null,
            hash bytea not null,
            signed_at timestamptz not null,
            key_id text collate "C" not null,
            signature bytea not null,
            constraint audit_checkpoint_pkey primary key (tenant_id, seq)
        )
    """)
    # Added to and never rewritten, not even by the service.
    protect_except_for_definer("audit_checkpoint", app="select, insert", definer="select")


def _keys() -> None:
    op.execute("""
        create table audit_key (
            id text collate "C" not null,
            public_key bytea not null,
            sealed_key bytea not null,
            master_key_id text collate "C" not null,
            created_at timestamptz not null,
            retired_at timestamptz,
            constraint audit_key_pkey primary key (id)
        )
    """)
    op.execute(f"grant select, insert on audit_key to {APP}")
    op.execute(f"grant update (sealed_key, master_key_id, retired_at) on audit_key to {APP}")


def _retention() -> None:
    op.execute("""
        create table audit_retention (
            tenant_id uuid not null,
            keep_seconds bigint,
            dropped_seq bigint not null default 0,
            deleted_seq bigint not null default 0,
            constraint audit_retention_pkey primary key (tenant_id)
        )
    """)
    # Where the chain begins is for `drop_audit_records` alone to say.
    protect_except_for_definer("audit_retention", app="select", definer="select, insert, update")
    op.execute(f"grant insert (tenant_id, keep_seconds), update (keep_seconds) on audit_retention to {APP}")


def _part(value: str) -> str:
    """One part of the canonical form (ADR 4): its length in four bytes, and its bytes."""
    return f"int4send(octet_length({value})) || {value}"


# As the functions of migration 0001 compute it, for records without digests.
_HASH = (
    "sha256('function-backend audit record 1'::bytea || "
    + " || ".join(
        map(
            _part,
            [
                "previous",
                "uuid_send(tenant)",
                "int8send(number)",
                "timestamptz_send(at)",
                "convert_to(by_actor[i], 'UTF8')",
                "convert_to(by_method[i], 'UTF8')",
                "convert_to(by_request[i], 'UTF8')",
                "uuid_send(event_id[i])",
                "convert_to(event_type[i], 'UTF8')",
                "convert_to(subject_type[i], 'UTF8')",
                "uuid_send(subject_id[i])",
            ],
        )
    )
    + " || '\\xffffffffffffffff'::bytea || "
    + _part("convert_to(details[i]::text, 'UTF8')")
    + ")"
)

_RECORD_CALLS_SIGNATURE = "record_calls(timestamptz, text[], text[], text[], uuid[], text[], text[], uuid[], jsonb[])"
_RECORD_CALLS = f"""
    create function record_calls(
        at timestamptz, by_actor text[], by_method text[], by_request text[], event_id uuid[], event_type text[],
        subject_type text[], subject_id uuid[], details jsonb[]
    )
    returns bigint language plpgsql volatile {{definer}} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
        number bigint;
        head bytea;
        previous bytea;
    begin
        -- Locks the tenant's chain until the commit, as `record_event` does.
        select h.seq, h.hash into number, head from audit_head h where h.tenant_id = tenant for update;
        if not found then
            insert into audit_head (tenant_id, seq, hash) values (tenant, 0, sha256(uuid_send(tenant)))
            on conflict do nothing;
            select h.seq, h.hash into number, head from audit_head h where h.tenant_id = tenant for update;
        end if;
        for i in 1 .. cardinality(event_id) loop
            if event_type[i] not in ('function.audit.v1.CallDenied', 'function.audit.v1.SensitiveRead') then
                raise exception 'only calls are recorded without an event';
            end if;
            number := number + 1;
            previous := head;
            head := {_HASH};
            insert into audit_record (
                tenant_id, seq, recorded_at, actor, method, request_id, event_id, event_type, subject_type, subject_id,
                before_digest, after_digest, details, prev_hash, hash
            ) values (
                tenant, number, at, by_actor[i], by_method[i], by_request[i], event_id[i], event_type[i],
                subject_type[i], subject_id[i], null, null, details[i], previous, head
            );
        end loop;
        update audit_head h set seq = number, hash = head where h.tenant_id = tenant;
        return number;
    end
    $$
"""  # noqa: S608  put together from constants of this file

_HEAD = """
    create function find_audit_head() returns bigint language sql stable {definer} as $$
        select h.seq from audit_head h where h.tenant_id = current_setting('app.tenant_id')::uuid
    $$
"""

# A checkpoint is followed by the record of its own event, which alone is no reason for another one.
_DUE = """
    create function due_audit_checkpoints(at_most integer)
    returns table (tenant_id uuid) language sql stable {definer} as $$
        select h.tenant_id from audit_head h
        where h.seq > 1 + coalesce((
            select c.seq from audit_checkpoint c where c.tenant_id = h.tenant_id order by c.seq desc limit 1
        ), -1)
        order by h.tenant_id limit at_most
    $$
"""

_EXPIRED = """
    create function due_audit_drops(default_seconds bigint, at timestamptz, at_most integer)
    returns table (tenant_id uuid, seq bigint) language sql stable {definer} as $$
        select d.tenant_id, max(d.seq) from (
            select c.tenant_id, c.seq from audit_checkpoint c
            left join audit_retention r on r.tenant_id = c.tenant_id
            where c.seq > coalesce(r.dropped_seq, 0)
            and c.signed_at <= at - coalesce(r.keep_seconds, default_seconds) * interval '1 second'
            union all
            -- Where somebody stopped half-way.
            select r.tenant_id, r.dropped_seq from audit_retention r where r.deleted_seq < r.dropped_seq
        ) d
        group by d.tenant_id order by d.tenant_id limit at_most
    $$
"""

_DROP = """
    create function drop_audit_records(up_to bigint, at_most integer)
    returns bigint language plpgsql volatile {definer} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
        beginning bigint;
    begin
        if not exists (select from audit_checkpoint c where c.tenant_id = tenant and c.seq = up_to) then
            raise exception 'audit records are dropped up to a checkpoint';
        end if;
        if not exists (select from audit_record a where a.tenant_id = tenant and a.seq > up_to) then
            raise exception 'the chain needs a record to go on from';
        end if;
        insert into audit_retention (tenant_id, dropped_seq) values (tenant, up_to)
        on conflict on constraint audit_retention_pkey
        do update set dropped_seq = greatest(audit_retention.dropped_seq, up_to);
        select r.deleted_seq into beginning from audit_retention r where r.tenant_id = tenant for update;
        beginning := least(beginning + at_most, up_to);
        delete from audit_record a where a.tenant_id = tenant and a.seq <= beginning;
        update audit_retention r set deleted_seq = greatest(r.deleted_seq, beginning) where r.tenant_id = tenant;
        return greatest(up_to - beginning, 0);
    end
    $$
"""
