"""SearchCompanies among a million names, asked for with one or two typing errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import islice
from uuid import UUID

import grpc
import psycopg

from bench import million
from bench.figure import Figure, Measurement, percentile
from bench.names import Names
from bench.search import as_tenant, asking
from bench.service import Service
from bench.stage import Stage
from bench.typing_errors import TypedQuery, typed_queries
from function.company.v1 import company_service_pb2
from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.persistence.embedded.credentials import Role
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions

_SEARCH = "/function.company.v1.CompanyService/SearchCompanies"
_ROUNDS = 5
_QUERIES = 400
_WARM_UP = 100
_ASKED_FOR = 10
_RPC, _REPOSITORY = "over gRPC", "in the repository"

_Ask = Callable[[str], Sequence[str]]


def measure(stage: Stage) -> Measurement:
    """Asks the same queries both ways, one at a time."""
    service = million.million(stage)
    names = [name.value for name in islice(Names(million.SEED), million.count(stage))]
    queries = typed_queries(names, _ROUNDS * _QUERIES + _WARM_UP)
    database = Database(DatabaseSettings(url=service.database_url(Role.APPLICATION)))
    rounds: dict[str, list[dict[str, float]]] = {_RPC: [], _REPOSITORY: []}
    try:
        with grpc.insecure_channel(service.address) as channel, as_tenant(_tenant_id(service)):
            ways: dict[str, _Ask] = {
                _RPC: _asking_service(channel, service),
                _REPOSITORY: asking(Transactions(database, EventRecorder(SystemClock()))),
            }
            for way in ways.values():
                _ask_all(way, queries[:_WARM_UP])
            times: dict[str, list[float]] = {_RPC: [], _REPOSITORY: []}
            for number in stage.rounds(_ROUNDS):
                asked = queries[_WARM_UP + number * _QUERIES :][:_QUERIES]
                # In turns, because whoever asks second finds the pages in memory.
                for name in sorted(ways, reverse=bool(number % 2)):
                    took, found, first = _ask_all(ways[name], asked)
                    times[name] += took
                    rounds[name].append(_summary(took, found, first))
    finally:
        database.dispose()
    return _judge(stage, rounds, times)


def _judge(stage: Stage, rounds: dict[str, list[dict[str, float]]], times: dict[str, list[float]]) -> Measurement:
    figures = []
    for name, took in times.items():
        what = f"Search, {million.count(stage):,} names, 1–2 typos, {name}"
        recall = sum(each["recall_at_10"] for each in rounds[name]) / len(rounds[name])
        first = sum(each["first"] for each in rounds[name]) / len(rounds[name])
        figures += [
            Figure(name=f"{what}: p50", value=percentile(took, 0.50), unit="ms", at_most=10),
            Figure(name=f"{what}: p99", value=percentile(took, 0.99), unit="ms", at_most=60),
            Figure(
                name=f"{what}: recall@10",
                value=recall,
                unit="",
                at_least=0.95,
                absolute=f"{first:.1%} in first place",
            ),
        ]
    conditions = {
        "names": "made up from the words of real registers in six scripts, a tenth of them of common words only; "
        "imported through the API with two identifiers and an address each",
        "queries": f"{len(times[_RPC]):,}, each a name with one or two letters added, lost, changed or swapped, half "
        "of them without the legal form; one at a time, by one caller",
        "found": "the name that was meant, or one of the same words, is among the first ten",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _ask_all(ask: _Ask, queries: Sequence[TypedQuery]) -> tuple[list[float], int, int]:
    """The milliseconds that each took, how many were answered within the first ten, how many by the first."""
    times = []
    found = first = 0
    for query in queries:
        started = time.perf_counter()
        names = ask(query.text)
        times.append((time.perf_counter() - started) * 1000)
        answers = [query.is_answered_by(name) for name in names[:_ASKED_FOR]]
        found += any(answers)
        first += answers[:1] == [True]
    return times, found, first


def _summary(took: Sequence[float], found: int, first: int) -> dict[str, float]:
    return {
        "p50_ms": percentile(took, 0.50),
        "p95_ms": percentile(took, 0.95),
        "p99_ms": percentile(took, 0.99),
        "max_ms": max(took),
        "recall_at_10": found / len(took),
        "first": first / len(took),
    }


def _asking_service(channel: grpc.Channel, service: Service) -> _Ask:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_SEARCH)
    metadata = (("authorization", f"Bearer {service.api_key}"),)

    def ask(text: str) -> Sequence[str]:
        request = company_service_pb2.SearchCompaniesRequest(query=text, page_size=_ASKED_FOR)
        answer = call(request.SerializeToString(), metadata=metadata)
        return [result.matched for result in company_service_pb2.SearchCompaniesResponse.FromString(answer).results]

    return ask


def _tenant_id(service: Service) -> UUID:
    with psycopg.connect(service.database_url()) as connection:
        row = connection.execute("select distinct tenant_id from company").fetchone()
    if row is None:
        raise RuntimeError("there are no companies")
    return UUID(str(row[0]))
