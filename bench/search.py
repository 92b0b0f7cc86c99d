"""How fast and how well the search finds companies among a million by names with one or two typing errors.

    python -m bench.search --database-url postgresql://… [--companies 1000000] [--queries 1000]

Fills the bench's own tenant first when it is not filled yet. What is asked and how it is judged is there for any
other way of asking too: `measure` takes a function from a text to the names found.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

import orjson

from bench.names import MadeName, Names
from bench.typing_errors import TypedQuery, typed_queries
from function_backend.events.recording import EventRecorder
from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence import arrays
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.company.convert.company_out import DOCUMENT_VERSION, document
from function_backend.services.company.domain.company import Company, CompanyState
from function_backend.services.company.domain.search.entry import SearchEntry
from function_backend.services.company.domain.search.known_words import KnownWords
from function_backend.services.company.domain.search.terms import search_terms
from function_backend.services.company.repository.search import SearchFilters, SearchRepository
from function_backend.services.company.repository.search_index import SearchIndex

BENCH_TENANT = UUID("01900000-0000-7000-8000-00000000be2c")
_BATCH = 1000
_ASKED_FOR = 10

# The rows that the results are read from. They are written by the service's own import elsewhere; here only the search
# is measured.
_COMPANIES = """
    insert into company (
        tenant_id, id, revision, last_revision, valid_from, recorded_at, created_at, updated_at, legal_name,
        legal_name_folded, legal_form_code, jurisdiction, status, countries, industries, identifier_schemes, labels,
        document, document_version
    )
    select %(tenant)s, c.id, 1, 1, now(), now(), now(), now(), c.name, lower(c.name), '', c.country, 'ACTIVE',
        array[c.country], '{}', '{}', '{}', c.document, %(version)s
    from unnest(%(ids)b::uuid[], %(names)b::text[], %(countries)b::text[], %(documents)b::bytea[])
        as c (id, name, country, document)
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run found out."""

    queries: int
    recall_at_10: float
    first: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    misses: list[tuple[str, str]]


def measure(ask: Callable[[str], Sequence[str]], queries: Sequence[TypedQuery]) -> Figures:
    """Asks each query and judges the names that come back, best first."""
    times: list[float] = []
    found = first = 0
    misses: list[tuple[str, str]] = []
    for query in queries:
        started = time.perf_counter()
        names = ask(query.text)
        times.append((time.perf_counter() - started) * 1000)
        places = [place for place, name in enumerate(names[:_ASKED_FOR]) if query.is_answered_by(name)]
        found += bool(places)
        first += places[:1] == [0]
        if not places:
            misses.append((query.text, query.meant))
    cuts = statistics.quantiles(times, n=100)
    count = len(queries)
    return Figures(count, found / count, first / count, cuts[49], cuts[94], cuts[98], max(times), misses)


@contextmanager
def as_tenant(tenant_id: UUID) -> Iterator[None]:
    """Inside, units of work are those of the tenant."""
    principal = Principal("system", new_id(), tenant_id, PermissionSet(frozenset({"*"})))
    token = current_call.set(Call("bench", "bench", principal=principal))
    try:
        yield
    finally:
        current_call.reset(token)


def fill(transactions: Transactions, names: Iterable[MadeName], *, rows_too: bool = True) -> int:
    """Writes companies with these names in batches, as an import does; returns how many."""
    known = KnownWords()
    written = 0
    remaining = iter(names)
    while batch := list(islice(remaining, _BATCH)):
        with transactions() as work:
            _write(work, known, batch, rows_too=rows_too)
        written += len(batch)
    return written


def _write(work: UnitOfWork, known: KnownWords, batch: Sequence[MadeName], *, rows_too: bool) -> None:
    ids = [new_id() for _ in batch]
    SearchIndex(work, known).put(
        [
            SearchEntry(company_id, search_terms([name.value]), "ACTIVE", (name.country,), ())
            for company_id, name in zip(ids, batch, strict=True)
        ]
    )
    if rows_too:
        columns = {
            "tenant": work.tenant_id,
            "ids": arrays.uuids(ids),
            "names": arrays.texts([name.value for name in batch]),
            "countries": arrays.texts([name.country for name in batch]),
            "documents": arrays.blobs([_document(*company) for company in zip(ids, batch, strict=True)]),
            "version": DOCUMENT_VERSION,
        }
        work.driver.execute(_COMPANIES, columns)


def _document(company_id: UUID, name: MadeName) -> bytes:
    now = datetime.now(UTC)
    return document(Company(company_id, CompanyState(name.value, jurisdiction=name.country), 1, now, now))


def asking(transactions: Transactions) -> Callable[[str], Sequence[str]]:
    """A function that searches in the repository and returns the names found."""

    def ask(text: str) -> Sequence[str]:
        with transactions.reading() as work:
            page = SearchRepository(work).find(text, SearchFilters(), after=None, limit=_ASKED_FOR)
        return [hit.matched for hit in page.items]

    return ask


def _filled(transactions: Transactions) -> int:
    with transactions.reading() as work:
        row = work.driver.execute(
            "select count(*) from company_search where tenant_id = %s", (work.tenant_id,)
        ).fetchone()
    return int(row[0]) if row else 0


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Fills, asks, and prints what it found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--companies", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, help="file to write the figures to as well")
    chosen = parser.parse_args()
    database = Database(DatabaseSettings(url=chosen.database_url))
    transactions = Transactions(database, EventRecorder(SystemClock()))
    names = list(islice(Names(), chosen.companies))
    with as_tenant(BENCH_TENANT):
        missing = chosen.companies - _filled(transactions)
        if missing > 0:
            started, cpu = time.perf_counter(), _cpu_seconds()
            fill(transactions, names[-missing:])
            took, cpu = time.perf_counter() - started, _cpu_seconds() - cpu
            print(f"wrote {missing} in {took:.1f} s; client CPU {cpu / missing * 1e6:.1f} us a row")
        queries = typed_queries([name.value for name in names], chosen.queries, seed=chosen.seed)
        ask = asking(transactions)
        measure(ask, queries[:50])  # Connections, plans and caches warm up.
        figures = measure(ask, queries)
    print(orjson.dumps(asdict(figures), option=orjson.OPT_INDENT_2).decode())
    if chosen.output:
        chosen.output.write_bytes(orjson.dumps(asdict(figures), option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main()
