"""The service as users start it: `function-backend serve` as a process, with its own data folder or an older one."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2
from prometheus_client.parser import text_string_to_metric_families

from bench.processes import pin, pin_tree, processors
from function_backend.persistence.embedded.credentials import Credentials, Role
from function_backend.persistence.embedded.folder import DataFolder
from function_backend.persistence.embedded.postmaster import PidFile
from function_backend.persistence.embedded.roles import DATABASE
from function_backend_client import Client, connect

_LEFT_OUT = ("FUNCTION_BACKEND_", "GRPC_", "PYTHONDONTWRITEBYTECODE")
"""Variables of whoever measures, which would change what is measured. Without bytecode a start takes twice as long."""
_START_SECONDS = 120.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.005
_KEY = re.compile(r"fbk_[0-9A-Za-z_-]+")
_HANDLED = "function_backend_rpc_handled_total"
_PROGRAM = str(Path(sys.executable).with_name("function-backend"))


class ServiceError(Exception):
    """The service did not start or said something else than expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service."""

    address: str
    pid: int
    """Of the supervisor."""
    folder: Path
    """Its data folder."""
    api_key: str = field(repr=False)
    """Of the administrator of the tenant `default`."""
    ready_seconds: float
    """From the start of the process to the first answer SERVING."""
    metrics: str

    def connect(self) -> Client:
        """A client with the administrator's key."""
        return connect(self.address, api_key=self.api_key)

    def workers(self) -> list[int]:
        """The process numbers of the workers."""
        with urllib.request.urlopen(f"http://{self.metrics}/readyz", timeout=10) as page:
            return [worker["pid"] for worker in json.load(page)["workers"]]

    def handled(self, method: str) -> Mapping[str, int]:
        """How many calls of a method the service says it has answered, by status."""
        # What calls leave behind is counted twice a second.
        time.sleep(1.2)
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=10) as page:
            text = page.read().decode()
        return {
            sample.labels["code"]: int(sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == _HANDLED and sample.labels["method"] == method
        }

    def database_url(self, role: Role = Role.SUPERUSER, database: str = DATABASE) -> str:
        """How to connect to its database, or to another one of the same server."""
        data = DataFolder(self.folder)
        credentials, told = Credentials.load(data.credentials), PidFile.read(data.cluster)
        if credentials is None or told is None or told.socket_folder is None:
            raise ServiceError(f"no database runs in {self.folder}")
        return credentials.url(role, socket_folder=told.socket_folder, database=database)

    def postgres(self) -> int:
        """The process number of its database server."""
        told = PidFile.read(DataFolder(self.folder).cluster)
        if told is None:
            raise ServiceError(f"no database runs in {self.folder}")
        return told.pid

    def pin(self) -> None:
        """Gives the first worker a processor for itself, and the others to all the rest, PostgreSQL included."""
        alone, rest = processors()
        pin_tree(self.pid, rest)
        pin(self.workers()[0], alone)


@contextlib.contextmanager
def running(
    folder: Path,
    *,
    workers: int = 1,
    settings: Mapping[str, str] | None = None,
    api_key: str = "",
    program: Sequence[str] = (_PROGRAM,),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Service]:
    """Starts the service on a data folder and stops it in the end.

    `settings` are environment variables without their prefix. A folder that is not new has told its key before: it is
    kept beside it. `program` stands for `function-backend`, and `environment`
    has variables besides.
    """
    address, metrics = f"127.0.0.1:{_free_port()}", f"127.0.0.1:{_free_port()}"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    given = {
        "DATA_DIR": str(folder),
        "SERVER_LISTEN": address,
        "METRICS_LISTEN": metrics,
        "PROCESS_WORKERS": str(workers),
        # The load generators do not call again on a connection that ends by age, as gRPC clients do.
        "SERVER_MAX_CONNECTION_AGE": "1h",
        **(settings or {}),
    }
    variables.update({f"FUNCTION_BACKEND_{name}": value for name, value in given.items()})
    variables.update(environment or {})
    said = folder.with_name(f"{folder.name}.said")
    started = time.perf_counter()
    with said.open("wb") as output, contextlib.ExitStack() as ending:
        process = subprocess.Popen((*program, "serve"), env=variables, stdout=output, stderr=output)
        ending.callback(_stop, process)
        _await_serving(process, address, said)
        ready_seconds = time.perf_counter() - started
        yield Service(
            address=address,
            pid=process.pid,
            folder=folder,
            api_key=api_key or _key(folder, said),
            ready_seconds=ready_seconds,
            metrics=metrics,
        )


def _await_serving(process: subprocess.Popen[bytes], address: str, said: Path) -> None:
    host, _, port = address.rpartition(":")
    ends_at = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise ServiceError(f"the service ended with status {process.returncode}; it said:\n{_tail(said)}")
        # Only once somebody listens: a channel that was refused waits a second before it tries again.
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            break
        time.sleep(_POLL_SECONDS)
    with grpc.insecure_channel(address) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        while time.monotonic() < ends_at:
            with contextlib.suppress(grpc.RpcError):
                answer = check(health_pb2.HealthCheckRequest(), timeout=1)
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            time.sleep(_POLL_SECONDS)
    raise ServiceError(f"the service was not ready in time; it said:\n{_tail(said)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _key(folder: Path, said: Path) -> str:
    """The key that the first start has told, kept for later starts on the same folder."""
    kept = folder.with_name(f"{folder.name}.key")
    if kept.exists():
        return kept.read_text()
    ends_at = time.monotonic() + 10
    while time.monotonic() < ends_at:
        found = _KEY.search(said.read_text(errors="replace"))
        if found is not None:
            kept.touch(mode=0o600)
            kept.write_text(found[0])
            return found[0]
        time.sleep(_POLL_SECONDS * 10)
    raise ServiceError(f"the first start told no API key; it said:\n{_tail(said)}")


def _tail(said: Path) -> str:
    return said.read_text(errors="replace")[-4000:]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
