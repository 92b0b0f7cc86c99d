"""`function-backend worker` as a process of its own, beside a server that runs no jobs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg

from function_backend_client import connect
from tests.fixtures.database_faults import eventually
from tests.fixtures.postgres import Database
from tests.fixtures.server import MASTER_KEY, StartServer

_SECRET = "a secret of the tests that nobody else has"
_START_SECONDS = 60.0


def _environment(database: Database) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "FUNCTION_BACKEND_DATABASE_URL": database.app_url,
        "FUNCTION_BACKEND_TOKEN_SECRET": _SECRET,
        "FUNCTION_BACKEND_AUTH_MASTER_KEYS": MASTER_KEY,
        "FUNCTION_BACKEND_LOG_FORMAT": "json",
    }


def _worker(environment: dict[str, str], *arguments: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "function_backend_cli", "worker", "--workers", "1", *arguments],
        env={**environment, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_runs_what_the_servers_were_asked_for_and_ends_in_order(
    start_server: StartServer, fresh_database: Database, tmp_path: Path
) -> None:
    server = start_server()
    # The server of the test does background work too: it is to leave this to the worker.
    for each in server.backend._slices:
        for work in each.background:
            work.close()
    worker = _worker(_environment(fresh_database), "--metrics-listen", "127.0.0.1:0", folder=tmp_path)
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "function-backend does background work\n"
        monitor = worker.stdout.readline().split("http://")[1].split("/")[0]
        with connect(server.target, api_key=server.admin_key) as client:
            job = client.operations.run_schedule("jobs.purge")
            assert client.operations.wait(job.id, timeout=_START_SECONDS).attempt == 1

            def counted() -> bool:
                with urllib.request.urlopen(f"http://{monitor}/metrics", timeout=60) as page:
                    text = page.read().decode()
                return 'function_backend_job_attempts_total{kind="jobs.purge",state="succeeded"} 1.0' in text

            eventually(lambda: counted() or None)
            with urllib.request.urlopen(f"http://{monitor}/readyz", timeout=60) as page:
                assert page.status == 200
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(_START_SECONDS) == 0
        assert time.monotonic() - began < _START_SECONDS
        with psycopg.connect(fresh_database.superuser_url) as connection:
            assert connection.execute("select count(*) from job_runner").fetchone() == (0,)
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait(10)
        for stream in (worker.stdout, worker.stderr):
            if stream is not None:
                stream.close()


def test_without_a_database_of_its_own_it_says_what_to_do(tmp_path: Path) -> None:
    worker = _worker({"PATH": "/usr/bin:/bin"}, folder=tmp_path)
    _, said = worker.communicate(timeout=_START_SECONDS)
    assert worker.returncode == 2
    assert "FUNCTION_BACKEND_DATABASE_URL" in said
