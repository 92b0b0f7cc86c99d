from __future__ import annotations

import time
from typing import cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
)
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 60
# "A revoked key is refused by every worker within 1 s"; the rest is patience for a busy machine.
_PATIENCE = 60


def _keys(server: RunningServer) -> api_key_service_pb2_grpc.ApiKeyServiceStub:
    return api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)


def _tenants(server: RunningServer) -> tenant_service_pb2_grpc.TenantServiceStub:
    return tenant_service_pb2_grpc.TenantServiceStub(server.channel)


def _reason(error: grpc.RpcError) -> tuple[str, dict[str, str]]:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, dict(info.metadata)


def _violations(error: grpc.RpcError) -> dict[str, str]:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(request) for detail in status.details)
    return {violation.field: violation.description for violation in request.field_violations}


def _wish(*permissions: str, **fields: object) -> api_key_service_pb2.CreateApiKeyRequest:
    return api_key_service_pb2.CreateApiKeyRequest(
        display_name="test",
        permissions=permissions,
        **fields,  # type: ignore[arg-type]
    )


class TestKeys:
    def test_a_new_key_works_and_is_shown_without_its_secret(self, server: RunningServer) -> None:
        made = _keys(server).CreateApiKey(
            _wish("auth.api_key.read", rate_limit_per_second=5), metadata=server.metadata(), timeout=_SECONDS
        )
        got = _keys(server).GetApiKey(
            api_key_service_pb2.GetApiKeyRequest(id=made.api_key.id),
            metadata=server.metadata(made.secret),
            timeout=_SECONDS,
        )
        assert got.api_key == made.api_key
        assert got.api_key.rate_limit_per_second == 5
        assert got.api_key.HasField("create_time")
        assert not got.api_key.HasField("expire_time")
        assert made.secret not in str(got)

    def test_it_may_do_only_what_it_carries(self, server: RunningServer) -> None:
        secret = make_key(server, "auth.api_key.read")
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).CreateApiKey(_wish("auth.api_key.read"), metadata=server.metadata(secret), timeout=_SECONDS)
        assert _reason(refused.value)[0] == "PERMISSION_MISSING"

    def test_granting_more_than_held_is_an_escalation(self, server: RunningServer) -> None:
        secret = make_key(server, "auth.api_key.create", "company.read")
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).CreateApiKey(_wish("company.*"), metadata=server.metadata(secret), timeout=_SECONDS)
        assert _reason(refused.value) == ("PERMISSION_ESCALATION", {"permission": "company.*"})

    def test_an_unknown_permission_is_named_with_the_nearest(self, server: RunningServer) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).CreateApiKey(_wish("company.reed"), metadata=server.metadata(), timeout=_SECONDS)
        assert "did you mean 'company.read'?" in _violations(refused.value)["permissions[0]"]

    @pytest.mark.parametrize(
        "moment",
        [
            Timestamp(seconds=1),
            Timestamp(seconds=1 << 62),
            Timestamp(seconds=-(1 << 62)),
            Timestamp(seconds=4_000_000_000, nanos=-1),
            Timestamp(seconds=4_000_000_000, nanos=2_000_000_000),
        ],
        ids=["past", "far future", "far past", "negative nanos", "too many nanos"],
    )
    def test_an_impossible_expiry_is_refused(self, server: RunningServer, moment: Timestamp) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).CreateApiKey(
                _wish("company.read", expire_time=moment), metadata=server.metadata(), timeout=_SECONDS
            )
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "expire_time" in _violations(refused.value)

    def test_a_rehearsal_makes_no_key(self, server: RunningServer) -> None:
        made = _keys(server).CreateApiKey(
            _wish("company.read", validate_only=True), metadata=server.metadata(), timeout=_SECONDS
        )
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).GetApiKey(
                api_key_service_pb2.GetApiKeyRequest(id=made.api_key.id), metadata=server.metadata(), timeout=_SECONDS
            )
        assert _reason(refused.value) == ("API_KEY_NOT_FOUND", {"api_key_id": made.api_key.id})


