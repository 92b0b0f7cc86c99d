"""VerifyCredential of remembered credentials, against a bare echo of messages of the same size."""

from __future__ import annotations

import contextlib

import grpc

from bench.auth_scene import Scene
from bench.echoes import echoing
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.load import IN_FLIGHT, Target
from bench.rows.get_company import GET_COMPANY, Contestant, calibrated, rotated, timed
from bench.service import Service, running
from bench.stage import Stage
from function.auth.v1 import credential_service_pb2, credential_service_pb2_grpc
from function.company.v1 import company_pb2, company_service_pb2

_VERIFY = "/function.auth.v1.CredentialService/VerifyCredential"
_ROUNDS = 9
_PERMISSIONS = ("company.read", "company.create", "company.delete")


def measure(stage: Stage) -> Measurement:
    """Verifies a key and a token, and calls an echo with as many bytes each way, in turns."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(running(stage.folder / "data"))
        service.pin()
        scene = Scene(service)
        stack.callback(scene.close)
        token = scene.token(scene.client("bench-reader", role="viewer").grant()).access_token
        asked = {"API key": scene.api_key("company.read").secret, "access token": token}
        contestants: dict[str, Contestant] = {}
        for kind, credential in asked.items():
            target = _target(service, credential)
            contestants[kind] = Contestant(pid=service.workers()[0], target=target)
            message = stage.folder / kind.replace(" ", "-")
            message.write_bytes(_of_size(target.response_size))
            echo = stack.enter_context(echoing("sync", message))
            request = company_service_pb2.GetCompanyRequest(id="x" * (len(target.request) - 3)).SerializeToString()
            contestants[_echo(kind)] = Contestant(
                pid=echo.pid,
                target=Target(
                    address=echo.address, path=GET_COMPANY, request=request, response_size=target.response_size
                ),
            )
        calls = {name: calibrated(stage, contestant) for name, contestant in contestants.items()}
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
        for number in stage.rounds(_ROUNDS):
            for name in rotated(list(contestants), number):
                rounds[name].append(timed(contestants[name], calls[name], stage.folder))
    figures = [
        Figure(
            name=f"VerifyCredential of an {kind}, 1 worker on 1 core",
            value=median_ratio(rounds[kind], rounds[_echo(kind)], "rate"),
            unit="×",
            reference="bare grpcio sync echo with as many bytes each way, same settings",
            absolute=f"{median_of(rounds[kind], 'rate'):,.0f} of {median_of(rounds[_echo(kind)], 'rate'):,.0f} calls/s",
            at_least=0.6,
        )
        for kind in asked
    ]
    conditions = {
        "asked": f"who it is, and whether it has {len(_PERMISSIONS)} permissions; the caller has an API key",
        "load": f"{IN_FLIGHT} calls in flight over 4 connections; the worker, or the echo, alone on one processor",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _echo(kind: str) -> str:
    return f"echo for {kind}"


def _target(service: Service, credential: str) -> Target:
    request = credential_service_pb2.VerifyCredentialRequest(bearer=credential, permissions=_PERMISSIONS)
    with grpc.insecure_channel(service.address) as channel:
        stub = credential_service_pb2_grpc.CredentialServiceStub(channel)
        answer = stub.VerifyCredential(request, metadata=(("authorization", f"Bearer {service.api_key}"),), timeout=30)
    if not answer.valid:
        raise RuntimeError(f"the credential is not valid: {answer.reason}")
    return Target(
        address=service.address,
        path=_VERIFY,
        request=request.SerializeToString(),
        response_size=answer.ByteSize(),
        api_key=service.api_key,
    )


def _of_size(size: int) -> bytes:
    """A GetCompanyResponse of this many bytes."""
    for length in range(size):
        message = company_service_pb2.GetCompanyResponse(company=company_pb2.Company(legal_name="x" * length))
        if message.ByteSize() >= size:
            return message.SerializeToString()
    raise ValueError(f"no response has {size} bytes")
