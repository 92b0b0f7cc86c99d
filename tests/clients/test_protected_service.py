"""The example service runs as a process of its own, and refuses a caller soon after a revocation at the backend."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from function_backend_client import Client, connect
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer, running_server

SERVICE = Path(__file__).parents[2] / "examples" / "python" / "protected_service" / "service.py"


@pytest.fixture(scope="module")
def server(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The backend, told of the permissions of the example."""
    settings = {"auth.further_permissions": "note.read,note.write"}
    with running_server(database, tmp_path_factory.mktemp("server") / "log", settings=settings) as running:
        yield running


@pytest.fixture(scope="module")
def administrator(server: RunningServer) -> Iterator[Client]:
    """Of a tenant of its own."""
    with connect(server.target, api_key=make_tenant(server)) as client:
        yield client


@pytest.fixture(scope="module")
def notes(server: RunningServer, administrator: Client) -> Iterator[str]:
    """The address of the running example."""
    key = administrator.api_keys.create("notes", ["auth.credential.verify", "auth.self.read"]).secret
    process = subprocess.Popen(
        [sys.executable, str(SERVICE), "127.0.0.1:0"],
        env={**os.environ, "FUNCTION_BACKEND_ADDRESS": server.target, "FUNCTION_BACKEND_API_KEY": key},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"127.0.0.1:{process.stdout.readline().split()[-1]}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def call(address: str, method: str, credential: str, value: str = "") -> str:
    with grpc.insecure_channel(address) as channel:
        stub = channel.unary_unary(
            f"/example.v1.Notes/{method}",
            request_serializer=StringValue.SerializeToString,
            response_deserializer=StringValue.FromString,
        )
        answer: StringValue = stub(
            StringValue(value=value), metadata=(("authorization", f"Bearer {credential}"),), timeout=20
        )
        return answer.value


def refusal(address: str, method: str, credential: str) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        call(address, method, credential)
    code: grpc.StatusCode = caught.value.code()
    return code


def until(happened: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < ends_at, "it never happened"
        time.sleep(0.02)


def test_a_key_opens_what_it_permits_until_it_is_revoked(notes: str, administrator: Client) -> None:
    made = administrator.api_keys.create("reader", ["note.read"])
    writer = administrator.api_keys.create("writer", ["note.*"]).secret
    assert call(notes, "Write", writer, "hello") == "kept"
    assert call(notes, "Read", made.secret) == "hello"
    assert call(notes, "Whoami", made.secret) == f"api_key:{made.api_key.id}"
    assert refusal(notes, "Write", made.secret) is grpc.StatusCode.PERMISSION_DENIED
    administrator.api_keys.revoke(made.api_key.id)

    def refused() -> bool:
        try:
            call(notes, "Read", made.secret)
        except grpc.RpcError as error:
            return bool(error.code() is grpc.StatusCode.UNAUTHENTICATED)
        return False

    until(refused)
    assert call(notes, "Read", writer) == "hello"


def test_strangers_and_other_tenants_are_refused(notes: str, server: RunningServer) -> None:
    assert refusal(notes, "Whoami", "fbk_made_up") is grpc.StatusCode.UNAUTHENTICATED
    with connect(server.target, api_key=make_tenant(server)) as other:
        key = other.api_keys.create("reader", ["note.read"]).secret
    assert refusal(notes, "Read", key) is grpc.StatusCode.UNAUTHENTICATED
