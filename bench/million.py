"""A service with a million companies, imported through the API, for everything that must be shown at that size."""

from __future__ import annotations

import os
import time
from itertools import islice

import psycopg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.companies import companies
from bench.service import Service, ServiceError, running
from bench.stage import Stage
from function_backend_client.import_progress import ImportProgress

COMPANIES = 1_000_000
SEED = 1
_NAME = "million"


def count(stage: Stage) -> int:
    """How many companies there are in this run."""
    return stage.scaled(COMPANIES, least=20_000)


def million(stage: Stage) -> Service:
    """The service with one worker, filled when it is not yet; it goes on for other benchmarks of the run."""
    if _NAME not in stage.shared:
        _fill(stage)
        service = stage.lasting.enter_context(running(stage.million_folder))
        service.pin()
        stage.shared[_NAME] = service
    return stage.shared[_NAME]


def _fill(stage: Stage) -> None:
    wanted = count(stage)
    with (
        running(stage.million_folder, workers=len(os.sched_getaffinity(0))) as service,
        psycopg.connect(service.database_url(), autocommit=True) as connection,
    ):
        row = connection.execute("select count(*) from company").fetchone()
        if row is not None and row[0] >= wanted:
            return
        _import(stage, service, wanted)
        # What autovacuum would do in the minutes after, and a checkpoint: neither may fall into a measurement.
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")


def _import(stage: Stage, service: Service, wanted: int) -> None:
    columns = (
        TextColumn("  importing companies"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    started = time.perf_counter()
    with Progress(*columns, console=stage.console, transient=True) as progress, service.connect() as client:
        task = progress.add_task("", total=wanted)

        def advance(done: ImportProgress) -> None:
            progress.update(task, completed=done.answered)

        rows = islice(companies(seed=SEED), wanted)
        answer = client.companies.import_(rows, match_scheme="lei", source="bench", on_progress=advance)
    if answer.rejected_count:
        raise ServiceError(f"{answer.rejected_count} companies were rejected, the first as {answer.rejections[0]}")
    stage.say(f"imported {wanted:,} companies in {time.perf_counter() - started:.0f} s")
