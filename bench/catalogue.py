"""The rows of the table, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.figure import Measurement
from bench.rows.client_verification import measure as measure_client_verification
from bench.rows.create_company import measure as measure_create_company
from bench.rows.database_read import measure as measure_database_read
from bench.rows.get_company import measure as measure_get_company
from bench.rows.import_companies import measure as measure_import_companies
from bench.rows.list_pages import measure as measure_list_pages
from bench.rows.memory import measure as measure_memory
from bench.rows.ready import measure as measure_ready
from bench.rows.search import measure as measure_search
from bench.rows.workers import measure as measure_workers
from bench.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One benchmark."""

    name: str
    title: str
    measure: Callable[[Stage], Measurement]


ROWS = (
    Row(name="get-company", title="GetCompany, warm, through the whole pipeline", measure=measure_get_company),
    Row(name="database-read", title="GetCompany from the database", measure=measure_database_read),
    Row(name="workers", title="Two workers", measure=measure_workers),
    Row(name="create-company", title="CreateCompany", measure=measure_create_company),
    Row(name="ready", title="Start", measure=measure_ready),
    Row(name="memory", title="Memory at load", measure=measure_memory),
    Row(name="import", title="Import through the API", measure=measure_import_companies),
    Row(name="list-pages", title="Pages of a list", measure=measure_list_pages),
    Row(name="client-verification", title="Callers of a protected service", measure=measure_client_verification),
    Row(name="search", title="Search with typing errors", measure=measure_search),
)
