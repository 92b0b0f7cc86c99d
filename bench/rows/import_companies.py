"""ImportCompanies against the quickest way to bring the same rows into the same tables."""

from __future__ import annotations

import os
import time
from itertools import islice

import psycopg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.companies import companies
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.processes import family_seconds, processor_seconds
from bench.service import Service, ServiceError, running
from bench.stage import Stage
from function.company.v1 import company_pb2
from function_backend_client.import_progress import ImportProgress

_ROWS = 200_000
_ROUNDS = 3
_CLIENT, _WORKERS, _POSTGRES = "client", "workers", "PostgreSQL"
_API, _COPY = "import through the API", "COPY and upsert"
_TABLES = ("company", "company_identifier")

# Tables with the columns and indexes of the service's own, in a schema beside them.
_SETUP = """
    create schema reference;
    create table reference.company (like public.company including all);
    create table reference.company_identifier (like public.company_identifier including all);
"""
_STAGING = "create temporary table staged_{table} (like public.{table}) on commit drop"
_COPY_IN = "copy staged_{table} from stdin (format binary)"
_COPY_OUT = {
    "company": "copy (select * from company where created_at >= %s) to stdout (format binary)",
    "company_identifier": "copy (select i.* from company_identifier i join company c "
    "on c.tenant_id = i.tenant_id and c.id = i.company_id where c.created_at >= %s) to stdout (format binary)",
}
_UPSERT_COMPANIES = """
    insert into reference.company
    select distinct on (tenant_id, id) * from staged_company order by tenant_id, id
    on conflict (tenant_id, id) do update set
        revision = excluded.revision, last_revision = excluded.last_revision, updated_at = excluded.updated_at,
        legal_name = excluded.legal_name, legal_name_folded = excluded.legal_name_folded, status = excluded.status,
        countries = excluded.countries, industries = excluded.industries, labels = excluded.labels,
        document = excluded.document
    where reference.company.document is distinct from excluded.document
"""
_UPSERT_IDENTIFIERS = """
    insert into reference.company_identifier
    select distinct on (tenant_id, scheme, value, scope) * from staged_company_identifier
    order by tenant_id, scheme, value, scope
    on conflict (tenant_id, scheme, value, scope) do update set company_id = excluded.company_id
    where reference.company_identifier.company_id is distinct from excluded.company_id
"""


def measure(stage: Stage) -> Measurement:
    """Imports new companies through the API, then the same rows by COPY, in turns; both databases grow alike."""
    count = stage.scaled(_ROWS, least=5_000)
    supply = companies(seed=4)
    rounds: dict[str, list[dict[str, float]]] = {_API: [], _COPY: []}
    workers = len(os.sched_getaffinity(0))
    with (
        running(stage.folder / "data", workers=workers) as service,
        psycopg.connect(service.database_url(), autocommit=True) as connection,
    ):
        connection.execute(_SETUP)
        # The first calls of a new server are no measure of anything.
        _import(stage, service, list(islice(supply, 2_000)))
        for _ in stage.rounds(_ROUNDS):
            rows = list(islice(supply, count))
            (began,) = connection.execute("select now()").fetchone() or (None,)
            before = _used(service)
            seconds = _import(stage, service, rows)
            spent = {f"{who} µs": (after - before[who]) / count * 1e6 for who, after in _used(service).items()}
            rounds[_API].append({"rows": count, "seconds": seconds, "rate": count / seconds, **spent})
            binaries = {table: _copied_out(connection, table, began) for table in _TABLES}
            connection.execute("checkpoint")
            seconds = _copy(connection, binaries, count)
            rounds[_COPY].append({"rows": count, "seconds": seconds, "rate": count / seconds})
            connection.execute("checkpoint")
    return _judge(count, rounds, workers)


def _judge(count: int, rounds: dict[str, list[dict[str, float]]], workers: int) -> Measurement:
    rate, reference = median_of(rounds[_API], "rate"), median_of(rounds[_COPY], "rate")
    spent = {who: median_of(rounds[_API], f"{who} µs") for who in (_CLIENT, _WORKERS, _POSTGRES)}
    figures = [
        Figure(
            name=f"Import through the API, {count:,} rows",
            value=median_ratio(rounds[_API], rounds[_COPY], "rate"),
            unit="×",
            reference="raw COPY and staging upsert of the same rows",
            absolute=f"{rate:,.0f} of {reference:,.0f} rows/s",
            at_least=0.12,
        ),
        Figure(name="the same, rows per second", value=rate, unit="rows/s", at_least=10_000),
        Figure(
            name="processor time of an imported row",
            value=sum(spent.values()),
            unit="µs",
            absolute=", ".join(f"{who} {microseconds:,.0f}" for who, microseconds in spent.items()),
        ),
    ]
    conditions = {
        "imported": "new companies with two identifiers, an address and an industry, sent by the Python client over 4 "
        f"streams to {workers} workers; each row is validated, its identifiers are checked, and company, identifiers, "
        "revision, search index, audit record and outbox event are committed; client, workers and PostgreSQL share the "
        "machine",
        "reference": "the rows that this wrote into `company` and `company_identifier`, read back as binary COPY data, "
        "then COPY into staging tables and INSERT … ON CONFLICT … WHERE IS DISTINCT into tables with the same columns "
        "and indexes, in one transaction; no revision, search index, audit record or outbox event",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _used(service: Service) -> dict[str, float]:
    """Seconds of processor time so far."""
    return {
        _CLIENT: time.process_time(),
        _WORKERS: sum(map(processor_seconds, service.workers())),
        _POSTGRES: family_seconds(service.postgres()),
    }


def _import(stage: Stage, service: Service, rows: list[company_pb2.Company]) -> float:
    columns = (TextColumn("  importing"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn())
    with service.connect() as client, Progress(*columns, console=stage.console, transient=True) as progress:
        task = progress.add_task("", total=len(rows))

        def advance(done: ImportProgress) -> None:
            progress.update(task, completed=done.answered)

        started = time.perf_counter()
        answer = client.companies.import_(rows, match_scheme="lei", on_progress=advance)
        seconds = time.perf_counter() - started
    if answer.created_count != len(rows):
        raise ServiceError(f"of {len(rows)} rows {answer.created_count} were created: {answer.rejections[:1]}")
    return seconds


def _copied_out(connection: psycopg.Connection[tuple[object, ...]], table: str, began: object) -> bytes:
    with connection.cursor() as cursor, cursor.copy(_COPY_OUT[table].encode(), (began,)) as copy:
        return b"".join(bytes(part) for part in copy)


def _copy(connection: psycopg.Connection[tuple[object, ...]], binaries: dict[str, bytes], count: int) -> float:
    started = time.perf_counter()
    with connection.transaction(), connection.cursor() as cursor:
        for table, content in binaries.items():
            cursor.execute(_STAGING.format(table=table).encode())
            with cursor.copy(_COPY_IN.format(table=table).encode()) as copy:
                copy.write(content)
        written = cursor.execute(_UPSERT_COMPANIES).rowcount
        cursor.execute(_UPSERT_IDENTIFIERS)
    if written != count:
        raise ServiceError(f"the reference wrote {written} of {count} companies")
    return time.perf_counter() - started
