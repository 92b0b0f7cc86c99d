"""Jobs whose processes are killed at any point: nothing is lost, and what is kept with the state is written once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from function_backend.kernel.jobs import JobKind, JobRun
from tests.fixtures.job_runners import JobScene, eventually
from tests.jobs.ledger_process import KIND, STEPS, ledger_kind

_ROOT = Path(__file__).parents[2]
_LEASE_SECONDS = 1.2


class Processes:
    """Processes that run jobs; none outlives the test."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.running: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.ledger_process", self._url, str(_LEASE_SECONDS)],
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[str], how: signal.Signals = signal.SIGKILL) -> None:
        process.send_signal(how)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()
        self.running.remove(process)

    def end_all(self) -> None:
        for process in list(self.running):
            self.kill(process)


@pytest.fixture
def processes(scene: JobScene) -> Iterator[Processes]:
    scene.execute("create table ledger (job uuid not null, step integer not null)")
    scene.execute("grant insert on ledger to function_backend_app")
    scene.learn(ledger_kind(None))
    started = Processes(scene.database.app_url)
    yield started
    started.end_all()


def test_processes_that_are_killed_at_any_point_lose_no_job_and_repeat_no_step(
    scene: JobScene, processes: Processes
) -> None:
    jobs = [scene.enqueue(KIND) for _ in range(12)]
    draw = random.Random(5)
    killed = 0
    for _ in range(6):
        process = processes.start()
        time.sleep(draw.uniform(0.05, 0.6))
        processes.kill(process)
        killed += 1
    processes.start()
    for job_id in jobs:
        row = scene.wait_for(job_id)
        assert (row["state"], row["result"]) == ("succeeded", b"%d steps" % STEPS), row
    assert killed == 6
    steps = Counter((row["job"], row["step"]) for row in scene.rows("select job, step from ledger"))
    assert steps == Counter({(job_id, step): 1 for job_id in jobs for step in range(1, STEPS + 1)})


def test_a_process_that_stood_still_comes_back_to_nothing_of_its_own(scene: JobScene, processes: Processes) -> None:
    jobs = [scene.enqueue(KIND) for _ in range(3)]
    frozen = processes.start()
    eventually(lambda: len(scene.rows("select 1 from ledger")) >= 3)
    _freeze(scene, frozen)
    processes.start()
    for job_id in jobs:
        scene.wait_for(job_id, "succeeded")
    frozen.send_signal(signal.SIGCONT)
    # It is still good for new ones, under another name.
    late = scene.enqueue(KIND)
    scene.wait_for(late, "succeeded")
    steps = Counter((row["job"], row["step"]) for row in scene.rows("select job, step from ledger"))
    assert set(steps.values()) == {1}
    assert len(steps) == 4 * STEPS


def _freeze(scene: JobScene, process: subprocess.Popen[str]) -> None:
    """Stops it outside of its transactions: inside, its job is its own until PostgreSQL ends the transaction."""
    busy = "select 1 from pg_stat_activity where datname = %s and state <> 'idle' and pid <> pg_backend_pid()"
    for _ in range(200):
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)  # What was sent before it stopped is answered by then.
        if not scene.rows(busy, scene.database.name):
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.013)
    pytest.fail("it was in a transaction whenever it was stopped")


def test_an_orderly_end_hands_the_jobs_on_at_once(scene: JobScene, processes: Processes) -> None:
    jobs = [scene.enqueue(KIND) for _ in range(6)]
    first = processes.start()
    eventually(lambda: len(scene.rows("select 1 from ledger")) >= 3)
    processes.kill(first, signal.SIGTERM)
    assert {row["state"] for row in scene.rows("select state from job")} <= {"queued", "succeeded"}
    assert scene.rows("select 1 from job_runner") == []
    processes.start()
    for job_id in jobs:
        scene.wait_for(job_id, "succeeded")
    assert len(scene.rows("select 1 from ledger")) == 6 * STEPS


def test_a_job_that_ends_its_process_is_set_aside_after_its_attempts(scene: JobScene, processes: Processes) -> None:
    """A poison job of the worst kind: as if each process that takes it were killed for want of memory."""

    def work(job: JobRun) -> None:
        raise AssertionError("never run here")

    kind = JobKind(name="test.murderous", run=work, max_attempts=2)
    scene.learn(kind)
    job_id = scene.enqueue(kind)
    for attempt in (1, 2):
        scene.execute(
            "update job set state = 'running', holder = gen_random_uuid(), attempt = %s where id = %s", attempt, job_id
        )
        # Whoever looks after the others finds that nobody holds it.
        process = processes.start()
        eventually(lambda: scene.state(job_id) != "running")
        processes.kill(process)
    row = scene.job(job_id)
    assert (row["state"], row["attempt"]) == ("failed", 2)
    assert "ended" in row["failure"]
