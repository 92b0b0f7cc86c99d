"""The HTTP port: metrics, health, OAuth, and links to unsubscribe.

`/metrics` is for Prometheus, `/healthz` and `/readyz` for whoever runs the process.

It is served by a process of its own, so that a scrape neither waits for calls nor makes them wait. That process knows
no secrets and no database: what OAuth clients ask, it hands to a worker (`oauth.py`), and so with links to
unsubscribe (`unsubscribing.py`).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from function_backend.runtime.http.answer import Answer, refusal
from function_backend.runtime.http.connections import BoundedServer, Network, client_address
from function_backend.runtime.http.oauth import PAGES, OAuthPages, Request
from function_backend.runtime.http.unsubscribing import UNSUBSCRIBE_PATH, UnsubscribePages
from function_backend.runtime.process_metrics import ProcessCollector
from function_backend.runtime.status_file import StatusFile, WorkerStatus

_SOCKET_SECONDS = 5.0
_LARGEST_FORM = 64 * 1024
_LONGEST_LENGTH = 9


def serve_monitor(line: socket.socket, server: Monitor) -> int:
    """Serves until the supervisor says otherwise or is gone; the exit status."""
    threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()
    # Whatever the supervisor says, and also its silence for good, means the end.
    line.recv(1)
    server.shutdown()
    return 0


class Monitor(BoundedServer):
    """The server of the port."""

    def __init__(
        self,
        listener: socket.socket,
        registry: Callable[[], CollectorRegistry],
        status: StatusFile,
        *,
        oauth: OAuthPages,
        unsubscribing: UnsubscribePages,
        trusted: Sequence[Network] = (),
    ) -> None:
        """`trusted` are the networks of proxies that say for whom they ask."""
        super().__init__(listener, _Page)
        self.registry = registry
        self.status = status
        self.oauth = oauth
        self.unsubscribing = unsubscribing
        self.trusted = tuple(trusted)


class _Page(BaseHTTPRequestHandler):
    server: Monitor
    server_version = "function-backend"
    sys_version = ""
    timeout = _SOCKET_SECONDS
    protocol_version = "HTTP/1.1"

    def handle_one_request(self) -> None:
        self.server.expect(self.connection)
        super().handle_one_request()

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path in PAGES or path == UNSUBSCRIBE_PATH:
            self._forward(path, query)
            return
        self.server.arrived(self.connection)
        page = {"/metrics": self._metrics, "/healthz": self._alive, "/readyz": self._ready}.get(path)
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/metrics /healthz /readyz\n")
        else:
            page()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        if path in PAGES or path == UNSUBSCRIBE_PATH:
            self._forward(path, query)
        else:
            self.server.arrived(self.connection)
            self.close_connection = True
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"nothing is taken here\n")

    def _forward(self, path: str, query: str) -> None:
        body = self._body()
        self.server.arrived(self.connection)
        if isinstance(body, Answer):
            # What follows on the connection is unknown.
            self.close_connection = True
            self._send(body)
            return
        forwarded = ",".join(self.headers.get_all("x-forwarded-for", []))
        request = Request(
            verb=self.command,
            path=path,
            query=query,
            headers=self.headers,
            body=body,
            address=client_address(self.client_address[0], forwarded, self.server.trusted),
        )
        pages = self.server.unsubscribing if path == UNSUBSCRIBE_PATH else self.server.oauth
        self._send(pages.answer(request))

    def _body(self) -> bytes | Answer:
        """What was sent; when it cannot be told where it ends, or it is too long, what to answer."""
        lengths = self.headers.get_all("content-length", [])
        if "transfer-encoding" in self.headers or len(lengths) > 1 or (not lengths and self.command == "POST"):
            return refusal(HTTPStatus.LENGTH_REQUIRED, "invalid_request", "Say Content-Length, once.")
        if not lengths:
            return b""
        if not lengths[0].isascii() or not lengths[0].isdigit():
            return refusal(HTTPStatus.BAD_REQUEST, "invalid_request", "Content-Length is no number.")
        if len(lengths[0]) > _LONGEST_LENGTH or int(lengths[0]) > _LARGEST_FORM:
            return refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "invalid_request", f"A form has at most {_LARGEST_FORM} bytes."
            )
        body = self.rfile.read(int(lengths[0]))
        if len(body) != int(lengths[0]):
            return refusal(HTTPStatus.BAD_REQUEST, "invalid_request", "The body is shorter than was said.")
        return body

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.body:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

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
