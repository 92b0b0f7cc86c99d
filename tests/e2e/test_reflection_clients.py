"""grpcurl and `buf curl` know nothing but the address: they list, describe and call everything by reflection."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor

from tests.fixtures.methods import ContractMethod, every_method
from tests.fixtures.server import RunningServer

ROOT = Path(__file__).parents[2]
METHODS = every_method()
SERVICES = {method.descriptor.containing_service.full_name for method in METHODS}
INFRASTRUCTURE = {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}
EXAMPLE_LEI = "529900T8BM49AURSDO55"

Json = dict[str, Any]
Call = Callable[[ContractMethod, Sequence[Json]], list[Json]]
"""Calls a method with the messages and returns those that come back."""


def _run(*arguments: str | Path, stdin: str = "", cache: Path | None = None) -> str:
    environment = os.environ if cache is None else {**os.environ, "BUF_CACHE_DIR": str(cache)}
    done = subprocess.run(
        list(map(str, arguments)),
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def _reach(method: ContractMethod, *arguments: str) -> None:
    """Calls the method with an empty message and no credential: the client knows it, and the service answers it."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    if method.policy.anonymous:
        # Whatever it says of nothing, it says it itself.
        assert done.returncode == 0 or re.search(r"ErrorInfo|function.backend", done.stdout + done.stderr), done.stderr
    else:
        assert re.search(r"unauthenticated", done.stdout + done.stderr, re.IGNORECASE), (method.path, done)


