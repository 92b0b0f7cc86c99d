"""Finding companies by name: the names as the search reads them, the words in them, and the functions that look."""

from __future__ import annotations

from alembic import op

from function_backend.persistence.schema import definer_function, protect_except_for_definer

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table company_search (
            tenant_id uuid not null,
            company_id uuid not null,
            names text collate "C" not null,
            terms integer[] not null,
            status text collate "C" not null,
            countries text[] collate "C" not null,
            industries text[] collate "C" not null,
            constraint company_search_pkey primary key (tenant_id, company_id)
        )
    """)
    # The terms are numbers that differ between tenants, so one tenant's searches never read through another's entries.
    # Without fastupdate: its list of pending entries is read from end to end by each search, tens of milliseconds.
    op.execute("create index company_search_terms_idx on company_search using gin (terms) with (fastupdate = off)")
    # Several rows of one word do no harm; that is how two transactions add it without waiting for each other.
    op.execute("""
        create table company_search_word (
            tenant_id uuid not null,
            word text collate "C" not null,
            writer integer not null,
            frequency integer not null,
            shortened integer[] not null,
            constraint company_search_word_pkey primary key (tenant_id, word, writer)
        ) with (fillfactor = 85)
    """)
    op.execute("""
        create index company_search_word_shortened_idx on company_search_word using gin (shortened)
        with (fastupdate = off)
    """)
    # The planner never chooses by what is in them, and collecting it makes ANALYZE slow.
    op.execute("alter table company_search alter column terms set statistics 0")
    op.execute("alter table company_search_word alter column shortened set statistics 0")
    op.execute("create index company_identifier_value_idx on company_identifier (tenant_id, value)")
    protect_except_for_definer("company_search", app="select, insert, update, delete", definer="select")
    protect_except_for_definer("company_search_word", app="select, insert, update", definer="select")
    definer_function(
        "search_company_words(integer[], text[], integer)",
        _SEARCH_WORDS.replace("{planning}", _PLANNING),
    )
    definer_function(
        "search_company_names(integer[], integer[], integer[], text[], text[], text[], integer)",
        _SEARCH_NAMES.replace("{planning}", _PLANNING).replace("{filtered}", _FILTERED),
    )


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only; restore a backup instead.")


# Row-level security keeps the operators of GIN indexes away from the index, because they are not leakproof: 27 times
# slower. These functions belong to a role whose own policy is `true`, and name the tenant themselves.
#
# `is not distinct from` on the tenant, because no index serves it: else the planner, which cannot tell a tenant of a
# thousand companies from one of a million, may read all of a tenant's rows instead of asking the index for the terms.
# The two settings keep it from a full scan for the same reason, and from planning anew at each call.
_PLANNING = "{definer} set enable_seqscan = off set plan_cache_mode = force_generic_plan"

_SEARCH_WORDS = """
    create function search_company_words(numbers integer[], beginnings text[], most_per_beginning integer)
    returns table (word text, frequency bigint)
    language plpgsql stable {planning} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
    begin
        return query
        select found.word, sum(found.frequency)::bigint
        from (
            select w.word, w.writer, w.frequency
            from (
                select a.word, a.writer, a.frequency
                from company_search_word a
                where a.tenant_id is not distinct from tenant and a.shortened && numbers
                limit 4000
            ) w
            union
            select w.word, w.writer, w.frequency
            from unnest(beginnings) as b (beginning)
            cross join lateral (
                select a.word, a.writer, a.frequency
                from company_search_word a
                where a.tenant_id = tenant
                    and a.word >= b.beginning collate "C"
                    and a.word < (b.beginning || chr(1114111)) collate "C"
                order by a.frequency desc
                limit most_per_beginning
            ) w
        ) found
        group by found.word;
    end
    $$
"""

# The same statement for one, two and three groups of terms: with an `or` instead the index would not be used.
_SEARCH_NAMES = """
    create function search_company_names(
        one_of integer[], and_one_of integer[], and_also_one_of integer[],
        wanted_statuses text[], wanted_countries text[], wanted_industries text[], at_most integer
    )
    returns table (company_id uuid, names text)
    language plpgsql stable {planning} as $$
    declare
        tenant constant uuid := current_setting('app.tenant_id')::uuid;
    begin
        if and_one_of is null then
            return query
            select s.company_id, s.names from company_search s
            where s.terms && one_of {filtered};
        elsif and_also_one_of is null then
            return query
            select s.company_id, s.names from company_search s
            where s.terms && one_of and s.terms && and_one_of {filtered};
        else
            return query
            select s.company_id, s.names from company_search s
            where s.terms && one_of and s.terms && and_one_of and s.terms && and_also_one_of {filtered};
        end if;
    end
    $$
"""

_FILTERED = """
                and s.tenant_id is not distinct from tenant
                and (wanted_statuses is null or s.status = any(wanted_statuses))
                and (wanted_countries is null or s.countries && wanted_countries)
                and (wanted_industries is null or s.industries && wanted_industries)
            limit at_most
"""
