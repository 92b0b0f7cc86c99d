"""The process that sends is killed between sending and telling; another one goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from function.webhooks.v1 import delivery_pb2
from function_backend.persistence.embedded.processes import list_processes
from tests.factories.webhooks import LOCAL, WebhookCaller
from tests.fixtures.postgres import Database
from tests.fixtures.server import MASTER_KEY, StartServer
from tests.fixtures.webhook_receiver import Posted, Receiver

_ROUNDS = 3
_COMPANIES = 40
_PATIENCE = 120.0


class _Killer:
    """Kills the worker that has just sent something, a few times; then it lets go on."""

    def __init__(self, receiver: Receiver, pid: int) -> None:
        self._receiver = receiver
        self._pid = pid
        self._lock = threading.Lock()
        self.rounds = 0
        self._killed: set[int] = set()

    def __call__(self, posted: Posted, connection: socket.socket) -> bool:
        with self._lock:
            children = [each.pid for each in list_processes() if each.parent == self._pid]
            alive = [child for child in children if child not in self._killed]
            if self.rounds < _ROUNDS and alive and len(self._receiver.posted) > 10 * self.rounds:
                self.rounds += 1
                self._killed.update(alive)
                for child in alive:
                    os.kill(child, signal.SIGKILL)
                return False
        connection.sendall(b"HTTP/1.1 204 Fine\r\n\r\n")
        return True


def _delivered(caller: WebhookCaller, endpoint_id: str) -> list[delivery_pb2.Delivery]:
    """All of them; each kill costs the time of a lease."""
    ends_at = time.monotonic() + _PATIENCE
    while True:
        found = caller.deliveries(endpoint_id, state=delivery_pb2.DELIVERY_STATE_DELIVERED, page_size=1000)
        if len(found) == _COMPANIES:
            return found
        assert time.monotonic() < ends_at, f"{len(found)} of {_COMPANIES} were delivered"
        time.sleep(0.1)


@pytest.mark.timeout(180)
def test_what_was_sent_and_not_told_of_is_sent_again_with_the_same_id_and_nothing_is_lost(
    start_server: StartServer, fresh_database: Database, receiver: Receiver, tmp_path: Path
) -> None:
    server = start_server(settings=LOCAL)
    # The server of the test does background work too: it is to leave this to the worker.
    for each in server.backend._slices:
        for work in each.background:
            work.close()
    environment = {
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(tmp_path),
        "FUNCTION_BACKEND_DATABASE_URL": fresh_database.app_url,
        "FUNCTION_BACKEND_TOKEN_SECRET": "a secret of the tests that nobody else has",
        "FUNCTION_BACKEND_AUTH_MASTER_KEYS": MASTER_KEY,
        "FUNCTION_BACKEND_WEBHOOKS_ALLOW_HTTP": "true",
        "FUNCTION_BACKEND_WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.0/8",
        "FUNCTION_BACKEND_WEBHOOKS_ATTEMPT_TIMEOUT": "1s",
    }
    log = (tmp_path / "worker.log").open("wb")
    worker = subprocess.Popen(
        [sys.executable, "-m", "function_backend_cli", "worker", "--workers", "1", "--metrics-listen", "127.0.0.1:0"],
        env=environment,
        stdout=log,
        stderr=log,
    )
    try:
        caller = WebhookCaller(server)
        killer = _Killer(receiver, worker.pid)
        receiver.answer = killer
        endpoint, _ = caller.endpoint(receiver.url)
        expected = {caller.company(f"Survivor {number} GmbH").id for number in range(_COMPANIES)}

        found = _delivered(caller, endpoint.id)
        assert {each.subject_id for each in found} == expected
        sent = [posted.headers["webhook-id"] for posted in receiver.posted]
        assert set(sent) == {each.event_id for each in found}
        assert killer.rounds == _ROUNDS
        assert len(sent) > _COMPANIES
    finally:
        worker.terminate()
        worker.wait(30)
        log.close()
