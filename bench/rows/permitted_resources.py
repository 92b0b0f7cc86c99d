"""ListPermittedResources: pages of a hundred among a million relationships, and whether they are complete."""

from __future__ import annotations

import random
import time

import grpc

from bench.figure import Figure, Measurement, percentile
from bench.relations import Sizes, Store, open_store, tuples
from bench.service import running
from bench.stage import Stage
from function.auth.v1 import permission_check_service_pb2, permission_check_service_pb2_grpc

_MANY = 1_000_000
_PAGE = 100
_SUBJECTS = 30
_PAGES_EACH = 5
_PROVEN = 3
_PATIENCE = 60


def measure(stage: Stage) -> Measurement:
    """Reads the first pages of several people, and all pages of a few to compare them with going through everything."""
    seconds: list[dict[str, float]] = []
    with running(stage.folder / "data") as service:
        service.pin()
        store = open_store(service, "many", stage.scaled(_MANY, least=20_000))
        chance = random.Random(7)
        people = [chance.randrange(store.sizes.users) for _ in range(stage.scaled(_SUBJECTS, least=5))]
        with grpc.insecure_channel(service.address) as channel:
            stub = permission_check_service_pb2_grpc.PermissionCheckServiceStub(channel)
            _pages(stub, store, people[0], most=2)
            for number in stage.rounds(len(people)):
                timed, _ = _pages(stub, store, people[number], most=_PAGES_EACH)
                seconds += [{"seconds": each} for each in timed]
            for user in people[:_PROVEN]:
                _, found = _pages(stub, store, user, most=None)
                expected = sorted(_seen_by(user, store.sizes))
                if found != expected:
                    raise RuntimeError(f"u{user} sees {len(expected)} documents and {len(found)} were listed")
    pages = [each["seconds"] for each in seconds]
    figure = Figure(
        name="ListPermittedResources, page of 100 among 1,000,000: p95",
        value=percentile(pages, 0.95) * 1000,
        unit="ms",
        absolute=f"p50 {percentile(pages, 0.5) * 1000:.1f} ms over {len(pages)} pages",
        at_most=25,
    )
    conditions = {"checked": f"all pages of {_PROVEN} people are what going through all documents finds"}
    return Measurement(figures=[figure], rounds={"pages": seconds}, conditions=conditions)


def _pages(
    stub: permission_check_service_pb2_grpc.PermissionCheckServiceStub, store: Store, user: int, *, most: int | None
) -> tuple[list[float], list[str]]:
    seconds: list[float] = []
    found: list[str] = []
    token = ""
    while most is None or len(seconds) < most:
        request = permission_check_service_pb2.ListPermittedResourcesRequest(
            resource_type="document",
            permission="view",
            subject=f"user:u{user}",
            page_size=_PAGE if most is not None else 1_000,
            page_token=token,
        )
        began = time.perf_counter()
        page = stub.ListPermittedResources(
            request, metadata=(("authorization", f"Bearer {store.api_key}"),), timeout=_PATIENCE
        )
        seconds.append(time.perf_counter() - began)
        found += page.resource_ids
        token = page.next_page_token
        if not token:
            break
    return seconds, found


def _seen_by(user: int, sizes: Sizes) -> set[str]:
    """The documents that the user may see, found by going through everything."""
    groups: set[str] = set()
    parents: dict[str, str] = {}
    folder_groups: dict[str, str] = {}
    documents: dict[str, dict[str, str]] = {}
    for kind, name, relation, _, subject, _ in tuples(sizes):
        if kind == "group":
            if subject == f"u{user}":
                groups.add(name)
        elif kind == "folder":
            (parents if relation == "parent" else folder_groups)[name] = subject
        else:
            documents.setdefault(name, {})[relation] = subject
    seen_folders: dict[str, bool] = {}

    def sees(folder: str) -> bool:
        if folder not in seen_folders:
            above = parents.get(folder)
            seen_folders[folder] = folder_groups[folder] in groups or (above is not None and sees(above))
        return seen_folders[folder]

    return {
        name
        for name, held in documents.items()
        if held["owner"] == f"u{user}" or held["viewer"] in groups or sees(held["folder"])
    }