def _messages(text: str) -> list[Json]:
    """The JSON documents that stand one after the other."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        while text[at].isspace():
            at += 1
        message, at = decoder.raw_decode(text, at)
        found.append(message)
    return found


@pytest.fixture(scope="module")
def buf() -> str:
    return str(Path(sys.executable).with_name("buf"))


class TestGrpcurl:
    def test_it_lists_every_service_and_method(self, server: RunningServer, grpcurl: str) -> None:
        listed = _run(grpcurl, "-plaintext", server.target, "list").split()
        assert set(listed) >= SERVICES | INFRASTRUCTURE
        for service in SERVICES:
            methods = {
                f"{service}.{method.descriptor.name}"
                for method in METHODS
                if method.descriptor.containing_service.full_name == service
            }
            assert set(_run(grpcurl, "-plaintext", server.target, "list", service).split()) == methods

    def test_it_describes_every_service_method_and_message(
        self, server: RunningServer, grpcurl: str, tmp_path: Path
    ) -> None:
        # What it learns by reflection it also writes down: one symbol after the other would be hundreds of processes.
        learnt = tmp_path / "learnt.binpb"
        described = _run(grpcurl, "-plaintext", "-protoset-out", learnt, server.target, "describe")
        for method in METHODS:
            streams = {True: "stream ", False: ""}
            taken = f"{streams[method.descriptor.client_streaming]}.{method.descriptor.input_type.full_name}"
            given = f"{streams[method.descriptor.server_streaming]}.{method.descriptor.output_type.full_name}"
            assert f"rpc {method.descriptor.name} ( {taken} ) returns ( {given} )" in described
        files = descriptor_pb2.FileDescriptorSet.FromString(learnt.read_bytes()).file
        known = {f"{file.package}.{message.name}": message for file in files for message in file.message_type}
        for message in _messages_of_methods():
            expected = descriptor_pb2.DescriptorProto()
            message.CopyToProto(expected)
            assert known[message.full_name] == expected
        for service in SERVICES:
            name = next(m.descriptor for m in METHODS if m.path.startswith(f"/{service}/")).input_type.full_name
            assert f"{name} is a message:" in _run(grpcurl, "-plaintext", server.target, "describe", name)

    def test_it_calls_every_method(self, server: RunningServer, grpcurl: str) -> None:
        def call(method: ContractMethod, messages: Sequence[Json]) -> list[Json]:
            name = f"{method.descriptor.containing_service.full_name}/{method.descriptor.name}"
            header = f"authorization: Bearer {server.admin_key}"
            body = "".join(map(json.dumps, messages))
            return _messages(_run(grpcurl, "-plaintext", "-H", header, "-d", "@", server.target, name, stdin=body))

        called = _call_everything(call, "by grpcurl")
        for method in METHODS:
            if method.descriptor.name not in called:
                name = f"{method.descriptor.containing_service.full_name}/{method.descriptor.name}"
                _reach(method, grpcurl, "-plaintext", "-max-time", "2", "-d", "{}", server.target, name)

    def test_it_finds_the_service_healthy(self, server: RunningServer, grpcurl: str) -> None:
        for service in ("", *SERVICES):
            body = json.dumps({"service": service})
            answer = _run(grpcurl, "-plaintext", "-d", body, server.target, "grpc.health.v1.Health/Check")
            assert json.loads(answer) == {"status": "SERVING"}


class TestBufCurl:
    def test_it_lists_every_service_and_method(self, server: RunningServer, buf: str, tmp_path: Path) -> None:
        url = f"http://{server.target}"
        services = _run(
            buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--list-services", url, cache=tmp_path
        ).split()
        assert set(services) >= SERVICES
        methods = _run(
            buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--list-methods", url, cache=tmp_path
        ).split()
        assert {method.path.removeprefix("/") for method in METHODS} <= set(methods)

    def test_it_calls_methods_of_every_service(self, server: RunningServer, buf: str, tmp_path: Path) -> None:
        def call(method: ContractMethod, messages: Sequence[Json]) -> list[Json]:
            arguments = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"]
            arguments += ["-H", f"authorization: Bearer {server.admin_key}", "-d", "@-"]
            url = f"http://{server.target}{method.path}"
            return _messages(_run(buf, *arguments, url, stdin="".join(map(json.dumps, messages)), cache=tmp_path))

        called = _call_everything(call, "by buf")
        # One more of each service: it is slow to start, and grpcurl has reached them all.
        others = {method.path.rpartition("/")[0]: method for method in METHODS}
        for method in others.values():
            if method.descriptor.name not in called:
                url = f"http://{server.target}{method.path}"
                _reach(method, buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", "{}", url)


def test_the_command_line_finds_the_service_healthy(server: RunningServer) -> None:
    _run(sys.executable, "-m", "function_backend_cli", "health", "--address", server.target)


def _messages_of_methods() -> Collection[Descriptor]:
    """The messages of all requests and responses, and those inside them."""
    found: dict[str, Descriptor] = {}

    def collect(message: Descriptor) -> None:
        if message.full_name in found or not message.full_name.startswith("function."):
            return
        found[message.full_name] = message
        for field in message.fields:
            if field.message_type is not None and not field.message_type.GetOptions().map_entry:
                collect(field.message_type)

    for method in METHODS:
        collect(method.descriptor.input_type)
        collect(method.descriptor.output_type)
    return [message for message in found.values() if message.containing_type is None]


def _call_everything(call: Call, name: str) -> set[str]:
    """Goes through the life of a company, of a tenant and of a key; returns the names of the methods called."""
    by_name = {method.descriptor.name: method for method in METHODS}
    called: set[str] = set()

    def send(method: str, *messages: Json) -> Json:
        called.add(method)
        [answer] = call(by_name[method], messages)
        return answer

    company = send("CreateCompany", {"company": {"legalName": f"Created {name} GmbH"}})["company"]
    company_id = company["id"]
    assert send("GetCompany", {"id": company_id})["company"] == company
    assert send("BatchGetCompanies", {"ids": [company_id]})["companies"] == [company]
    changed = {"id": company_id, "legalName": f"Changed {name} GmbH", "etag": company["etag"]}
    assert send("UpdateCompany", {"company": changed})["company"]["legalName"]
    assert "deleteTime" in send("DeleteCompany", {"id": company_id})["company"]
    assert "deleteTime" not in send("UndeleteCompany", {"id": company_id})["company"]
    assert len(send("ListCompanyRevisions", {"id": company_id})["revisions"]) == 4
    assert send("SearchCompanies", {"query": f"changed {name}"})["results"][0]["company"]["id"] == company_id
    found = send("ListCompanies", {"filter": f'legal_name = "Changed {name} GmbH"'})["companies"]
    assert [each["id"] for each in found] == [company_id]
    row = {"row": 1, "company": {"legalName": f"Imported {name} GmbH", "identifiers": [_identifier()]}}
    imported = send("ImportCompanies", {"config": {"matchScheme": "lei"}}, {"batch": {"rows": [row]}})
    assert int(imported["rowCount"]) == 1
    exported = send("ExportCompanies", {"batchSize": 100})["companies"]
    assert company_id in {each["id"] for each in exported}

    tenant = send("CreateTenant", {"name": f"tenant-{name.replace(' ', '-')}"})["tenant"]
    assert send("GetTenant", {"id": tenant["id"]})["tenant"] == tenant
    assert tenant in send("ListTenants", {})["tenants"]
    key = send("CreateApiKey", {"displayName": name, "permissions": ["company.read"]})["apiKey"]
    assert send("GetApiKey", {"id": key["id"]})["apiKey"] == key
    assert key["id"] in {each["id"] for each in send("ListApiKeys", {})["apiKeys"]}
    assert "revokeTime" in send("RevokeApiKey", {"id": key["id"]})["apiKey"]
    return called


def _identifier() -> Json:
    return {"scheme": "lei", "value": EXAMPLE_LEI}
