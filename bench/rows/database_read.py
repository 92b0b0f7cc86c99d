"""GetCompany when the cache has nothing: what it costs beyond reading the row."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import islice
from uuid import UUID

import psycopg

from bench.companies import companies
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.framing import write_messages
from bench.load import send
from bench.processes import processor_seconds
from bench.rows.get_company import GET_COMPANY
from bench.search import as_tenant
from bench.service import Service, running
from bench.stage import Stage
from function.company.v1 import company_service_pb2
from function_backend.events.recording import EventRecorder
from function_backend.jobs.queue import JobQueue
from function_backend.kernel.call import current_call
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.pagination import PageTokens
from function_backend.kernel.secret import Secret
from function_backend.persistence.embedded.credentials import Role
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.resources import Resources
from function_backend.services.company.servicer.company import CompanyServicer
from function_backend.services.company.settings import CompanySettings
from function_backend.services.company.slice import build
from function_backend.vault.master_key_text import new_master_key
from function_backend.vault.master_keys import MasterKeys
from function_backend.vault.vault import Vault

_ROUNDS = 9
_CALLS = 3_000
_STORED = 2_000
_IN_FLIGHT = 8
_USE_CASE, _PSYCOPG, _RPC = "use case", "psycopg", "whole call"
_READ = "select document from company where tenant_id = %s and id = %s"


def measure(stage: Stage) -> Measurement:
    """Reads the same companies three ways in turns."""
    rounds: dict[str, list[dict[str, float]]] = {_USE_CASE: [], _PSYCOPG: [], _RPC: []}
    calls = stage.scaled(_CALLS, least=300)
    # A cache for one company, asked for two thousand in a row, never has the one that is wanted.
    with (
        running(stage.folder / "data", settings={"COMPANY_CACHED_COMPANIES": "1"}) as service,
        ExitStack() as stack,
    ):
        ids, tenant_id = _store(service)
        stack.enter_context(as_tenant(tenant_id))
        ways = {
            _USE_CASE: _use_case(stack, service),
            _PSYCOPG: _psycopg(stack, service, tenant_id),
        }
        service.pin()
        requests = stage.folder / "requests"
        write_messages(
            requests, [company_service_pb2.GetCompanyRequest(id=str(id_)).SerializeToString() for id_ in ids]
        )
        (worker,) = service.workers()
        for name, way in ways.items():
            _timed(way, ids, calls)
            stage.say(f"{name} is warm")
        for _ in stage.rounds(_ROUNDS):
            for name, way in ways.items():
                rounds[name].append(_timed(way, ids, calls))
            before = processor_seconds(worker)
            send(service.address, GET_COMPANY, [requests], api_key=service.api_key, in_flight=_IN_FLIGHT, calls=calls)
            rounds[_RPC].append({"calls": calls, "cpu_us": (processor_seconds(worker) - before) / calls * 1e6})
    return _judge(rounds)


def _judge(rounds: dict[str, list[dict[str, float]]]) -> Measurement:
    cpu = {name: median_of(measured, "cpu_us") for name, measured in rounds.items()}
    reference = "one psycopg read of the same row"
    figures = [
        Figure(
            name="GetCompany from the database (no cache), CPU from the servicer to SQL and back",
            value=median_ratio(rounds[_USE_CASE], rounds[_PSYCOPG], "cpu_us"),
            unit="×",
            reference=reference,
            absolute=f"{cpu[_USE_CASE]:.0f} to {cpu[_PSYCOPG]:.0f} µs",
            at_most=4,
        ),
        Figure(
            name="the same with everything around it: CPU of the worker for the whole call",
            value=median_ratio(rounds[_RPC], rounds[_PSYCOPG], "cpu_us"),
            unit="×",
            reference=reference,
            absolute=f"{cpu[_RPC]:.0f} to {cpu[_PSYCOPG]:.0f} µs",
            note="most of it is gRPC itself and the pipeline, as in the row above",
        ),
    ]
    conditions = {
        "use case": "the servicer's method with a parsed request, called in one thread with the caller known; it sets "
        "tenant and time limit, reads, and returns the response ready to be sent",
        "psycopg": f"`{_READ}` on an open connection in autocommit, prepared, as a superuser, so without row-level "
        "security and without a tenant to set",
        "whole call": f"over gRPC through the whole pipeline, {_IN_FLIGHT} at a time; the worker keeps one company in "
        f"its cache and is asked for {_STORED:,} in turn",
        "what counts": "processor time of the Python side: of the thread, or of the worker process; PostgreSQL's own "
        "is in none of them",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _store(service: Service) -> tuple[list[UUID], UUID]:
    """Companies to read; their ids and their tenant."""
    with service.connect() as client:
        client.companies.import_(islice(companies(seed=6), _STORED), match_scheme="lei")
    with psycopg.connect(service.database_url()) as connection:
        rows = connection.execute("select id, tenant_id from company").fetchall()
    return [row[0] for row in rows], rows[0][1]


def _timed(read: Callable[[UUID], bytes], ids: Sequence[UUID], calls: int) -> dict[str, float]:
    # The thread's own time: whoever shows the progress is another thread of this process.
    wall, used = time.perf_counter(), time.thread_time()
    for number in range(calls):
        if not read(ids[number % len(ids)]):
            raise RuntimeError("an empty company")
    used, wall = time.thread_time() - used, time.perf_counter() - wall
    return {"calls": calls, "cpu_us": used / calls * 1e6, "latency_us": wall / calls * 1e6}


def _use_case(stack: ExitStack, service: Service) -> Callable[[UUID], bytes]:
    database = Database(DatabaseSettings(url=service.database_url(Role.APPLICATION)))
    stack.callback(database.dispose)
    clock, master_keys = SystemClock(), MasterKeys.parse([Secret(new_master_key("bench"))])
    resources = Resources(
        transactions=Transactions(database, EventRecorder(clock)),
        clock=clock,
        page_tokens=PageTokens(secrets.token_bytes(32)),
        master_keys=master_keys,
        vault=Vault(master_keys, clock),
        jobs=JobQueue(clock),
        permission_catalogue=frozenset(),
        # Nobody listens for changes here, and then nothing may be answered from the cache.
        listener_healthy=lambda: False,
        epoch_age=lambda: 0.0,
    )
    wired = build(resources, CompanySettings())
    servicer = wired.servicers["function.company.v1.CompanyService"]
    if not isinstance(servicer, CompanyServicer):
        raise TypeError("the service of companies has another servicer")
    call = current_call.get()
    if call is None:
        raise RuntimeError("the tenant is not set")

    def read(company_id: UUID) -> bytes:
        return servicer.GetCompany(company_service_pb2.GetCompanyRequest(id=str(company_id)), call)

    return read


def _psycopg(stack: ExitStack, service: Service, tenant_id: UUID) -> Callable[[UUID], bytes]:
    connection = stack.enter_context(psycopg.connect(service.database_url(), autocommit=True))

    def read(company_id: UUID) -> bytes:
        row = connection.execute(_READ, (tenant_id, company_id), prepare=True).fetchone()
        return b"" if row is None else bytes(row[0])

    return read
