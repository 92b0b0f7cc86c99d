"""The HTTP port of the service as a process: OAuth on the port of the metrics, whatever becomes of single workers."""

from __future__ import annotations

import os
import signal

import grpc
import requests

from function.auth.v1 import (
    client_credential_service_pb2,
    client_credential_service_pb2_grpc,
    service_account_pb2,
    service_account_service_pb2,
    service_account_service_pb2_grpc,
)
from tests.fixtures.serve import Serve, ServeProcess
from tests.runtime.certificates import Authority
from tests.runtime.echo import eventually

_SECONDS = 30


def _client(channel: grpc.Channel, key: str) -> tuple[str, str]:
    """The id and a secret of a new service account."""
    metadata = (("authorization", f"Bearer {key}"),)
    made = service_account_service_pb2_grpc.ServiceAccountServiceStub(channel).CreateServiceAccount(
        service_account_service_pb2.CreateServiceAccountRequest(
            service_account=service_account_pb2.ServiceAccount(name="nightly-import")
        ),
        metadata=metadata,
        timeout=_SECONDS,
    )
    secret = client_credential_service_pb2_grpc.ClientCredentialServiceStub(channel).CreateClientSecret(
        client_credential_service_pb2.CreateClientSecretRequest(client_id=made.service_account.id),
        metadata=metadata,
        timeout=_SECONDS,
    )
    return made.service_account.id, secret.secret


def _get_token(service: ServeProcess, client: tuple[str, str]) -> requests.Response:
    return requests.post(
        f"http://{service.monitor}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=client,
        timeout=_SECONDS,
    )


def test_tokens_are_handed_out_there_and_a_killed_worker_does_not_stop_it(serve: Serve) -> None:
    service = serve("--workers", "2")
    with service.channel() as channel:
        client = _client(channel, service.admin_key)
    for _ in range(4):
        assert _get_token(service, client).status_code == 200
    killed = service.workers()[0]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: len(service.workers()) == 2 and killed not in service.workers())
    for _ in range(4):
        eventually(lambda: _get_token(service, client).status_code == 200)
    found = requests.get(f"http://{service.monitor}/.well-known/openid-configuration", timeout=_SECONDS)
    assert found.json()["token_endpoint"].endswith("/oauth2/token")
    assert requests.get(f"http://{service.monitor}/metrics", timeout=_SECONDS).status_code == 200
    assert client[1] not in service.logged


def test_it_works_whatever_certificates_the_other_port_asks_for(serve: Serve) -> None:
    authority = Authority()
    pair = authority.issue()
    for name, content in {"crt": pair.certificate, "key": pair.private_key, "ca": authority.root}.items():
        (serve.folder / f"server.{name}").write_bytes(content)
    service = serve(
        FUNCTION_BACKEND_TLS_CERTIFICATE=str(serve.folder / "server.crt"),
        FUNCTION_BACKEND_TLS_PRIVATE_KEY=str(serve.folder / "server.key"),
        FUNCTION_BACKEND_TLS_CLIENT_CA=str(serve.folder / "server.ca"),
    )
    keys = requests.get(f"http://{service.monitor}/oauth2/jwks", timeout=_SECONDS)
    assert keys.status_code == 200, (keys.text, service.logged)
    assert keys.json()["keys"][0]["use"] == "sig"
