import queue
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2

from function_backend.runtime.health import Health, Status
from function_backend.runtime.settings import ServerSettings
from tests.runtime.echo import SERVICE, channel_to, echo, echo_server, eventually


@pytest.fixture
def health() -> Health:
    health = Health([SERVICE])
    health.set_all(serving=True)
    return health


@pytest.fixture
def channel(health: Health) -> Iterator[grpc.Channel]:
    with echo_server(health=health) as server, channel_to(server.port) as channel:
        yield channel


class Watcher:
    """Reads a Watch stream from a thread of its own."""

    def __init__(self, channel: grpc.Channel, service: str = "") -> None:
        watch: grpc.UnaryStreamMultiCallable[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]
        watch = channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        self.call = watch(health_pb2.HealthCheckRequest(service=service))
        self.heard: queue.SimpleQueue[object] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> object:
        return self.heard.get(timeout=60)

    def _read(self) -> None:
        try:
            for response in self.call:
                self.heard.put(Status(response.status))
        except grpc.RpcError as error:
            self.heard.put(error.code())


def check(channel: grpc.Channel, service: str = "") -> Status:
    call: grpc.UnaryUnaryMultiCallable[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]
    call = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    return Status(call(health_pb2.HealthCheckRequest(service=service), timeout=60).status)


class TestCheck:
    def test_answers_for_the_whole_and_for_each_service(self, channel: grpc.Channel) -> None:
        assert check(channel) is Status.SERVING
        assert check(channel, SERVICE) is Status.SERVING

    def test_is_not_serving_before_the_dependencies_have_answered(self) -> None:
        with echo_server(health=Health([SERVICE])) as server, channel_to(server.port) as channel:
            assert check(channel) is Status.NOT_SERVING

    def test_answers_while_every_thread_of_the_server_is_busy(self) -> None:
        health = Health([SERVICE])
        health.set_all(serving=True)
        settings = ServerSettings(threads=1)
        with echo_server(settings, health=health) as server, channel_to(server.port) as channel:
            calls = [echo(channel).future(b"sleep 1") for _ in range(3)]
            assert check(channel) is Status.SERVING
            assert not any(call.done() for call in calls[1:])
            assert [call.result(timeout=60) for call in calls] == [b"sleep 1"] * 3

    def test_does_not_know_other_services(self, channel: grpc.Channel) -> None:
        with pytest.raises(grpc.RpcError) as caught:
            check(channel, "no.such.Service")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    def test_stays_at_not_serving_once_draining_has_begun(self, channel: grpc.Channel, health: Health) -> None:
        health.drain()
        health.set_all(serving=True)
        assert check(channel) is Status.NOT_SERVING


class TestList:
    def test_names_every_service_with_its_status(self, channel: grpc.Channel) -> None:
        find = descriptor_pool.Default().FindMessageTypeByName
        request: Any = message_factory.GetMessageClass(find("grpc.health.v1.HealthListRequest"))
        response: Any = message_factory.GetMessageClass(find("grpc.health.v1.HealthListResponse"))
        call: grpc.UnaryUnaryMultiCallable[Any, Any] = channel.unary_unary(
            "/grpc.health.v1.Health/List",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        statuses = call(request(), timeout=60).statuses
        assert {name: status.status for name, status in statuses.items()} == {"": 1, SERVICE: 1}


class TestWatch:
    def test_hears_the_present_status_and_every_change(self, channel: grpc.Channel, health: Health) -> None:
        watcher = Watcher(channel, SERVICE)
        assert watcher.next() is Status.SERVING
        health.set_all(serving=False)
        assert watcher.next() is Status.NOT_SERVING
        health.set_all(serving=True)
        assert watcher.next() is Status.SERVING

    def test_of_an_unknown_service_stays_open(self, channel: grpc.Channel) -> None:
        assert Watcher(channel, "no.such.Service").next() is Status.SERVICE_UNKNOWN

    def test_hears_of_draining_and_is_then_ended(self, channel: grpc.Channel, health: Health) -> None:
        watcher = Watcher(channel)
        assert watcher.next() is Status.SERVING
        health.drain()
        health.end_watches()
        assert watcher.next() is Status.NOT_SERVING
        assert watcher.next() is grpc.StatusCode.UNAVAILABLE

    def test_that_comes_while_draining_is_answered_and_ended(self, channel: grpc.Channel, health: Health) -> None:
        health.drain()
        health.end_watches()
        watcher = Watcher(channel)
        assert watcher.next() is Status.NOT_SERVING
        assert watcher.next() is grpc.StatusCode.UNAVAILABLE

    def test_holds_no_thread_of_the_server(self, channel: grpc.Channel) -> None:
        watchers = [Watcher(channel) for _ in range(50)]
        assert all(watcher.next() is Status.SERVING for watcher in watchers)
        assert check(channel) is Status.SERVING

    def test_is_forgotten_when_the_caller_leaves(self, channel: grpc.Channel, health: Health) -> None:
        watcher = Watcher(channel)
        assert watcher.next() is Status.SERVING
        watcher.call.cancel()
        eventually(lambda: not health._watchers)

    def test_that_takes_no_messages_delays_nobody_and_is_cut_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("function_backend.runtime.health._PATIENCE_SECONDS", 0.2)
        health = Health([])
        health.set_all(serving=True)
        with echo_server(health=health) as server, socket.create_connection(("127.0.0.1", server.port)) as stuck:
            # Ten streams of a caller whose flow control lets nothing through.
            stuck.sendall(_preface_without_window() + b"".join(_watch(stream) for stream in range(1, 21, 2)))
            eventually(lambda: len(health._watchers) == 10)
            with channel_to(server.port) as channel:
                health.set_all(serving=False)
                assert check(channel) is Status.NOT_SERVING
            eventually(lambda: all(watcher.stuck_for() > 0.2 for watcher in health._watchers))
            health.cut_off_the_stuck()
            eventually(lambda: not health._watchers)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _preface_without_window() -> bytes:
    no_window = struct.pack(">HI", 0x4, 0)
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(0x4, 0, 0, no_window)


def _watch(stream: int) -> bytes:
    headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/grpc.health.v1.Health/Watch"),
        (":authority", "test"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]
    block = b"".join(
        b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode() for name, value in headers
    )
    return _frame(0x1, 0x4, stream, block) + _frame(0x0, 0x1, stream, b"\x00\x00\x00\x00\x00")
