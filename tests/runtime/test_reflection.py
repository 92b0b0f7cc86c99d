from collections.abc import Iterator

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2

from function_backend.runtime.settings import ServerSettings
from tests.runtime.echo import SERVICE, channel_to, echo_server, say

V1 = "grpc.reflection.v1.ServerReflection"
V1ALPHA = "grpc.reflection.v1alpha.ServerReflection"


@pytest.fixture
def channel() -> Iterator[grpc.Channel]:
    with echo_server() as server, channel_to(server.port) as channel:
        yield channel


def ask(channel: grpc.Channel, version: str, **question: str) -> reflection_pb2.ServerReflectionResponse:
    call = channel.stream_stream(
        f"/{version}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    request = reflection_pb2.ServerReflectionRequest(**question)  # type: ignore[arg-type]
    (response,) = call(iter([request]), timeout=60)
    return response


@pytest.mark.parametrize("version", [V1, V1ALPHA])
class TestReflection:
    def test_lists_every_service(self, channel: grpc.Channel, version: str) -> None:
        listed = ask(channel, version, list_services="").list_services_response.service
        assert {service.name for service in listed} == {SERVICE, "grpc.health.v1.Health", V1, V1ALPHA}

    @pytest.mark.parametrize("symbol", [V1, V1ALPHA, "grpc.health.v1.Health", "function.auth.v1.TenantService"])
    def test_describes_a_service_with_all_that_its_file_needs(
        self, channel: grpc.Channel, version: str, symbol: str
    ) -> None:
        answer = ask(channel, version, file_containing_symbol=symbol).file_descriptor_response
        files = [descriptor_pb2.FileDescriptorProto.FromString(file) for file in answer.file_descriptor_proto]
        names = {file.name for file in files}
        assert all(dependency in names for file in files for dependency in file.dependency)
        assert any(f"{file.package}.{service.name}" == symbol for file in files for service in file.service)

    def test_describes_a_method_by_its_own_name(self, channel: grpc.Channel, version: str) -> None:
        answer = ask(channel, version, file_containing_symbol="function.auth.v1.TenantService.CreateTenant")
        service = ask(channel, version, file_containing_symbol="function.auth.v1.TenantService")
        assert answer.file_descriptor_response == service.file_descriptor_response

    @pytest.mark.parametrize("symbol", ["no.such.Thing", "function.auth.v1.TenantService.NoSuchMethod"])
    def test_says_what_it_does_not_know(self, channel: grpc.Channel, version: str, symbol: str) -> None:
        answer = ask(channel, version, file_containing_symbol=symbol)
        assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_streams_that_stay_open_do_not_stop_calls(channel: grpc.Channel) -> None:
    call: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(f"/{V1}/ServerReflectionInfo")
    question = reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString()
    done: list[bool] = []

    def slowly() -> Iterator[bytes]:
        yield question
        while not done:
            yield question

    streams = [call(slowly()) for _ in range(4)]
    for stream in streams:
        next(iter(stream))
    assert say(channel, b"hello") == b"hello"
    done.append(True)
    for stream in streams:
        stream.cancel()


def test_can_be_switched_off() -> None:
    with echo_server(ServerSettings(reflection=False)) as server, channel_to(server.port) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            ask(channel, V1, list_services="")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
