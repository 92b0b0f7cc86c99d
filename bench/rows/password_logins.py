"""Password logins as fast as they go, and what a flood of them does to everybody else."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import grpc

from bench.auth_scene import PASSWORD, Scene
from bench.figure import Figure, Measurement, median_of, percentile
from bench.processes import processor_seconds
from bench.rows.get_company import prepare
from bench.service import Service, running
from bench.stage import Stage
from function.auth.v1 import oauth_service_pb2, oauth_service_pb2_grpc
from function.company.v1 import company_service_pb2, company_service_pb2_grpc

_LOGINS = 150
_ROUNDS = 5
_IN_FLIGHT = 8
_PROBES = 400
_PROBE_PAUSE = 0.004
_UNLIMITED = {"CALLS_ANONYMOUS_PER_SECOND": "1000000"}
# What Keycloak does by default, and publishes 15 logins a second and vCPU for.
_AS_KEYCLOAK = {"AUTH_PASSWORD_MEMORY_KIB": "7168", "AUTH_PASSWORD_ITERATIONS": "5", "AUTH_PASSWORD_LANES": "1"}


def measure(stage: Stage) -> Measurement:
    """Logs in with the default cost of argon2id and with Keycloak's; asks for a company before and meanwhile."""
    rounds: dict[str, list[dict[str, float]]] = {}
    with _logging_in(stage, "default", {}) as (service, users):
        rounds["default cost"] = [
            _flood(service, users, stage.scaled(_LOGINS, least=20)) for _ in stage.rounds(_ROUNDS)
        ]
        rounds["probes"] = [_disturbed(stage, service, users) for _ in stage.rounds(_ROUNDS)]
    with _logging_in(stage, "keycloak", _AS_KEYCLOAK) as (service, users):
        rounds["Keycloak's cost"] = [
            _flood(service, users, stage.scaled(_LOGINS, least=20)) for _ in stage.rounds(_ROUNDS)
        ]
    probes = rounds["probes"]
    figures = [
        Figure(
            name="Password logins per second and core, default cost of argon2id",
            value=median_of(rounds["default cost"], "rate_per_core"),
            unit="logins/s",
            absolute="19 MiB, 2 iterations",
            at_least=15,
        ),
        Figure(
            name="the same with Keycloak's cost",
            value=median_of(rounds["Keycloak's cost"], "rate_per_core"),
            unit="logins/s",
            absolute="7 MiB, 5 iterations; Keycloak publishes 15",
            at_least=15,
        ),
        Figure(
            name="p95 of GetCompany during a flood of logins",
            value=sorted(each["during"] / each["before"] for each in probes)[len(probes) // 2],
            unit="×",
            reference="the same without the flood",
            absolute=f"{median_of(probes, 'during') * 1000:.2f} to {median_of(probes, 'before') * 1000:.2f} ms",
            at_most=1.25,
        ),
    ]
    conditions = {
        "login": f"the password grant: hash, session, refresh token and signed access token; {_IN_FLIGHT} at a time, "
        "each user with its own password hash",
        "per core": "logins per second of processor time of the worker",
        "flood": f"{_IN_FLIGHT} callers that log in without pause, beside one that asks for a company every "
        f"{_PROBE_PAUSE * 1000:.0f} ms; one worker on one processor",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


@contextlib.contextmanager
def _logging_in(stage: Stage, name: str, settings: Mapping[str, str]) -> Iterator[tuple[Service, Sequence[str]]]:
    with running(stage.folder / name, settings={**_UNLIMITED, **settings}) as service:
        service.pin()
        scene = Scene(service)
        users = [f"bench-{number}" for number in range(_IN_FLIGHT)]
        for user in users:
            scene.user(user)
        scene.close()
        yield service, users


def _flood(service: Service, users: Sequence[str], logins: int) -> dict[str, float]:
    pid = service.workers()[0]
    used, began = processor_seconds(pid), time.perf_counter()
    _log_in_together(service, users, each=logins // len(users))
    seconds, used = time.perf_counter() - began, processor_seconds(pid) - used
    made = logins // len(users) * len(users)
    return {"logins": made, "rate": made / seconds, "rate_per_core": made / used}


def _log_in_together(service: Service, users: Sequence[str], *, each: int, stop: threading.Event | None = None) -> None:
    def work(user: str) -> None:
        with grpc.insecure_channel(service.address) as channel:
            stub = oauth_service_pb2_grpc.OAuthServiceStub(channel)
            request = oauth_service_pb2.TokenRequest(
                grant_type="password", tenant="default", username=user, password=PASSWORD
            )
            done = 0
            while (stop is None and done < each) or (stop is not None and not stop.is_set()):
                stub.Token(request, timeout=60)
                done += 1

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    if stop is None:
        for thread in threads:
            thread.join()


def _disturbed(stage: Stage, service: Service, users: Sequence[str]) -> dict[str, float]:
    company = prepare(service)
    probes = stage.scaled(_PROBES, least=50)
    before = _p95(service, company.id, probes)
    stop = threading.Event()
    _log_in_together(service, users, each=0, stop=stop)
    time.sleep(0.5)
    try:
        during = _p95(service, company.id, probes)
    finally:
        stop.set()
    return {"before": before, "during": during}


def _p95(service: Service, company_id: str, probes: int) -> float:
    seconds = []
    request = company_service_pb2.GetCompanyRequest(id=company_id)
    metadata = (("authorization", f"Bearer {service.api_key}"),)
    with grpc.insecure_channel(service.address) as channel:
        stub = company_service_pb2_grpc.CompanyServiceStub(channel)
        stub.GetCompany(request, metadata=metadata, timeout=30)
        for _ in range(probes):
            time.sleep(_PROBE_PAUSE)
            began = time.perf_counter()
            stub.GetCompany(request, metadata=metadata, timeout=30)
            seconds.append(time.perf_counter() - began)
    return percentile(seconds, 0.95)
