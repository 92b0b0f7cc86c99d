"""From a commit to the client that watches."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc

from bench.figure import Figure, Measurement, percentile
from bench.processes import pin, processors
from bench.service import Service, running
from bench.stage import Stage
from function.events.v1 import event_service_pb2, event_service_pb2_grpc
from function_backend.persistence.embedded.credentials import Role

_RATE = 500
_TENANTS = 4
_ROUNDS = 5
_SECONDS = 6.0
_PATIENCE_SECONDS = 20.0
_FILTER = event_service_pb2.EventFilter(types=["function.company.*"])


class _Watcher:
    """Takes the events of one tenant and notes when each came."""

    def __init__(self, channel: grpc.Channel, key: str) -> None:
        self.came: dict[str, float] = {}
        self._begun = threading.Event()
        request = event_service_pb2.WatchRequest(filter=_FILTER)
        self._stream: Any = event_service_pb2_grpc.EventServiceStub(channel).Watch(
            request, metadata=(("authorization", f"Bearer {key}"),)
        )
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()
        self._begun.wait(_PATIENCE_SECONDS)

    def close(self) -> None:
        """Ends the stream."""
        self._stream.cancel()
        self._thread.join(_PATIENCE_SECONDS)

    def _take(self) -> None:
        with contextlib.suppress(grpc.RpcError):
            for message in self._stream:
                now = time.time()
                self._begun.set()
                for placed in message.events:
                    subject = placed.event.attributes["subject"].ce_string.partition("/")[2]
                    self.came.setdefault(subject, now)


def measure(stage: Stage) -> Measurement:
    """Another process commits events of several tenants at a steady rate; each tenant is watched by one client."""
    rounds: list[dict[str, float]] = []
    waits: list[float] = []
    with running(stage.folder / "data", settings={"BACKGROUND_IN_PROCESS": "off"}) as service:
        service.pin()
        with _tenants(service) as tenants:
            for _ in stage.rounds(_ROUNDS):
                found = _round(service, tenants, stage.scaled(int(_SECONDS), least=2))
                waits += found
                rounds.append(
                    {
                        "events": len(found),
                        "p50_ms": percentile(found, 0.5) * 1000,
                        "p99_ms": percentile(found, 0.99) * 1000,
                    }
                )
    figures = [
        Figure(name=f"Commit → Watch client: {name}", value=percentile(waits, share) * 1000, unit="ms", at_most=bar)
        for name, share, bar in (("p50", 0.5, 10), ("p99", 0.99, 100))
    ]
    conditions = {
        "load": f"{_RATE} commits a second of one event each, over {_TENANTS} tenants, by a process that tells of them "
        "as a worker does; one stream per tenant on one worker",
        "measured": "from the moment at which PostgreSQL (fsync on) had answered the COMMIT to the moment at which the "
        f"client had the message; {len(waits):,} events, none missing",
    }
    return Measurement(figures=figures, rounds={"watching": rounds}, conditions=conditions)


@contextlib.contextmanager
def _tenants(service: Service) -> Iterator[Mapping[str, str]]:
    """Ids of new tenants with a key of each."""
    with service.connect() as client:
        made = [client.tenants.create(f"watched-{number}") for number in range(_TENANTS)]
        yield {each.tenant.id: each.secret for each in made}


def _round(service: Service, tenants: Mapping[str, str], seconds: float) -> Sequence[float]:
    command = (sys.executable, "-m", "bench.event_writer")
    order = {
        "url": service.database_url(Role.APPLICATION),
        "tenants": list(tenants),
        "rate": _RATE,
        "seconds": seconds,
    }
    with (
        grpc.insecure_channel(service.address) as channel,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer,
    ):
        pin(writer.pid, processors()[1])
        _say(writer, json.dumps(order))
        _hear(writer)
        watchers = [_Watcher(channel, key) for key in tenants.values()]
        _say(writer, "go")
        committed: dict[str, float] = json.loads(_hear(writer))
        until = time.monotonic() + _PATIENCE_SECONDS
        came: dict[str, float] = {}
        while committed.keys() - came.keys() and time.monotonic() < until:
            time.sleep(0.05)
            came = {subject: at for watcher in watchers for subject, at in list(watcher.came.items())}
        for watcher in watchers:
            watcher.close()
    if missing := committed.keys() - came.keys():
        raise RuntimeError(f"{len(missing)} of {len(committed)} events did not come to the client")
    # A client may be told before the writer's thread goes on.
    return [max(0.0, came[subject] - at) for subject, at in committed.items()]


def _say(writer: subprocess.Popen[str], line: str) -> None:
    if writer.stdin is not None:
        writer.stdin.write(f"{line}\n")
        writer.stdin.flush()


def _hear(writer: subprocess.Popen[str]) -> str:
    line = "" if writer.stdout is None else writer.stdout.readline()
    if not line:
        raise RuntimeError("the process that writes events has ended")
    return line
