"""Password logins as fast as they go, and what a flood of them does to everybody else."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import grpc

from bench.auth_scene import Scene, password_grant
from bench.figure import Figure, Measurement, median_of, percentile
from bench.processes import pin, processor_seconds, processors
from bench.rows.get_company import prepare
from bench.service import Service, running
from bench.stage import Stage
from function.auth.v1 import oauth_service_pb2_grpc
from function.company.v1 import company_service_pb2, company_service_pb2_grpc

_LOGINS = 150
_ROUNDS = 5
_IN_FLIGHT = 4
"""One is hashed and three may wait: as many as a worker takes."""
_PROBES = 400
_PROBE_PAUSE = 0.004
# A flood that is cut off leaves attempts behind that count as failed; delays are not what is measured here.
_UNLIMITED = {
    "CALLS_ANONYMOUS_RATE_LIMIT_PER_SECOND": "1000000",
    "AUTH_SIGN_IN_DELAY_AFTER": "1000000",
    "AUTH_SIGN_IN_ADDRESS_DELAY_AFTER": "1000000",
    "AUTH_LOCKOUT_AFTER": "1000000",
}
_KEYCLOAK = "Keycloak's cost"
# What Keycloak does by default, and publishes 15 logins a second and vCPU for.
_AS_KEYCLOAK = {"AUTH_ARGON2_MEMORY_KIB": "7168", "AUTH_ARGON2_PASSES": "5", "AUTH_ARGON2_LANES": "1"}


def measure(stage: Stage) -> Measurement:
    """Logs in with the default cost of argon2id and with Keycloak's; asks for a company before and meanwhile."""
    rounds: dict[str, list[dict[str, float]]] = {}
    with _logging_in(stage, "default", {}) as (service, users):
        rounds["default cost"] = [
            _flood(service, users, stage.scaled(_LOGINS, least=20)) for _ in stage.rounds(_ROUNDS)
        ]
        company = prepare(service)
        rounds["probes"] = [_disturbed(stage, service, users, company.id) for _ in stage.rounds(_ROUNDS)]
    with _logging_in(stage, "keycloak", _AS_KEYCLOAK) as (service, users):
        rounds[_KEYCLOAK] = [_flood(service, users, stage.scaled(_LOGINS, least=20)) for _ in stage.rounds(_ROUNDS)]
    probes = rounds["probes"]
    figures = [
        Figure(
            name="Password logins per second and core, default cost of argon2id",
            value=median_of(rounds["default cost"], "rate_per_core"),
            unit="logins/s",
            absolute=f"19 MiB, 2 passes; {median_of(rounds['default cost'], 'rate'):.1f} a second by the clock",
            at_least=15,
        ),
        Figure(
            name="the same with Keycloak's cost",
            value=median_of(rounds[_KEYCLOAK], "rate_per_core"),
            unit="logins/s",
            absolute=f"7 MiB, 5 passes; {median_of(rounds[_KEYCLOAK], 'rate'):.1f} a second by the clock; Keycloak "
            "publishes 15",
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


def _log_in_together(service: Service, users: Sequence[str], *, each: int) -> None:
    def work(user: str) -> None:
        with grpc.insecure_channel(service.address) as channel:
            stub = oauth_service_pb2_grpc.OAuthServiceStub(channel)
            for _ in range(each):
                stub.Token(password_grant(user), timeout=60)

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _disturbed(stage: Stage, service: Service, users: Sequence[str], company_id: str) -> dict[str, float]:
    probes = stage.scaled(_PROBES, least=50)
    before = _p95(service, company_id, probes)
    # In a process of its own, so that the probe does not wait for threads of the flood.
    command = (sys.executable, "-m", "bench.login_flood", service.address, *users)
    with subprocess.Popen(command) as flood:
        try:
            pin(flood.pid, processors()[1])
            time.sleep(2)
            during = _p95(service, company_id, probes)
        finally:
            flood.kill()
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
