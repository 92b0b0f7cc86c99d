"""CreateCompany against psycopg sending the same SQL."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from bench.companies import companies
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.framing import write_messages
from bench.load import LoadError, send
from bench.processes import pin, processor_seconds, processors
from bench.service import Service, running
from bench.stage import Stage
from bench.statement_log import StatementLog, Transaction
from function.company.v1 import company_service_pb2
from function_backend.persistence.embedded.credentials import Role
from function_backend.persistence.embedded.folder import DataFolder
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.embedded.roles import DATABASE

_CREATE = "/function.company.v1.CompanyService/CreateCompany"
_COPY = "bench_replay"
_ROUNDS = 5
_CALLS = 2_000
_AT_ONCE = 8
_SERVICE, _PSYCOPG = "service", "raw psycopg"
_TABLES = ("company", "company_revision", "company_search", "audit_record", "event", "stored_answer")


def measure(stage: Stage) -> Measurement:
    """Records what the service sends, then creates companies through it and repeats the recording, in turns."""
    folder, calls = stage.folder / "data", stage.scaled(_CALLS, least=100)
    turns = stage.scaled(_ROUNDS, least=1)
    with running(folder):
        pass
    _copy_database(folder)
    supply = _requests(stage.folder, calls)
    rounds: dict[str, list[dict[str, float]]] = {_SERVICE: [], _PSYCOPG: []}
    with running(folder) as service:
        service.pin()
        stage.say(f"recording the SQL of {(turns + 1) * calls:,} calls")
        recorded = _record(service, [next(supply) for _ in range(turns + 1)], calls)
        url = service.database_url(Role.APPLICATION, _COPY)
        _create(service, next(supply), calls)
        _replay(url, recorded[:calls], stage.folder)
        for number in stage.rounds(_ROUNDS):
            rounds[_SERVICE].append(_create(service, next(supply), calls))
            rounds[_PSYCOPG].append(_replay(url, recorded[(number + 1) * calls :][:calls], stage.folder))
        _verify(service, len(recorded))
    return _judge(rounds, recorded[-1])


def _judge(rounds: dict[str, list[dict[str, float]]], example: Transaction) -> Measurement:
    rate = {name: median_of(measured, "rate") for name, measured in rounds.items()}
    cpu = {name: median_of(measured, "cpu_us") for name, measured in rounds.items()}
    figures = [
        Figure(
            name="CreateCompany (all rows, audit, outbox in one commit)",
            value=median_ratio(rounds[_SERVICE], rounds[_PSYCOPG], "rate"),
            unit="×",
            reference="the same SQL by raw psycopg",
            absolute=f"{rate[_SERVICE]:,.0f} of {rate[_PSYCOPG]:,.0f} /s",
            at_least=0.5,
        ),
        Figure(
            name="CPU of a CreateCompany in the worker",
            value=cpu[_SERVICE],
            unit="µs",
            absolute=f"raw psycopg {cpu[_PSYCOPG]:.0f} µs",
        ),
    ]
    verbs = ", ".join(" ".join(statement.text.split()[:2]).lower() for statement in example.statements)
    conditions = {
        "created": "a company with two identifiers, an address, an industry and a label, with a request id, so that "
        "the answer is kept as well",
        "load": f"{_AT_ONCE} calls at a time by one Python process; the worker, or the process with psycopg, alone on "
        "one processor, PostgreSQL (fsync on) and the callers on the other, so the reference has no callers beside it",
        "reference": f"statements and parameters as PostgreSQL logged them for such calls ({len(example.statements)} "
        f"messages: {verbs}), each once, over {_AT_ONCE} connections in {_AT_ONCE} threads, on a copy of the database "
        "as it was before they were recorded, as the same role",
        "checked": "afterwards the copy holds a company, a revision, an audit record, an outbox event and a stored "
        "answer for each",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _requests(folder: Path, calls: int) -> Iterator[Path]:
    """Files with requests for different companies."""
    supply = companies(seed=5)
    for number in count():
        requests = [
            company_service_pb2.CreateCompanyRequest(company=company, request_id=str(uuid4())).SerializeToString()
            for company in islice(supply, calls)
        ]
        file = folder / f"requests{number}"
        write_messages(file, requests)
        yield file


def _copy_database(folder: Path) -> None:
    """Copies the database while nobody else is connected to it."""
    with (
        EmbeddedPostgres(folder) as cluster,
        psycopg.connect(cluster.url(Role.SUPERUSER, "postgres"), autocommit=True) as connection,
    ):
        statement = sql.SQL("create database {} template {} owner {}")
        connection.execute(statement.format(*map(sql.Identifier, (_COPY, DATABASE, Role.OWNER))))


def _record(service: Service, files: Sequence[Path], calls: int) -> list[Transaction]:
    log = StatementLog(service.database_url(), DataFolder(service.folder).log)
    with log.recording():
        for file in files:
            _create(service, file, calls)
    recorded = [transaction for transaction in log.transactions() if transaction.names("insert into company ")]
    if len(recorded) != len(files) * calls:
        raise LoadError(f"{len(files) * calls} companies were created and {len(recorded)} transactions logged")
    return recorded


def _create(service: Service, requests: Path, calls: int) -> dict[str, float]:
    (worker,) = service.workers()
    before = processor_seconds(worker)
    (sent,) = send(service.address, _CREATE, [requests], api_key=service.api_key, in_flight=_AT_ONCE)
    used = processor_seconds(worker) - before
    if sent.calls != calls:
        raise LoadError(f"{sent.calls} calls were made instead of {calls}")
    return {"calls": calls, "rate": calls / sent.seconds, "cpu_us": used / calls * 1e6}


def _replay(url: str, transactions: Sequence[Transaction], folder: Path) -> dict[str, float]:
    file = folder / "transactions"
    content = [[(each.text, each.parameters) for each in transaction.statements] for transaction in transactions]
    file.write_text(json.dumps(content))
    order = json.dumps({"url": url, "transactions": str(file), "at_once": _AT_ONCE})
    command = (sys.executable, "-m", "bench.replayer")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        pin(process.pid, processors()[0])
        said, _ = process.communicate(order)
    if process.returncode:
        raise LoadError(f"the replay ended with status {process.returncode}")
    came = json.loads(said)
    calls = came["calls"]
    return {"calls": calls, "rate": calls / came["seconds"], "cpu_us": came["cpu_seconds"] / calls * 1e6}


def _verify(service: Service, replayed: int) -> None:
    """The copy must hold everything that was repeated, and before it was empty but for its first tenant."""
    with psycopg.connect(service.database_url(database=_COPY)) as connection:
        for table in _TABLES:
            row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
            if row is None or row[0] < replayed:
                raise LoadError(f"the repeated transactions left {row} rows in {table} instead of {replayed}")
