"""CheckPermission among a million relationships and among a thousand, and checks in batches."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable

import grpc

from bench.figure import Figure, Measurement, median_of, percentile
from bench.processes import descendants, processor_seconds
from bench.relations import Sizes, Store, open_store
from bench.service import Service, running
from bench.stage import Stage
from function.auth.v1 import permission_check_service_pb2, permission_check_service_pb2_grpc

_FEW, _MANY = 1_000, 1_000_000
_ROUNDS = 9
_CHECKS = 200
_BATCH = 100
_BATCHES = 60
_PATIENCE = 30

Ask = Callable[[Sizes, random.Random], tuple[str, str, str]]


def _direct(sizes: Sizes, chance: random.Random) -> tuple[str, str, str]:
    number = chance.randrange(sizes.documents)
    return f"document:d{number:07}", "edit", f"user:u{number % sizes.users}"


def _group(sizes: Sizes, chance: random.Random) -> tuple[str, str, str]:
    """Somebody in the group that the folder itself names."""
    folder = chance.randrange(sizes.folders)
    return f"folder:f{folder}", "view", f"user:u{sizes.members[folder % sizes.groups]}"


def _arrow(sizes: Sizes, chance: random.Random) -> tuple[str, str, str]:
    """Somebody in the group that the folder above the document's folder names."""
    document = chance.randrange(sizes.documents)
    root = document % sizes.folders % sizes.roots
    return f"document:d{document:07}", "view", f"user:u{sizes.members[root % sizes.groups]}"


_SHAPES: dict[str, Ask] = {"direct": _direct, "group": _group, "two-level arrow": _arrow}


def measure(stage: Stage) -> Measurement:
    """Asks both stores for the same shapes in turns, one call at a time; then batches of the many."""
    rounds: dict[str, list[dict[str, float]]] = {}
    with running(stage.folder / "data") as service:
        service.pin()
        stores = {
            "few": open_store(service, "few", _FEW),
            "many": open_store(service, "many", stage.scaled(_MANY, least=20_000)),
        }
        with grpc.insecure_channel(service.address) as channel:
            stub = permission_check_service_pb2_grpc.PermissionCheckServiceStub(channel)
            checks = stage.scaled(_CHECKS, least=20)
            for number in stage.rounds(_ROUNDS):
                for shape, ask in _SHAPES.items():
                    for size, store in stores.items():
                        rounds.setdefault(f"{shape}, {size}", []).append(
                            _timed(stub, store, ask, checks=checks, seed=number)
                        )
            batches = stage.scaled(_BATCHES, least=5)
            rounds["batches"] = [
                _batched(service, stub, stores["many"], batches=batches, seed=number)
                for number in stage.rounds(_ROUNDS)
            ]
    return _judge(rounds)


def _timed(
    stub: permission_check_service_pb2_grpc.PermissionCheckServiceStub,
    store: Store,
    ask: Ask,
    *,
    checks: int,
    seed: int,
) -> dict[str, float]:
    chance = random.Random(seed)
    metadata = (("authorization", f"Bearer {store.api_key}"),)
    seconds = []
    for number in range(checks + 20):
        resource, permission, subject = ask(store.sizes, chance)
        request = permission_check_service_pb2.CheckPermissionRequest(
            resource=resource, permission=permission, subject=subject
        )
        began = time.perf_counter()
        answer = stub.CheckPermission(request, metadata=metadata, timeout=_PATIENCE)
        if not answer.permitted:
            raise RuntimeError(f"{subject} is permitted to {permission} {resource}, and was refused")
        if number >= 20:  # noqa: PLR2004 - the first ones warm up
            seconds.append(time.perf_counter() - began)
    return {"p50_s": percentile(seconds, 0.5), "p95_s": percentile(seconds, 0.95)}


def _batched(
    service: Service,
    stub: permission_check_service_pb2_grpc.PermissionCheckServiceStub,
    store: Store,
    *,
    batches: int,
    seed: int,
) -> dict[str, float]:
    """Checks of one subject and a hundred documents a call, as a list of search results is filtered."""
    chance = random.Random(seed)
    metadata = (("authorization", f"Bearer {store.api_key}"),)
    pid = service.workers()[0]
    requests = [_batch(store.sizes, chance) for _ in range(batches + 3)]
    for request in requests[:3]:
        stub.BatchCheckPermissions(request, metadata=metadata, timeout=_PATIENCE)
    used, used_by_all, began = processor_seconds(pid), _used_by_all(service), time.perf_counter()
    for request in requests[3:]:
        answer = stub.BatchCheckPermissions(request, metadata=metadata, timeout=_PATIENCE)
        if len(answer.results) != _BATCH or any(result.HasField("error") for result in answer.results):
            raise RuntimeError("a batch was not answered in full")
    seconds, used = time.perf_counter() - began, processor_seconds(pid) - used
    return {
        "rate": batches * _BATCH / seconds,
        "rate_per_core": batches * _BATCH / max(used, 0.01),
        "rate_per_core_of_all": batches * _BATCH / max(_used_by_all(service) - used_by_all, 0.01),
    }


def _used_by_all(service: Service) -> float:
    """The processor time of the workers, the supervisor and the database."""
    used = 0.0
    for pid in (service.pid, *descendants(service.pid)):
        with contextlib.suppress(FileNotFoundError):
            used += processor_seconds(pid)
    return used


def _batch(sizes: Sizes, chance: random.Random) -> permission_check_service_pb2.BatchCheckPermissionsRequest:
    first = chance.randrange(max(1, sizes.documents - _BATCH))
    return permission_check_service_pb2.BatchCheckPermissionsRequest(
        subject=f"user:u{chance.randrange(sizes.users)}",
        items=[
            permission_check_service_pb2.CheckItem(
                check=permission_check_service_pb2.Check(resource=f"document:d{first + n:07}", permission="view")
            )
            for n in range(_BATCH)
        ],
    )


def _judge(rounds: dict[str, list[dict[str, float]]]) -> Measurement:
    figures = []
    for shape in _SHAPES:
        few, many = rounds[f"{shape}, few"], rounds[f"{shape}, many"]
        ratios = sorted(one["p50_s"] / other["p50_s"] for one, other in zip(many, few, strict=True))
        figures += [
            Figure(
                name=f"CheckPermission among 1,000,000 relationships, {shape}",
                value=ratios[len(ratios) // 2],
                unit="×",
                reference="the same among 1,000",
                absolute=f"{median_of(many, 'p50_s') * 1000:.2f} to {median_of(few, 'p50_s') * 1000:.2f} ms",
                at_most=2,
            ),
            Figure(name="its p95", value=median_of(many, "p95_s") * 1000, unit="ms", at_most=5),
        ]
    figures.append(
        Figure(
            name="BatchCheckPermissions, 100 per call, checks per second and core",
            value=median_of(rounds["batches"], "rate_per_core"),
            unit="checks/s",
            absolute=f"{median_of(rounds['batches'], 'rate'):,.0f} checks/s with one caller",
            at_least=20_000,
        )
    )
    figures.append(
        Figure(
            name="the same when the database's processor time counts too",
            value=median_of(rounds["batches"], "rate_per_core_of_all"),
            unit="checks/s",
        )
    )
    conditions = {
        "relationships": "documents in folders in folders, people in groups; view = owner + viewer + folder->view - "
        "banned",
        "load": "one call at a time from one Python client; the worker alone on one processor",
        "per core": "checks per second of processor time of the worker",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)
