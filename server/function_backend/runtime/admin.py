"""Channelz, health and reflection on a port of each worker's own, for whoever stands on the machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_channelz.v1 import channelz, channelz_pb2

from function_backend.runtime.address import Address, AddressError
from function_backend.runtime.health import Health
from function_backend.runtime.health_service import SERVICE as HEALTH_SERVICE
from function_backend.runtime.health_service import health_handlers
from function_backend.runtime.reflection import reflection_handlers

_CHANNELZ_SERVICE = channelz_pb2.DESCRIPTOR.services_by_name["Channelz"].full_name


class AdminServer:
    """Answers without credentials, so it listens on a local address alone."""

    def __init__(self, address: Address, health: Health) -> None:
        """Listens and serves; AddressError when it cannot."""
        self._server = grpc.server(
            ThreadPoolExecutor(2, thread_name_prefix="admin"),
            options=[("grpc.so_reuseport", 0), ("grpc.max_connection_age_ms", 60_000)],
        )
        channelz.add_channelz_servicer(self._server)
        self._server.add_generic_rpc_handlers((health_handlers(health),))
        self._server.add_generic_rpc_handlers(reflection_handlers((_CHANNELZ_SERVICE, HEALTH_SERVICE)))
        try:
            self.port = self._server.add_insecure_port(str(address))
        except RuntimeError as error:
            raise AddressError(f"cannot listen on {address} (server.admin_listen): {error}") from error
        self._server.start()

    def stop(self) -> None:
        """Stops at once."""
        self._server.stop(None)
