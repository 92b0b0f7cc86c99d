from collections.abc import Iterator

import pytest

from function.auth.v1 import tenant_service_pb2, tenant_service_pb2_grpc
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.traces import Receiver

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


def get_tenant(server: RunningServer, **metadata: str) -> None:
    stub = tenant_service_pb2_grpc.TenantServiceStub(server.channel)
    stub.GetTenant(tenant_service_pb2.GetTenantRequest(), metadata=server.metadata(**metadata), timeout=60)


def test_a_sampled_call_is_a_span_below_the_span_of_the_caller(receiver: Receiver, start_server: StartServer) -> None:
    server = start_server(settings={"tracing.endpoint": receiver.endpoint, "tracing.ratio": 0.0})
    get_tenant(server, traceparent=f"00-{TRACE}-{PARENT}-01")
    (resource,) = receiver.requests.get(timeout=60).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert span.trace_id.hex() == TRACE
    assert span.parent_span_id.hex() == PARENT
    assert span.name == "function.auth.v1.TenantService/GetTenant"


def test_the_ratio_decides_for_callers_that_do_not(receiver: Receiver, start_server: StartServer) -> None:
    server = start_server(settings={"tracing.endpoint": receiver.endpoint, "tracing.ratio": 1.0})
    get_tenant(server)
    assert receiver.requests.get(timeout=60).resource_spans
