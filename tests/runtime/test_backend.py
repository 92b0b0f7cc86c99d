import grpc
import pytest

from function.auth.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, serving
from tests.runtime.echo import eventually


def get_tenant(server: RunningServer, key: str | None = None) -> str:
    stub = tenant_service_pb2_grpc.TenantServiceStub(server.channel)
    return stub.GetTenant(tenant_service_pb2.GetTenantRequest(), metadata=server.metadata(key), timeout=60).tenant.name


def test_the_key_of_the_first_start_administers_the_default_tenant(server: RunningServer) -> None:
    assert get_tenant(server) == "default"


def test_other_tenants_and_lesser_keys_can_be_made(server: RunningServer) -> None:
    assert get_tenant(server, make_tenant(server, "acme")) == "acme"
    with pytest.raises(grpc.RpcError) as caught:
        get_tenant(server, make_key(server, "auth.api_key.read"))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_health_says_serving_once_the_database_has_answered(server: RunningServer) -> None:
    eventually(lambda: serving(server))


def test_each_call_is_a_line_and_a_number(fresh_server: RunningServer) -> None:
    get_tenant(fresh_server)
    method = "/function.auth.v1.TenantService/GetTenant"
    eventually(lambda: any(line.get("method") == method for line in fresh_server.log_lines()))
    eventually(
        lambda: (
            fresh_server.registry.get_sample_value(
                "function_backend_rpc_handled_total", {"method": method, "code": "OK"}
            )
            == 1
        )
    )


def test_no_key_is_ever_logged(fresh_server: RunningServer) -> None:
    key = make_key(fresh_server, "auth.api_key.read")
    with pytest.raises(grpc.RpcError):
        get_tenant(fresh_server, f"{key}x")
    eventually(lambda: fresh_server.log_text().count('"message":"call"') >= 2)
    assert key not in fresh_server.log_text()
    assert fresh_server.admin_key not in fresh_server.log_text()
