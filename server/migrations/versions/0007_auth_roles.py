"""Roles, what they inherit, who has them where, and searching among the companies that a caller may see."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.roles import DEFINER
from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _roles()
    _bindings()
    definer_function("find_grants(uuid, text, uuid, timestamptz)", _FIND_GRANTS)
    _labels()
    _searching()


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


def _roles() -> None:
    op.execute("""
        create table role (
            tenant_id uuid not null,
            id uuid not null,
            name text collate "C" not null,
            description text not null,
            permissions text[] collate "C" not null,
            second_factor boolean not null,
            max_age_seconds integer,
            revision bigint not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            creator text not null,
            constraint role_pkey primary key (tenant_id, id),
            constraint role_name_key unique (tenant_id, name),
            constraint role_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    # What is inherited may be a built-in role, which has no row.
    op.execute("""
        create table role_inheritance (
            tenant_id uuid not null,
            role_id uuid not null,
            inherited_id uuid not null,
            constraint role_inheritance_pkey primary key (tenant_id, role_id, inherited_id),
            constraint role_inheritance_role_id_fkey foreign key (tenant_id, role_id) references role (tenant_id, id)
        )
    """)
    op.execute("create index role_inheritance_inherited_id_idx on role_inheritance (tenant_id, inherited_id)")
    protect_except_for_definer("role", app="select, insert, update, delete", definer="select")
    protect_except_for_definer("role_inheritance", app="select, insert, delete", definer="select")


def _bindings() -> None:
    # Deleted ones stay: who had which role, from whom, when and why, is history.
    op.execute("""
        create table role_binding (
            tenant_id uuid not null,
            id uuid not null,
            role_id uuid not null,
            subject_kind text collate "C" not null,
            subject_id uuid not null,
            resource_type text collate "C" not null,
            resource_id uuid,
            labels jsonb not null,
            expires_at timestamptz,
            condition jsonb not null,
            reason text not null,
            granter text not null,
            created_at timestamptz not null,
            deleted_at timestamptz,
            deleter text not null,
            delete_reason text not null,
            constraint role_binding_pkey primary key (tenant_id, id),
            constraint role_binding_tenant_id_fkey foreign key (tenant_id) references tenant (tenant_id)
        )
    """)
    op.execute("""
        create index role_binding_subject_idx on role_binding (tenant_id, subject_kind, subject_id)
        where deleted_at is null
    """)
    op.execute("create index role_binding_role_id_idx on role_binding (tenant_id, role_id, id)")
    protect_except_for_definer("role_binding", app="select, insert, update", definer="select")


# Everything that a subject has by the roles bound to it and to its groups, one row for each role that a binding leads
# to: built-in roles have no row of their own, so the caller knows by the id what they grant. What a role demands of the
# sign-in counts for what it inherits too. UNION drops what was found already, so that a cycle would end.
_FIND_GRANTS = """
    create function find_grants(wanted_tenant uuid, wanted_kind text, wanted_id uuid, at timestamptz)
    returns table (
        binding_id uuid, role_id uuid, bound boolean, name text, permissions text[],
        second_factor boolean, max_age_seconds integer,
        resource_type text, resource_id uuid, labels jsonb, expires_at timestamptz, condition jsonb
    )
    language plpgsql stable {definer} as $$
    declare
        group_ids uuid[] := '{}';
    begin
        -- Groups are not this migration's; where there are none, nobody has anything by them.
        if to_regprocedure('groups_of(uuid, text, uuid)') is not null then
            execute 'select coalesce(array_agg(g.id), ''{}'') from groups_of($1, $2, $3) as g (id)'
            into group_ids using wanted_tenant, wanted_kind, wanted_id;
        end if;
        return query
        with recursive held as (
            select b.id, b.role_id, b.resource_type, b.resource_id, b.labels, b.expires_at, b.condition
            from role_binding b
            where b.tenant_id = wanted_tenant and b.deleted_at is null
                and (b.expires_at is null or b.expires_at > at)
                and (
                    (b.subject_kind = wanted_kind and b.subject_id = wanted_id)
                    or (b.subject_kind = 'group' and b.subject_id = any(group_ids))
                )
        ),
        reached as (
            select h.id as binding_id, h.role_id, true as bound, false as second_factor,
                null::integer as max_age_seconds
            from held h
            union
            select s.binding_id, i.inherited_id, false, s.second_factor or r.second_factor,
                least(s.max_age_seconds, r.max_age_seconds)
            from reached s
            join role r on r.tenant_id = wanted_tenant and r.id = s.role_id
            join role_inheritance i on i.tenant_id = wanted_tenant and i.role_id = s.role_id
        )
        select s.binding_id, s.role_id, s.bound, r.name, r.permissions,
            s.second_factor or coalesce(r.second_factor, false), least(s.max_age_seconds, r.max_age_seconds),
            h.resource_type, h.resource_id, h.labels, h.expires_at, h.condition
        from reached s
        join held h on h.id = s.binding_id
        left join role r on r.tenant_id = wanted_tenant and r.id = s.role_id;
    end
    $$
"""


def _labels() -> None:
    # The labels of companies once more, one row each: comparisons of texts may use an index under row-level security,
    # which containment in JSON may not. A trigger keeps them, so that no writer has to know; companies without labels,
    # which are most, cost nothing.
    op.execute("""
        create table company_label (
            tenant_id uuid not null,
            key text collate "C" not null,
            value text collate "C" not null,
            company_id uuid not null,
            constraint company_label_pkey primary key (tenant_id, key, value, company_id)
        )
    """)
    # The owner sees the rows of all tenants only while row-level security is not forced on it.
    op.execute("alter table company no force row level security")
    op.execute("""
        insert into company_label (tenant_id, key, value, company_id)
        select c.tenant_id, l.key, l.value, c.id from company c cross join lateral jsonb_each_text(c.labels) l
    """)
    op.execute("alter table company force row level security")
    protect_except_for_definer("company_label", app="select, insert, delete", definer="select")
    op.execute("""
        create function keep_company_labels() returns trigger language plpgsql
        set search_path = pg_catalog, public, pg_temp as $$
        begin
            if tg_op = 'UPDATE' then
                delete from company_label l using jsonb_each_text(old.labels) o
                where l.tenant_id = old.tenant_id and l.key = o.key and l.value = o.value and l.company_id = old.id;
            end if;
            insert into company_label (tenant_id, key, value, company_id)
            select new.tenant_id, n.key, n.value, new.id from jsonb_each_text(new.labels) n;
            return null;
        end
        $$
    """)
    op.execute("""
        create trigger company_label_insert after insert on company
        for each row when (new.labels <> '{}') execute function keep_company_labels()
    """)
    op.execute("""
        create trigger company_label_update after update on company
        for each row when (old.labels <> new.labels) execute function keep_company_labels()
    """)


def _searching() -> None:
    # As search_company_names, among the companies with one of the ids or with all labels of one of the sets.
    op.execute(f"grant select on company to {DEFINER}")
    definer_function(
        "search_company_names_within("
        "integer[], integer[], integer[], text[], text[], text[], integer, uuid[], jsonb[])",
        _SEARCH_NAMES_WITHIN.replace(
            "{planning}", "{definer} set enable_seqscan = off set plan_cache_mode = force_generic_plan"
        )
        .replace("{wanted}", _WANTED)
        .replace("{visible}", _VISIBLE),
    )


# Few visible companies are all looked at; many are met soon enough among those that have the words. The empty array
# keeps the index of the terms out of the first way: it would read all that have the words, for a handful that count.
_SEARCH_NAMES_WITHIN = """
    create function search_company_names_within(
        one_of integer[], and_one_of integer[], and_also_one_of integer[],
        wanted_statuses text[], wanted_countries text[], wanted_industries text[], at_most integer,
        visible_ids uuid[], visible_labels jsonb[]
    )
    returns table (company_id uuid, names text)
    language plpgsql stable {planning} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
        few constant integer := 10000;
        visible uuid[];
    begin
        select array_agg(v.id) into visible
        from (
            select i.id from unnest(visible_ids) as i (id)
            union all
            select l.company_id
            from unnest(visible_labels) as w (labels)
            cross join lateral (select p.key, p.value from jsonb_each_text(w.labels) p limit 1) p
            join company_label l on l.tenant_id = tenant and l.key = p.key and l.value = p.value
            where w.labels = jsonb_build_object(p.key, p.value) or exists (
                select from company c where c.tenant_id = tenant and c.id = l.company_id and c.labels @> w.labels
            )
            limit few + 1
        ) v;
        if visible is null then
            return;
        end if;
        if cardinality(visible) <= few then
            return query
            select s.company_id, s.names from company_search s
            where s.tenant_id = tenant and s.company_id = any(visible)
                and s.terms || '{}'::integer[] && one_of
                and (and_one_of is null or s.terms || '{}'::integer[] && and_one_of)
                and (and_also_one_of is null or s.terms || '{}'::integer[] && and_also_one_of)
                {wanted}
            limit at_most;
        elsif and_one_of is null then
            return query
            select s.company_id, s.names from company_search s
            where s.terms && one_of
                {visible} {wanted}
            limit at_most;
        elsif and_also_one_of is null then
            return query
            select s.company_id, s.names from company_search s
            where s.terms && one_of and s.terms && and_one_of
                {visible} {wanted}
            limit at_most;
        else
            return query
            select s.company_id, s.names from company_search s
            where s.terms && one_of and s.terms && and_one_of and s.terms && and_also_one_of
                {visible} {wanted}
            limit at_most;
        end if;
    end
    $$
"""

_WANTED = """
                and (wanted_statuses is null or s.status = any(wanted_statuses))
                and (wanted_countries is null or s.countries && wanted_countries)
                and (wanted_industries is null or s.industries && wanted_industries)
"""

_VISIBLE = """
                and s.tenant_id is not distinct from tenant
                and (
                    s.company_id = any(visible_ids)
                    or exists (
                        select from company c
                        where c.tenant_id = tenant and c.id = s.company_id and c.labels @> any(visible_labels)
                    )
                )
"""
