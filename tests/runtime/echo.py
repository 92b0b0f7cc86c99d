"""A service without a database, to look at the server, the supervisor and the end of a worker on their own."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from function_backend.runtime.address import Address
from function_backend.runtime.health import Health
from function_backend.runtime.pool import CallPool
from function_backend.runtime.server import CallServer, Handlers
from function_backend.runtime.settings import ServerSettings, TlsSettings
from function_backend.runtime.sockets import refuse_new_connections

SERVICE = "test.Echo"
METHOD = f"/{SERVICE}/Say"


def echo_handlers() -> Handlers:
    return {SERVICE: {"Say": grpc.unary_unary_rpc_method_handler(_say)}}


@contextlib.contextmanager
def echo_server(
    settings: ServerSettings | None = None, tls: TlsSettings | None = None, health: Health | None = None
) -> Iterator[CallServer]:
    settings = replace(settings or ServerSettings(), listen="127.0.0.1:0")
    server = CallServer(
        settings,
        tls or TlsSettings(),
        handlers=echo_handlers(),
        health=health or Health([SERVICE]),
        pools=[CallPool(settings.threads, name="call")],
    )
    server.start([Address.parse(settings.listen)])
    try:
        yield server
    finally:
        server.stop(timedelta())


@contextlib.contextmanager
def channel_to(port: int, options: Sequence[tuple[str, int]] = ()) -> Iterator[grpc.Channel]:
    own_connection = ("grpc.use_local_subchannel_pool", 1)
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=[own_connection, *options]) as channel:
        yield channel


def say(channel: grpc.Channel, request: bytes, *, timeout: float = 60) -> bytes:
    return echo(channel)(request, timeout=timeout)


def echo(channel: grpc.Channel) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
    return channel.unary_unary(METHOD)


def eventually(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            pytest.fail("the condition did not come true in time")
        time.sleep(0.02)


def _say(request: bytes, _: grpc.ServicerContext) -> bytes:
    """Gives back what it got; after `sleep 1.5 /a/file` only then, with the file there as soon as it sleeps."""
    if request.startswith(b"sleep "):
        seconds, *files = request.decode().split()[1:]
        for file in files:
            Path(file).touch()
        time.sleep(float(seconds))
    return request


def filters_sockets() -> bool:
    """Whether the system lets this account keep new connections from a listener; some kernels keep that to root."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        return refuse_new_connections(sock.getsockname()[1])
