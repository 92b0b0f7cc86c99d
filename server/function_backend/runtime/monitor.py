"""The HTTP port for operators: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever runs the process.

It is served by a process of its own, so that a scrape neither waits for calls nor makes them wait.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from function_backend.runtime.address import Address, AddressError
from function_backend.runtime.process_metrics import ProcessCollector
from function_backend.runtime.status_file import StatusFile, WorkerStatus

_SOCKET_SECONDS = 5.0


def serve_monitor(
    line: socket.socket, listener: socket.socket, registry: Callable[[], CollectorRegistry], status: StatusFile
) -> int:
    """Serves until the supervisor says otherwise or is gone; the exit status."""
    server = _Server(listener, registry, status)
    threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()
    # Whatever the supervisor says, and also its silence for good, means the end.
    line.recv(1)
    server.shutdown()
    return 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, registry: Callable[[], CollectorRegistry], status: StatusFile) -> None:
        super().__init__(listener.getsockname()[:2], _Page, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.registry = registry
        self.status = status


class _Page(BaseHTTPRequestHandler):
    server: _Server
    server_version = "function-backend"
    sys_version = ""
    timeout = _SOCKET_SECONDS
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        page = {"/metrics": self._metrics, "/healthz": self._alive, "/readyz": self._ready}.get(
            self.path.partition("?")[0]
        )
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/metrics /healthz /readyz\n")
        else:
            page()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as declared by the library
        """Says nothing: a scrape every few seconds is no news."""

    def _metrics(self) -> None:
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        registry = self.server.registry()
        registry.register(ProcessCollector(self.server.status.read()))
        self._answer(HTTPStatus.OK, content_type, encode(registry))

    def _alive(self) -> None:
        self._answer(HTTPStatus.OK, "application/json", b'{"status":"alive"}\n')

    def _ready(self) -> None:
        workers = self.server.status.read()
        ready = any(worker.state == "serving" for worker in workers)
        body = orjson.dumps(
            {"status": "ready" if ready else "not ready", "workers": [_shown(worker) for worker in workers]},
            option=orjson.OPT_APPEND_NEWLINE,
        )
        self._answer(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, "application/json", body)

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _shown(worker: WorkerStatus) -> dict[str, object]:
    return {"index": worker.index, "pid": worker.pid, "state": worker.state}


def open_monitor(listen: str) -> socket.socket | None:
    """The socket for the port; None when the address is empty. Raises AddressError when it cannot listen there."""
    if not listen:
        return None
    address = Address.parse(listen)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((address.host, address.port))
        opened.listen(64)
    except OSError as error:
        opened.close()
        raise AddressError(f"cannot listen on {address} (metrics.listen): {error.strerror or error}") from error
    return opened
