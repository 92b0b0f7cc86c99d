"""The gRPC server of one process: its port, its limits, its threads, and its end without a lost call."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import grpc

from function_backend.runtime.address import Address, AddressError
from function_backend.runtime.health import Health
from function_backend.runtime.health_service import SERVICE as HEALTH_SERVICE
from function_backend.runtime.health_service import health_handlers
from function_backend.runtime.pool import CallPool
from function_backend.runtime.reflection import reflection_handlers
from function_backend.runtime.settings import ServerSettings, TlsSettings
from function_backend.runtime.sockets import close_listeners, count_connections, refuse_new_connections
from function_backend.runtime.tls import Certificates

_LOG = logging.getLogger(__name__)

_HANDSHAKE_SECONDS = 0.3
_POLL_SECONDS = 0.05
_QUIET_SECONDS = 2.0
_LAST_GRACE_SECONDS = 2.0

Handlers = Mapping[str, Mapping[str, "grpc.RpcMethodHandler[Any, Any]"]]


class CallServer:
    """Serves the methods, health and reflection on the shared port."""

    def __init__(
        self,
        settings: ServerSettings,
        tls: TlsSettings,
        *,
        handlers: Handlers,
        health: Health,
        pools: Sequence[CallPool],
    ) -> None:
        """Prepares the server; nothing listens before `start`. The first pool serves what names no other."""
        self._health = health
        self._pools = tuple(pools)
        self._port = 0
        self._credentials = _credentials(tls)
        self._server = grpc.server(
            pools[0], options=channel_options(settings), maximum_concurrent_rpcs=settings.max_concurrent_calls
        )
        for service, methods in handlers.items():
            self._server.add_registered_method_handlers(service, dict(methods))
        self._server.add_generic_rpc_handlers((health_handlers(health),))
        if settings.reflection:
            self._server.add_generic_rpc_handlers(reflection_handlers((*handlers, HEALTH_SERVICE)))

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    def start(self, addresses: Sequence[Address], *, local: str = "") -> None:
        """Listens and serves; AddressError when it cannot.

        `local` is a socket besides, such as `unix:/…`, for the service's own processes: without TLS.
        """
        for address in addresses:
            wanted = address if address.port else address.with_port(self._port)
            self._port = self._open(wanted)
        if local:
            try:
                self._server.add_insecure_port(local)
            except RuntimeError as error:
                raise AddressError(f"cannot listen on {local}: {error}") from error
        self._server.start()

    def drain(self, limit: timedelta, *, until_quiet: bool) -> bool:
        """Ends without losing a call, and returns whether everything was over within the limit.

        Health says NOT_SERVING, the listener closes, and the connections end as they reach their age: gRPC then tells
        the caller to go elsewhere and finishes what it has begun. With `until_quiet` it also ends as soon as no call
        has come for two seconds, for when there is no elsewhere.
        """
        ends_at = time.monotonic() + limit.total_seconds()
        self._health.drain()
        if refuse_new_connections(self._port):
            time.sleep(_HANDSHAKE_SECONDS)
        close_listeners(self._port)
        self._health.end_watches()
        while count_connections(self._port) and time.monotonic() < ends_at:
            if until_quiet and all(pool.quiet_seconds > _QUIET_SECONDS for pool in self._pools):
                break
            time.sleep(_POLL_SECONDS)
        over = not any(pool.unfinished for pool in self._pools)
        self.stop(timedelta(seconds=_LAST_GRACE_SECONDS if over else 0))
        return over

    def stop(self, grace: timedelta) -> None:
        """Stops at once: what runs may go on for the grace, what arrives is refused."""
        self._health.drain()
        self._health.end_watches()
        self._server.stop(grace.total_seconds()).wait()
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)

    def _open(self, address: Address) -> int:
        try:
            if self._credentials is None:
                return self._server.add_insecure_port(str(address))
            return self._server.add_secure_port(str(address), self._credentials)
        except RuntimeError as error:
            raise AddressError(f"cannot listen on {address}: {error}") from error


def _credentials(tls: TlsSettings) -> grpc.ServerCredentials | None:
    if tls.certificate is None:
        return None
    return Certificates(tls).credentials()


def channel_options(settings: ServerSettings) -> list[tuple[str, int]]:
    """The settings as the gRPC core takes them."""
    return [
        ("grpc.so_reuseport", 1),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.max_concurrent_streams", settings.max_concurrent_streams),
        ("grpc.keepalive_time_ms", _milliseconds(settings.keepalive_time)),
        ("grpc.keepalive_timeout_ms", _milliseconds(settings.keepalive_timeout)),
        # Clients may ask whether the connection lives while no call is open; long-lived channels need that.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", _milliseconds(settings.min_ping_interval)),
        ("grpc.http2.max_ping_strikes", 2),
        ("grpc.max_connection_age_ms", _milliseconds(settings.max_connection_age)),
        ("grpc.max_connection_age_grace_ms", _milliseconds(settings.max_connection_age_grace)),
        # Costs a little for each call; the admin port is where it is looked at.
        ("grpc.enable_channelz", 1 if settings.admin_listen else 0),
    ]


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
