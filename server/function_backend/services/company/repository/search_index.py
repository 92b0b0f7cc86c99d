"""Keeping the search up to date, in the transaction that changes the companies.

One statement writes the entries and adds what is new to the dictionary. It waits for nobody: two transactions that add
the same word write two rows of it, and a frequency that somebody else is just changing is not changed (SKIP LOCKED). So
there is no deadlock either, and no order in which words would have to be written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import getrandbits
from typing import TYPE_CHECKING, LiteralString
from uuid import UUID
from zlib import crc32

from function_backend.persistence import arrays
from function_backend.services.company.domain.search.known_words import KnownWords
from function_backend.services.company.domain.search.typos import number_of, stored_numbers

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.services.company.domain.search.entry import SearchEntry

WHOLE_NAME = "="
"""What the number of a whole name is made with, so that it is not the number of a word."""
_BETWEEN = "\x1f"

# A word is reported back as settled when its row is older than every transaction that still runs, our own included:
# only then can nobody roll it back any more.
_PUT: LiteralString = """
    with entry as (
        select * from unnest(
            %(ids)b::uuid[], %(names)b::text[], %(terms)b::text[], %(statuses)b::text[],
            %(countries)b::text[], %(industries)b::text[]
        ) as e (company_id, names, terms, status, countries, industries)
    ),
    written as (
        insert into company_search as s (tenant_id, company_id, names, terms, status, countries, industries)
        select %(tenant)s, e.company_id, e.names, e.terms::integer[], e.status,
            string_to_array(e.countries, %(between)s), string_to_array(e.industries, %(between)s)
        from entry e
        on conflict (tenant_id, company_id) do update
        set names = excluded.names, terms = excluded.terms, status = excluded.status,
            countries = excluded.countries, industries = excluded.industries
        where (s.names, s.terms, s.status, s.countries, s.industries) is distinct from
            (excluded.names, excluded.terms, excluded.status, excluded.countries, excluded.industries)
    ),
    unknown as (
        select * from unnest(%(words)b::text[], %(counts)b::bigint[], %(shortened)b::text[])
            as u (word, count, shortened)
    ),
    -- LATERAL with OFFSET or LIMIT looks each word up in the index; left to itself the planner reads the whole
    -- dictionary while it is small, for each batch of an import again.
    present as (
        select u.word, sum(w.frequency) as frequency, bool_or(w.settled) as settled
        from unknown u
        cross join lateral (
            select f.frequency, age(f.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid) as settled
            from company_search_word f
            where f.tenant_id = %(tenant)s and f.word = u.word
            offset 0
        ) w
        group by u.word
    ),
    added as (
        insert into company_search_word (tenant_id, word, writer, frequency, shortened)
        select %(tenant)s, u.word, %(writer)s, u.count, u.shortened::integer[]
        from unknown u
        -- NOT IN is looked up in a hash table, whatever the planner believes about the number of words.
        where u.word not in (select p.word from present p)
        on conflict do nothing
    ),
    -- An insert that always meets its row: an update would be joined, and the planner might read everything for it.
    grown as (
        insert into company_search_word as w (tenant_id, word, writer, frequency, shortened)
        select %(tenant)s, g.word, free.writer, g.more, '{}'
        from unnest(%(grown)b::text[], %(more)b::bigint[]) as g (word, more)
        cross join lateral (
            select f.writer
            from company_search_word f
            where f.tenant_id = %(tenant)s and f.word = g.word
            limit 1
            for update skip locked
        ) free
        on conflict (tenant_id, word, writer) do update set frequency = w.frequency + excluded.frequency
    )
    select p.word, p.frequency::bigint from present p where p.settled
"""

_REMOVE: LiteralString = """
    delete from company_search where tenant_id = %(tenant)s and company_id = any(%(ids)b::uuid[])
"""


class SearchIndex:
    """The entries of the companies that can be found: all that are not deleted."""

    def __init__(self, work: UnitOfWork, known: KnownWords) -> None:
        self._work = work
        self._known = known
        self._seed = tenant_seed(work.tenant_id)

    def put(self, entries: Sequence[SearchEntry]) -> None:
        """Adds the entries or puts them in the place of earlier ones; each company once."""
        if not entries:
            return
        tenant_id, seed = self._work.tenant_id, self._seed
        seen = self._known.see(tenant_id, Counter(word for entry in entries for word in entry.terms.words))
        cursor = self._work.driver.execute(
            _PUT,
            {
                "tenant": tenant_id,
                "ids": arrays.uuids([entry.company_id for entry in entries]),
                "names": arrays.texts([entry.terms.names for entry in entries]),
                "terms": arrays.texts([_terms(entry, seed) for entry in entries]),
                "statuses": arrays.texts([entry.status for entry in entries]),
                "countries": arrays.texts([_BETWEEN.join(entry.countries) for entry in entries]),
                "industries": arrays.texts([_BETWEEN.join(entry.industries) for entry in entries]),
                "between": _BETWEEN,
                "words": arrays.texts(list(seen.unknown)),
                "counts": arrays.integers(list(seen.unknown.values())),
                "shortened": arrays.texts([as_array(stored_numbers(word, seed=seed)) for word in seen.unknown]),
                # Differs from that of every other transaction that may be adding the same word.
                "writer": getrandbits(31),
                "grown": arrays.texts(list(seen.grown)),
                "more": arrays.integers(list(seen.grown.values())),
            },
        )
        self._known.learn(tenant_id, cursor.fetchall())

    def remove(self, company_ids: Sequence[UUID]) -> None:
        """Takes companies out; those that are not in do no harm."""
        if company_ids:
            ids = arrays.uuids(company_ids)
            self._work.driver.execute(_REMOVE, {"tenant": self._work.tenant_id, "ids": ids})


def tenant_seed(tenant_id: UUID) -> int:
    """What makes the numbers of words the tenant's own."""
    return crc32(tenant_id.bytes)


def _terms(entry: SearchEntry, seed: int) -> str:
    terms = entry.terms
    numbers = [number_of(word, seed=seed) for word in terms.words]
    numbers += [number_of(WHOLE_NAME + name, seed=seed) for name in terms.whole_names]
    return as_array(numbers)


def as_array(numbers: Iterable[int]) -> str:
    """An `integer[]` as text, several times faster than psycopg writes a list."""
    return f"{{{','.join(map(str, numbers))}}}"
