"""A process that runs jobs which write into a ledger, step by step; it is killed again and again.

python -m tests.jobs.ledger_process DATABASE_URL LEASE_SECONDS
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import timedelta

from function_backend.events.recording import EventRecorder
from function_backend.jobs.queue import JobQueue
from function_backend.jobs.runner import JobRunner
from function_backend.jobs.settings import JobsSettings
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.jobs import JobKind, JobRun
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions

STEPS = 12
KIND = "test.ledger"


def ledger_kind(transactions: Transactions | None, *, pause: float = 0.0) -> JobKind:
    """Jobs that write each step once, together with their state."""

    def write(job: JobRun) -> bytes:
        assert transactions is not None
        done = int(job.kept or b"0")
        while done < STEPS:
            job.pause(pause)
            with transactions() as work:
                done += 1
                work.driver.execute("insert into ledger (job, step) values (%s, %s)", (job.id, done))
                job.progress(done, STEPS)
                job.keep(str(done).encode(), work)
        return b"%d steps" % done

    return JobKind(name=KIND, run=write, max_attempts=5)


def main() -> None:
    """Runs until it is told to end, or killed."""
    url, lease = sys.argv[1], float(sys.argv[2])
    clock = SystemClock()
    transactions = Transactions(Database(DatabaseSettings(url=url)), EventRecorder(clock))
    queue = JobQueue(clock)
    queue.registry.learn([ledger_kind(transactions, pause=0.02)])
    runner = JobRunner(
        transactions=transactions,
        registry=queue.registry,
        clock=clock,
        settings=JobsSettings(threads=3, lease=timedelta(seconds=lease), poll=timedelta(milliseconds=50)),
    )
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    runner.start()
    sys.stdout.write("running\n")
    sys.stdout.flush()
    ended.wait()
    runner.close()


if __name__ == "__main__":
    main()