class TestRepetition:
    def test_the_same_request_gives_the_same_secret_which_the_database_cannot_read(self, server: RunningServer) -> None:
        request = _wish("company.read", request_id=str(uuid4()))
        first, second = (
            _keys(server).CreateApiKey(request, metadata=server.metadata(), timeout=_SECONDS) for _ in range(2)
        )
        assert second == first
        with psycopg.connect(server.database.superuser_url) as connection:
            row = connection.execute(
                "select sealed, response from stored_answer where request_id = %s", (request.request_id,)
            ).fetchone()
        assert row is not None
        assert row[0] is True
        assert first.secret.encode() not in row[1]

    def test_the_same_id_for_another_request_is_refused(self, server: RunningServer) -> None:
        request_id = str(uuid4())
        _keys(server).CreateApiKey(
            _wish("company.read", request_id=request_id), metadata=server.metadata(), timeout=_SECONDS
        )
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).CreateApiKey(
                _wish("company.update", request_id=request_id), metadata=server.metadata(), timeout=_SECONDS
            )
        assert _reason(refused.value) == ("REQUEST_ID_REUSED", {"request_id": request_id})

    def test_another_key_of_the_tenant_does_not_get_the_secret(self, server: RunningServer) -> None:
        request = _wish("company.read", request_id=str(uuid4()))
        _keys(server).CreateApiKey(request, metadata=server.metadata(), timeout=_SECONDS)
        colleague = make_key(server, "*")
        with pytest.raises(grpc.RpcError) as refused:
            _keys(server).CreateApiKey(request, metadata=server.metadata(colleague), timeout=_SECONDS)
        assert _reason(refused.value)[0] == "REQUEST_ID_REUSED"


class TestTenants:
    def test_a_new_tenant_is_administered_by_its_key(self, server: RunningServer) -> None:
        name = f"tenant-{uuid4().hex}"
        made = _tenants(server).CreateTenant(
            tenant_service_pb2.CreateTenantRequest(name=name, display_name="A tenant"),
            metadata=server.metadata(),
            timeout=_SECONDS,
        )
        own = _tenants(server).GetTenant(
            tenant_service_pb2.GetTenantRequest(), metadata=server.metadata(made.secret), timeout=_SECONDS
        )
        assert own.tenant == made.tenant
        assert (own.tenant.name, own.tenant.display_name) == (name, "A tenant")
        assert make_key(server, "company.*", by=made.secret)

    def test_a_taken_name_is_refused(self, server: RunningServer) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            make_tenant(server, "default")
        assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
        assert _reason(refused.value) == ("TENANT_NAME_TAKEN", {"name": "default"})

    def test_another_tenant_is_not_there_for_its_neighbours(self, server: RunningServer, other_tenant_key: str) -> None:
        ours = _tenants(server).GetTenant(
            tenant_service_pb2.GetTenantRequest(), metadata=server.metadata(), timeout=_SECONDS
        )
        with pytest.raises(grpc.RpcError) as refused:
            _tenants(server).GetTenant(
                tenant_service_pb2.GetTenantRequest(id=ours.tenant.id),
                metadata=server.metadata(other_tenant_key),
                timeout=_SECONDS,
            )
        assert _reason(refused.value) == ("TENANT_NOT_FOUND", {"tenant_id": ours.tenant.id})

    def test_they_are_listed_for_the_platforms_administrator_alone(
        self, server: RunningServer, other_tenant_key: str
    ) -> None:
        listed = _tenants(server).ListTenants(
            tenant_service_pb2.ListTenantsRequest(page_size=1), metadata=server.metadata(), timeout=_SECONDS
        )
        assert len(listed.tenants) == 1
        assert listed.next_page_token
        with pytest.raises(grpc.RpcError) as refused:
            _tenants(server).ListTenants(
                tenant_service_pb2.ListTenantsRequest(), metadata=server.metadata(other_tenant_key), timeout=_SECONDS
            )
        assert _reason(refused.value)[0] == "PERMISSION_MISSING"


def test_a_revoked_key_is_refused_by_every_server_soon(start_server: StartServer) -> None:
    first, second = start_server(), start_server()
    request = api_key_service_pb2.ListApiKeysRequest()
    made = _keys(first).CreateApiKey(_wish("auth.api_key.*"), metadata=first.metadata(), timeout=_SECONDS)
    for server in (first, second):
        _keys(server).ListApiKeys(request, metadata=server.metadata(made.secret), timeout=_SECONDS)
    _keys(first).RevokeApiKey(
        api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id), metadata=first.metadata(), timeout=_SECONDS
    )
    for server in (first, second):
        assert _refused_within(server, made.secret, _PATIENCE) == "CREDENTIAL_REVOKED"


def _refused_within(server: RunningServer, secret: str, seconds: float) -> str:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        try:
            _keys(server).ListApiKeys(
                api_key_service_pb2.ListApiKeysRequest(), metadata=server.metadata(secret), timeout=_SECONDS
            )
        except grpc.RpcError as error:
            return _reason(error)[0]
    return "never refused"
