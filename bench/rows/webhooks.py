"""Webhooks to a receiver on this machine: how many a core delivers, and how soon the first attempt comes."""

from __future__ import annotations

import json
import statistics
import time

from bench.figure import Figure, Measurement, median_of
from bench.processes import processor_seconds
from bench.service import Service, running
from bench.stage import Stage
from bench.webhook_receiver import Arrivals, receiving
from function.company.v1 import company_pb2
from function.webhooks.v1 import endpoint_pb2
from function_backend_client import Client

_ROUNDS = 5
_ENDPOINTS = 4
_EVENTS = 1_000
_LATENCY_EVENTS = 500
_PER_SECOND = 50.0
_SETTINGS = {
    "WEBHOOKS_ALLOW_HTTP": "true",
    "WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
}


def measure(stage: Stage) -> Measurement:
    """Replays the same events to several endpoints, and then creates companies at a steady rate."""
    events, spread = stage.scaled(_EVENTS, least=100), stage.scaled(_LATENCY_EVENTS, least=100)
    rounds: dict[str, list[dict[str, float]]] = {"deliveries": []}
    with running(stage.folder / "data", settings=_SETTINGS) as service, receiving() as arrivals:
        service.pin()
        with service.connect() as client:
            stage.say(f"creating {events:,} companies")
            for number in range(events):
                client.companies.create(company_pb2.Company(legal_name=f"Number {number} GmbH"))
            endpoints = [_endpoint(client, arrivals) for _ in range(_ENDPOINTS)]
            _replay(service, client, arrivals, endpoints, events)
            for _ in stage.rounds(_ROUNDS):
                rounds["deliveries"].append(_replay(service, client, arrivals, endpoints, events))
            for endpoint in endpoints[1:]:
                client.webhooks.disable(endpoint)
            delays = _delays(client, arrivals, spread)
    return _judge(rounds, delays, events)


def _judge(rounds: dict[str, list[dict[str, float]]], delays: list[float], events: int) -> Measurement:
    per_core, wall = (median_of(rounds["deliveries"], name) for name in ("per_core_second", "per_second"))
    p50, p95 = (statistics.quantiles(delays, n=100)[place - 1] * 1000 for place in (50, 95))
    figures = [
        Figure(
            name="Webhook deliveries per second of one core: queueing, signing, posting, log",
            value=per_core,
            unit="/s",
            absolute=f"{wall:,.0f} a second by the clock, in one worker, PostgreSQL and receiver beside it",
            at_least=500,
        ),
        Figure(
            name="Commit → first attempt of a webhook, p95",
            value=p95,
            unit="ms",
            absolute=f"p50 {p50:.0f} ms at {_PER_SECOND:.0f} companies a second",
            at_most=500,
        ),
    ]
    conditions = {"deliveries": f"{events:,} events to {_ENDPOINTS} endpoints a round, HTTP, connections kept open"}
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _endpoint(client: Client, arrivals: Arrivals) -> str:
    wish = endpoint_pb2.Endpoint(
        url=f"http://127.0.0.1:{arrivals.port}/hook", filter=endpoint_pb2.EventFilter(types=["function.company.*"])
    )
    made: str = client.webhooks.create(wish).endpoint.id
    return made


def _replay(
    service: Service, client: Client, arrivals: Arrivals, endpoints: list[str], events: int
) -> dict[str, float]:
    worker, before = service.workers()[0], len(arrivals.bodies)
    used, began = processor_seconds(worker), time.perf_counter()
    for endpoint in endpoints:
        client.webhooks.replay_events(endpoint)
    count = events * len(endpoints)
    arrivals.wait(before + count)
    seconds = time.perf_counter() - began
    # What came of the last ones is still being stored.
    time.sleep(0.5)
    return {
        "per_second": count / seconds,
        "per_core_second": count / (processor_seconds(worker) - used),
    }


def _delays(client: Client, arrivals: Arrivals, count: int) -> list[float]:
    before = len(arrivals.bodies)
    committed: dict[str, float] = {}
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / _PER_SECOND - time.monotonic()))
        made = client.companies.create(company_pb2.Company(legal_name=f"Timed {number} GmbH"))
        committed[f"company/{made.id}"] = time.time()
    arrivals.wait(before + count)
    # A delivery may come before the answer of the call that it tells of.
    return [
        max(0.0, at - committed[subject])
        for at, body in arrivals.bodies[before:]
        if (subject := json.loads(body)["subject"]) in committed
    ]
