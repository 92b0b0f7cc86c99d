"""The statements of a search, each for all companies and for those of a scope."""

from __future__ import annotations

from typing import LiteralString

from function_backend.services.company.repository.scope_sql import WITHIN

_LOOK_UP: LiteralString = """
    select null, w.word, w.frequency
    from search_company_words(%(numbers)s::integer[], %(beginnings)s::text[], %(most)s) w
    union all
    select i.company_id::text, i.value, 0
    from (
        select distinct on (i.company_id) i.company_id, i.value
        from company_identifier i
        join company_search s on s.tenant_id = i.tenant_id and s.company_id = i.company_id
        where i.tenant_id = %(tenant)s and i.value = any(%(values)s::text[])
            and (%(statuses)s::text[] is null or s.status = any(%(statuses)s::text[]))
            and (%(countries)s::text[] is null or s.countries && %(countries)s::text[])
            and (%(industries)s::text[] is null or s.industries && %(industries)s::text[])
            {within}
        order by i.company_id
        limit %(most_identified)s
    ) i
"""
_IDENTIFIED_WITHIN: LiteralString = """
            and exists (
                select from company c
                where c.tenant_id = %(tenant)s and c.id = i.company_id and (
                    c.id = any(%(visible_ids)s::uuid[]) or c.labels @> any(%(visible_labels)s::text[]::jsonb[])
                )
            )
"""

NAMES: LiteralString = """
    select %s, n.company_id::text, n.names
    from search_company_names(
        %s::integer[], %s::integer[], %s::integer[], %s::text[], %s::text[], %s::text[], %s
    ) n
"""

NAMES_WITHIN: LiteralString = """
    select %s, n.company_id::text, n.names
    from search_company_names_within(
        %s::integer[], %s::integer[], %s::integer[], %s::text[], %s::text[], %s::text[], %s,
        %s::uuid[], %s::text[]::jsonb[]
    ) n
"""

UNION: LiteralString = " union all "

# The name as it is written is in the state; only the legal one has a column.
_DOCUMENTS: LiteralString = """
    select p.position, c.document_version, c.document,
        coalesce(r.state -> 'names' -> (p.name - 1)::integer ->> 'value', c.legal_name)
    from unnest(%(found)b::uuid[], %(names)b::bigint[]) with ordinality as p (id, name, position)
    join company c on c.tenant_id = %(tenant)s and c.id = p.id and c.deleted_at is null {within}
    left join company_revision r
        on p.name > 0 and r.tenant_id = c.tenant_id and r.company_id = c.id and r.revision = c.revision
    order by p.position
"""

LOOK_UP = _LOOK_UP.replace("{within}", "")
LOOK_UP_WITHIN = _LOOK_UP.replace("{within}", _IDENTIFIED_WITHIN)
DOCUMENTS = _DOCUMENTS.replace("{within}", "")
DOCUMENTS_WITHIN = _DOCUMENTS.replace("{within}", WITHIN)
