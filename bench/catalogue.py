"""The rows of the table, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.figure import Measurement
from bench.rows import (
    create_company,
    database_read,
    get_company,
    import_companies,
    list_pages,
    memory,
    ready,
    search,
    workers,
)
from bench.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One benchmark."""

    name: str
    title: str
    measure: Callable[[Stage], Measurement]


ROWS = (
    Row(name="get-company", title="GetCompany, warm, through the whole pipeline", measure=get_company.measure),
    Row(name="database-read", title="GetCompany from the database", measure=database_read.measure),
    Row(name="workers", title="Two workers", measure=workers.measure),
    Row(name="create-company", title="CreateCompany", measure=create_company.measure),
    Row(name="ready", title="Start", measure=ready.measure),
    Row(name="memory", title="Memory at load", measure=memory.measure),
    Row(name="import", title="Import through the API", measure=import_companies.measure),
    Row(name="list-pages", title="Pages of a list", measure=list_pages.measure),
    Row(name="search", title="Search with typing errors", measure=search.measure),
)
