"""GetCompany from the cache through the whole pipeline, against servers that do nothing but answer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.companies import create_of_size
from bench.echoes import echoing
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.load import IN_FLIGHT, LoadError, Target, call
from bench.processes import processor_seconds
from bench.service import Service, running
from bench.stage import Stage
from function.company.v1 import company_pb2, company_service_pb2
from function_backend.runtime.settings import ServerSettings

GET_COMPANY = "/function.company.v1.CompanyService/GetCompany"
MESSAGE_SIZE = 539
"""Bytes of the company in the answer: a typical one, with most fields set."""

_ROUNDS = 9
_ROUND_SECONDS = 3.0
_WARM_UP_CALLS = 4_000
_SERVICE, _SYNC, _AIO = "service", "grpcio echo", "grpc.aio echo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A server, and how to call it."""

    pid: int
    target: Target


def measure(stage: Stage) -> Measurement:
    """Calls the three servers in turns."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(running(stage.folder / "data"))
        company = prepare(service)
        target = target_of(service, company)
        message = stage.folder / "message"
        message.write_bytes(company_service_pb2.GetCompanyResponse(company=company).SerializeToString())
        contestants = {_SERVICE: Contestant(pid=service.workers()[0], target=target)}
        for name, kind in ((_SYNC, "sync"), (_AIO, "aio")):
            echo = stack.enter_context(echoing(kind, message))
            contestants[name] = Contestant(
                pid=echo.pid,
                target=Target(
                    address=echo.address, path=GET_COMPANY, request=target.request, response_size=target.response_size
                ),
            )
        before = service.handled(GET_COMPANY)
        rounds, made = _turns(stage, contestants)
        _verify(before, service, made)
    return _judge(rounds)


def prepare(service: Service) -> company_pb2.Company:
    """Puts the service on its processor and creates the company to ask for; the second read must be the same."""
    service.pin()
    with service.connect() as client:
        created = create_of_size(client, MESSAGE_SIZE)
        if client.companies.get(created.id) != created or client.companies.get(created.id) != created:
            raise LoadError("GetCompany does not return what was created")
    return created


def target_of(service: Service, company: company_pb2.Company) -> Target:
    """GetCompany for this company."""
    return Target(
        address=service.address,
        path=GET_COMPANY,
        request=company_service_pb2.GetCompanyRequest(id=company.id).SerializeToString(),
        response_size=company_service_pb2.GetCompanyResponse(company=company).ByteSize(),
        api_key=service.api_key,
    )


def timed(contestant: Contestant, calls: int, folder: Path) -> dict[str, float]:
    """One round: calls per second, and what a call costs the server in processor time."""
    before = processor_seconds(contestant.pid)
    load = call(contestant.target, calls, folder)
    used = processor_seconds(contestant.pid) - before
    return {"calls": load.calls, "rate": load.rate, "cpu_us": used / load.calls * 1e6}


def calibrated(stage: Stage, contestant: Contestant) -> int:
    """Calls that take about as long as a round should, after a warm-up."""
    calls = stage.scaled(_WARM_UP_CALLS, least=500)
    timed(contestant, calls, stage.folder)
    return max(calls, round(timed(contestant, calls, stage.folder)["rate"] * _ROUND_SECONDS * stage.scale))


def _turns(stage: Stage, contestants: dict[str, Contestant]) -> tuple[dict[str, list[dict[str, float]]], int]:
    calls = {name: calibrated(stage, contestant) for name, contestant in contestants.items()}
    made = 2 * stage.scaled(_WARM_UP_CALLS, least=500)
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
    for number in stage.rounds(_ROUNDS):
        for name in rotated(list(contestants), number):
            rounds[name].append(timed(contestants[name], calls[name], stage.folder))
        made += calls[_SERVICE]
    return rounds, made


def rotated(names: list[str], number: int) -> Iterator[str]:
    """All names, each round beginning with another one."""
    start = number % len(names)
    yield from names[start:]
    yield from names[:start]


def _verify(before: dict[str, int] | object, service: Service, made: int) -> None:
    """The service must have counted as many answers as were asked for, all of them OK."""
    earlier = before if isinstance(before, dict) else {}
    now = service.handled(GET_COMPANY)
    counted = {code: count - earlier.get(code, 0) for code, count in now.items() if count != earlier.get(code, 0)}
    if counted != {"OK": made}:
        raise LoadError(f"{made} calls were made and the service counted {counted}")


def _judge(rounds: dict[str, list[dict[str, float]]]) -> Measurement:
    rate = {name: median_of(measured, "rate") for name, measured in rounds.items()}
    cpu = {name: median_of(measured, "cpu_us") for name, measured in rounds.items()}
    figures = [
        Figure(
            name="GetCompany, warm, whole pipeline, 1 worker on 1 core",
            value=median_ratio(rounds[_SERVICE], rounds[_SYNC], "rate"),
            unit="×",
            reference="bare grpcio sync echo of the same message, same settings",
            absolute=f"{rate[_SERVICE]:,.0f} of {rate[_SYNC]:,.0f} calls/s",
            at_least=0.65,
        ),
        Figure(
            name="the same",
            value=median_ratio(rounds[_SERVICE], rounds[_AIO], "rate"),
            unit="×",
            reference="bare stock grpc.aio echo",
            absolute=f"{rate[_SERVICE]:,.0f} to {rate[_AIO]:,.0f} calls/s",
            at_least=1.4,
        ),
        Figure(
            name="CPU of a warm GetCompany",
            value=cpu[_SERVICE],
            unit="µs",
            absolute=f"sync echo {cpu[_SYNC]:.0f} µs, aio echo {cpu[_AIO]:.0f} µs",
        ),
    ]
    conditions = {
        "what runs": "authentication by API key, authorisation, rate limit, validation, access log, metrics, load "
        "shedding and tracing with the defaults; the company comes from the cache of the worker",
        "load": f"{IN_FLIGHT} calls in flight over 4 connections; the worker, or the echo, alone on one processor, the "
        "load generator and everything else on the other",
        "settings": f"{ServerSettings().threads} threads, the same channel options, event loop and garbage collection "
        "for service and sync echo; the aio echo is grpc.aio.server() as it comes",
        "checked": "every answer has the full message; the service counted exactly the calls made, all OK",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)
