"""Jobs that do nothing, per second: ours and procrastinate's, on the same PostgreSQL in turns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import procrastinate
import psycopg

from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.search import as_tenant
from bench.service import running
from bench.stage import Stage
from function_backend.events.recording import EventRecorder
from function_backend.jobs.queue import JobQueue
from function_backend.jobs.runner import JobRunner
from function_backend.jobs.settings import JobsSettings
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.jobs import JobKind, JobRun
from function_backend.persistence.embedded.credentials import Role
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions

_ROUNDS = 5
_JOBS = 10_000
_THEIR_JOBS = 2_000
_CONCURRENT = 10
_OURS, _THEIRS = "own jobs", "procrastinate"
_PATIENCE_SECONDS = 120.0


def measure(stage: Stage) -> Measurement:
    """Empties a full queue, one worker each, with the same number of jobs at once."""
    rounds: dict[str, list[dict[str, float]]] = {_OURS: [], _THEIRS: []}
    # The service only lends its database: it runs no jobs itself.
    with running(stage.folder / "data", settings={"BACKGROUND_IN_PROCESS": "off"}) as service:
        owner = service.database_url(Role.SUPERUSER)
        ours, theirs = stage.scaled(_JOBS, least=1_000), stage.scaled(_THEIR_JOBS, least=200)
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("create schema procrastinate")
        prepared = f"{owner}{'&' if '?' in owner else '?'}options=-csearch_path%3Dprocrastinate,public"
        asyncio.run(_prepare(prepared))
        for _ in stage.rounds(_ROUNDS):
            rounds[_OURS].append({"jobs_per_second": _own(service.database_url(Role.APPLICATION), ours)})
            rounds[_THEIRS].append({"jobs_per_second": asyncio.run(_procrastinate(prepared, theirs))})
    own, other = (median_of(rounds[name], "jobs_per_second") for name in (_OURS, _THEIRS))
    figure = Figure(
        name=f"Jobs that do nothing, one process, {_CONCURRENT} at once",
        value=median_ratio(rounds[_OURS], rounds[_THEIRS], "jobs_per_second"),
        unit="×",
        reference=f"procrastinate {procrastinate.__version__}",
        absolute=f"{own:,.0f} and {other:,.0f} jobs/s",
        at_least=5.0,
    )
    conditions = {"jobs": f"{ours:,} and {theirs:,} a round, all asked for before; from the start to the last"}
    return Measurement(figures=[figure], rounds=rounds, conditions=conditions)


def _own(url: str, jobs: int) -> float:
    database = Database(DatabaseSettings(url=url))
    clock = SystemClock()
    transactions, queue = Transactions(database, EventRecorder(clock)), JobQueue(clock)
    done: list[None] = []

    def run(_: JobRun) -> None:
        done.append(None)

    kind = JobKind(name=f"bench.{uuid4().hex}", run=run)
    queue.registry.learn([kind])
    try:
        with as_tenant(uuid4()), transactions() as work:
            queue.enqueue_many(work, kind, [b""] * jobs)
        runner = JobRunner(
            transactions=transactions,
            registry=queue.registry,
            clock=clock,
            settings=JobsSettings(threads=_CONCURRENT, lease=timedelta(seconds=15), poll=timedelta(seconds=1)),
        )
        began = time.perf_counter()
        runner.start()
        _await(lambda: len(done) >= jobs and not runner.running)
        seconds = time.perf_counter() - began
        runner.close()
    finally:
        database.dispose()
    return jobs / seconds


def _await(over: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not over():
        if time.monotonic() > until:
            raise RuntimeError("the jobs did not end")
        time.sleep(0.002)


async def _prepare(url: str) -> None:
    app = _app(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def _procrastinate(url: str, jobs: int) -> float:
    app = _app(url)

    @app.task(name="bench.nothing")
    async def nothing() -> None:
        """Does nothing."""

    async with app.open_async():
        await nothing.batch_defer_async(*[{} for _ in range(jobs)])
        began = time.perf_counter()
        await app.run_worker_async(
            concurrency=_CONCURRENT, wait=False, install_signal_handlers=False, listen_notify=False
        )
        return jobs / (time.perf_counter() - began)


def _app(url: str) -> procrastinate.App:
    return procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
