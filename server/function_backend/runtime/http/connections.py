"""Connections of the HTTP port: so many at once, and none that takes its time."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Sequence
from http.server import ThreadingHTTPServer
from typing import Any

_MOST_CONNECTIONS = 64
_REQUEST_SECONDS = 10.0
_LOOK_SECONDS = 1.0
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nCache-Control: no-store\r\n"
    b"Connection: close\r\n\r\n"
)
_MOST_PROXIES = 10

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BoundedServer(ThreadingHTTPServer):
    """Serves each connection in a thread, of which there are so many at most.

    A limit for each read is not enough: whoever sends a byte now and then keeps a thread for hours. So a whole request
    has to arrive within a time, or its connection is cut.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, listener: socket.socket, handler: Any) -> None:  # noqa: ANN401 - as the library has it
        super().__init__(listener.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._places = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._due: dict[socket.socket, float] = {}
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="slow connections", daemon=True)

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serves until `shutdown`."""
        self._watcher.start()
        super().serve_forever(poll_interval)

    def shutdown(self) -> None:
        """Ends `serve_forever`."""
        self._ended.set()
        super().shutdown()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the library has it
        """Serves the connection in a thread; when all are taken, says so and closes it."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        with contextlib.suppress(OSError):
            request.settimeout(0.1)
            request.sendall(_BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """The life of a connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._due.pop(request, None)
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Says nothing: a client that breaks off is no news."""

    def expect(self, connection: socket.socket) -> None:
        """From here on a whole request has to arrive."""
        self._due[connection] = time.monotonic() + _REQUEST_SECONDS

    def arrived(self, connection: socket.socket) -> None:
        """It has arrived."""
        self._due.pop(connection, None)

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            now = time.monotonic()
            for connection, due in list(self._due.items()):
                if due < now:
                    with contextlib.suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who asks: the peer, or whom a trusted proxy names as its client.

    Of a chain of proxies the last that is not ours counts: what stands before it, anybody may have written.
    """
    address = peer
    for hop in reversed([part.strip() for part in forwarded.split(",")[-_MOST_PROXIES:]]):
        if not _within(address, trusted):
            break
        try:
            address = str(ipaddress.ip_address(hop))
        except ValueError:
            break
    return address


def networks(names: Sequence[str]) -> tuple[Network, ...]:
    """The networks of these names, such as `10.0.0.0/8`; ValueError for what is none."""
    return tuple(ipaddress.ip_network(name) for name in names)


def _within(address: str, trusted: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return any((mapped or found) in network for network in trusted)
