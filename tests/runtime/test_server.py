import socket
import threading
import time
from datetime import timedelta

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc

from function_backend.runtime.address import Address, AddressError
from function_backend.runtime.admin import AdminServer
from function_backend.runtime.health import Health
from function_backend.runtime.settings import ServerSettings
from tests.runtime.echo import channel_to, echo, echo_server, eventually, say


class TestLimits:
    def test_a_message_that_is_too_large_is_refused(self) -> None:
        settings = ServerSettings(max_message_bytes=64 * 1024)
        with echo_server(settings) as server, channel_to(server.port) as channel:
            assert say(channel, b"x" * 60_000)
            with pytest.raises(grpc.RpcError) as caught:
                say(channel, b"x" * 70_000)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    def test_more_open_calls_than_allowed_are_refused(self) -> None:
        settings = ServerSettings(max_concurrent_calls=2)
        with echo_server(settings) as server, channel_to(server.port) as channel:
            calls = [echo(channel).future(b"sleep 0.5") for _ in range(5)]
            codes = [call.code() for call in calls]
        assert codes.count(grpc.StatusCode.OK) == 2
        assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 3

    def test_calls_beyond_the_streams_of_a_connection_wait_for_a_place(self) -> None:
        settings = ServerSettings(max_concurrent_streams=1)
        with echo_server(settings) as server, channel_to(server.port) as channel:
            calls = [echo(channel).future(b"sleep 0.1") for _ in range(3)]
            assert [call.result(timeout=60) for call in calls] == [b"sleep 0.1"] * 3

    def test_an_old_connection_is_moved_on_without_losing_a_call(self) -> None:
        settings = ServerSettings(max_connection_age=timedelta(milliseconds=200))
        with echo_server(settings) as server, channel_to(server.port) as channel:
            states: list[grpc.ChannelConnectivity] = []
            channel.subscribe(states.append)
            ends_at = time.monotonic() + 1.5
            while time.monotonic() < ends_at:
                assert say(channel, b"hello") == b"hello"
            assert states.count(grpc.ChannelConnectivity.READY) > 2

    def test_a_client_that_pings_too_often_is_disconnected(self) -> None:
        settings = ServerSettings(min_ping_interval=timedelta(minutes=5))
        pings = [("grpc.keepalive_time_ms", 10), ("grpc.http2.max_pings_without_data", 0)]
        with echo_server(settings) as server, channel_to(server.port, pings) as channel:
            call = echo(channel).future(b"sleep 5")
            assert call.code() is grpc.StatusCode.UNAVAILABLE
            assert call.details() == "Too many pings"


class TestEnd:
    def test_an_idle_server_drains_as_soon_as_its_connections_have_aged(self) -> None:
        settings = ServerSettings(max_connection_age=timedelta(milliseconds=500))
        with echo_server(settings) as server, channel_to(server.port) as channel:
            assert say(channel, b"hello") == b"hello"
            assert server.drain(timedelta(seconds=20), until_quiet=False)

    def test_calls_go_on_while_the_listener_is_closed(self) -> None:
        settings = ServerSettings(max_connection_age=timedelta(seconds=2))
        with echo_server(settings) as server, channel_to(server.port) as channel:
            assert say(channel, b"hello") == b"hello"
            drained = threading.Thread(
                target=server.drain, args=(timedelta(seconds=20),), kwargs={"until_quiet": False}
            )
            drained.start()
            eventually(lambda: not listens(server.port))
            assert say(channel, b"still here") == b"still here"
            drained.join()

    def test_when_everything_ends_it_does_not_wait_for_connections_that_are_quiet(self) -> None:
        settings = ServerSettings(max_connection_age=timedelta(hours=1))
        with echo_server(settings) as server, channel_to(server.port) as channel:
            assert say(channel, b"hello") == b"hello"
            assert server.drain(timedelta(minutes=5), until_quiet=True)

    def test_calls_that_outlive_the_limit_are_cancelled(self) -> None:
        with echo_server() as server, channel_to(server.port) as channel:
            call = echo(channel).future(b"sleep 3")
            time.sleep(0.2)
            assert not server.drain(timedelta(seconds=0.5), until_quiet=False)
            assert call.code() is not grpc.StatusCode.OK


def listens(port: int) -> bool:
    with socket.socket() as probe:
        # Without the option a port that anybody listens on cannot be bound.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


class TestAdmin:
    def test_channelz_shows_the_server_and_its_calls(self) -> None:
        settings = ServerSettings(admin_listen="127.0.0.1:0")
        admin = AdminServer(Address.parse("127.0.0.1:0"), Health([]))
        try:
            with echo_server(settings) as server, channel_to(server.port) as channel, channel_to(admin.port) as local:
                assert say(channel, b"hello") == b"hello"
                servers = channelz_pb2_grpc.ChannelzStub(local).GetServers(channelz_pb2.GetServersRequest()).server
                assert any(entry.data.calls_succeeded == 1 for entry in servers)
        finally:
            admin.stop()

    def test_a_port_that_is_taken_is_named(self) -> None:
        admin = AdminServer(Address.parse("127.0.0.1:0"), Health([]))
        try:
            with pytest.raises(AddressError, match=r"server\.admin_listen"):
                AdminServer(Address("127.0.0.1", admin.port), Health([]))
        finally:
            admin.stop()
