"""The process that sends is killed after a provider took something and before it noted that; another one goes on."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import psycopg
import pytest

from function.notifications.v1 import notification_pb2
from function_backend.persistence.embedded.processes import list_processes
from tests.factories.notifications import Notifier, invoice, wish
from tests.fixtures.database_faults import eventually
from tests.fixtures.postgres import Database
from tests.fixtures.provider import provider
from tests.fixtures.server import MASTER_KEY, StartServer

_MANY = 12
_SECRET = base64.b64encode(b"a key of the tests, of 32 bytes.").decode()


def _kill_workers(parent: int) -> None:
    children = [each.pid for each in list_processes() if each.parent == parent]
    assert children
    for child in children:
        os.kill(child, signal.SIGKILL)


def _end_claims(database: Database) -> int:
    """As if the five minutes of what the killed process had were over; how many it had."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        return connection.execute("update notification set due_at = now() where state = 'sending'").rowcount


@pytest.mark.timeout(120)
def test_what_a_provider_took_unnoted_comes_again_with_the_same_id_and_nothing_is_lost(
    start_server: StartServer, fresh_database: Database, tmp_path: Path
) -> None:
    with provider() as there:
        settings = {"chat_url": f"{there.url}/hook", "chat_secret": _SECRET}
        server = start_server(settings={f"notifications.{name}": value for name, value in settings.items()})
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
            **{f"FUNCTION_BACKEND_NOTIFICATIONS_{name.upper()}": value for name, value in settings.items()},
        }
        with (tmp_path / "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "function_backend_cli", "worker", "--workers", "1", "--metrics-listen", ""],
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            # Says at once that it has taken it, and is slow about the rest.
            there.pause = 5.0
            notifier = Notifier(server)
            notifier.template(invoice())
            wanted = [wish(recipient={"chat": f"#c{number}"}) for number in range(_MANY)]
            made = notifier.call("BatchSendNotifications", notifications=wanted).notifications
            eventually(lambda: there.posted)
            _kill_workers(worker.pid)
            there.pause = 0.0
            taken = {each.headers["webhook-id"] for each in there.posted}
            eventually(lambda: _end_claims(fresh_database))
            over = [eventually(partial(notifier.over, each)) for each in made]
        finally:
            worker.terminate()
            worker.wait(30)
    assert {each.state for each in over} == {notification_pb2.NOTIFICATION_STATE_SENT}
    times = Counter(each.headers["webhook-id"] for each in there.posted)
    assert set(times) == {each.id for each in made}
    assert {times[each] for each in taken} == {2}
