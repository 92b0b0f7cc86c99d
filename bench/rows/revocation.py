"""How long after a revocation the other worker still lets the credential in."""

from __future__ import annotations

import contextlib
import threading
import time

import grpc

from bench.auth_scene import Scene
from bench.figure import Figure, Measurement, percentile
from bench.service import Service, running
from bench.stage import Stage
from function.company.v1 import company_service_pb2, company_service_pb2_grpc

_REVOCATIONS = 200
_WORKERS = 2
_PAUSE = 0.01
_CHANNELS = 8
"""Connections are dealt out to the workers by the kernel: enough that each surely has some."""


def measure(stage: Stage) -> Measurement:
    """Uses a key on all workers, revokes it, and calls on until every worker has refused it."""
    waits: list[dict[str, float]] = []
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(running(stage.folder / "data", workers=_WORKERS))
        scene = Scene(service)
        stack.callback(scene.close)
        channels = [stack.enter_context(_channel(service, number)) for number in range(_CHANNELS)]
        stubs = [company_service_pb2_grpc.CompanyServiceStub(channel) for channel in channels]
        for _ in stage.rounds(_REVOCATIONS):
            key = scene.api_key("company.read")
            for stub in stubs:
                _ask(stub, key.secret)
            waits.append({"seconds": _revoke_and_wait(scene, stubs, key.api_key.id, key.secret)})
    seconds = [each["seconds"] for each in waits]
    figures = [
        Figure(
            name=f"Revoked → refused by every worker: {name}",
            value=percentile(seconds, share) * 1000,
            unit="ms",
            at_most=bar,
        )
        for name, share, bar in (("p50", 0.5, 20), ("p99", 0.99, 1000))
    ]
    conditions = {
        "measured": "from the sending of RevokeApiKey, which takes a commit, to the beginning of the last call that "
        f"was let in, on {_CHANNELS} connections to {_WORKERS} workers, each with a call every {_PAUSE * 1000:.0f} ms; "
        f"{len(seconds)} keys",
    }
    return Measurement(figures=figures, rounds={"revocations": waits}, conditions=conditions)


def _channel(service: Service, number: int) -> grpc.Channel:
    options = (("grpc.use_local_subchannel_pool", 1), ("bench.connection", number))
    return grpc.insecure_channel(service.address, options=options)


def _revoke_and_wait(
    scene: Scene, stubs: list[company_service_pb2_grpc.CompanyServiceStub], key_id: str, secret: str
) -> float:
    last = [0.0] * len(stubs)

    def use(number: int) -> None:
        with contextlib.suppress(grpc.RpcError):
            while True:
                began = time.perf_counter()
                _ask(stubs[number], secret)
                last[number] = began
                time.sleep(_PAUSE)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(len(stubs))]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    scene.revoke(key_id)
    for thread in threads:
        thread.join()
    return max(0.0, max(last) - began)


def _ask(stub: company_service_pb2_grpc.CompanyServiceStub, secret: str) -> None:
    stub.ListCompanies(
        company_service_pb2.ListCompaniesRequest(page_size=1),
        metadata=(("authorization", f"Bearer {secret}"),),
        timeout=30,
    )
