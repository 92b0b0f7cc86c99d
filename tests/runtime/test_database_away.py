import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from function.auth.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from function_backend.persistence.embedded.launcher import EmbeddedPostgres
from function_backend.persistence.migrate import upgrade
from tests.fixtures.embedded import server_processes
from tests.fixtures.postgres import Database
from tests.fixtures.scratch import scratch_folder
from tests.fixtures.server import RunningServer, running_server, serving
from tests.runtime.echo import eventually


@dataclass
class Lone:
    """A server whose database belongs to the test alone, so that it may be taken away."""

    server: RunningServer
    postgres: EmbeddedPostgres
    data_dir: Path

    def signal_database(self, number: signal.Signals) -> None:
        for process in server_processes(self.data_dir):
            os.kill(process.pid, number)

    def call(self) -> str:
        stub = tenant_service_pb2_grpc.TenantServiceStub(self.server.channel)
        request = tenant_service_pb2.GetTenantRequest()
        return stub.GetTenant(request, metadata=self.server.metadata(), timeout=5).tenant.name


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Lone]:
    with scratch_folder() as folder:
        # Durable: what was committed just before the kill must be there afterwards.
        postgres = EmbeddedPostgres(folder / "data")
        with postgres as cluster:
            upgrade(cluster.owner_url)
            database = Database("function_backend", cluster.superuser_url, cluster.owner_url, cluster.app_url)
            with running_server(database, tmp_path / "log") as server:
                eventually(lambda: serving(server))
                yield Lone(server, postgres, folder / "data")


def works(call: Callable[[], str]) -> bool:
    try:
        return call() == "default"
    except grpc.RpcError:
        return False


def test_health_follows_a_database_that_dies_and_comes_back(lone: Lone) -> None:
    lone.signal_database(signal.SIGKILL)
    eventually(lambda: not serving(lone.server))
    with pytest.raises(grpc.RpcError) as caught:
        lone.call()
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    lone.postgres.ensure_running()
    eventually(lambda: serving(lone.server))
    eventually(lambda: works(lone.call))


def test_health_follows_a_database_that_hangs(lone: Lone) -> None:
    lone.signal_database(signal.SIGSTOP)
    try:
        eventually(lambda: not serving(lone.server))
    finally:
        lone.signal_database(signal.SIGCONT)
    eventually(lambda: serving(lone.server))
    assert works(lone.call)
