"""Waiting for a job inside a call, which keeps a thread of the server for as long."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.services.jobs.domain import Job
from function_backend.services.jobs.service.jobs import Jobs

_LONGEST_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_MOST = 2
"""Calls that wait at once; further ones are answered at once, as the contract of `WaitOperation` allows."""


class Waiting:
    """Waits for jobs: a little while, and only a few callers at once. Whoever wants to wait for long watches."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._free = threading.BoundedSemaphore(_MOST)
        self._ending = threading.Event()

    def wait(self, job_id: UUID, call: Call, *, seconds: float | None) -> Job:
        """The job when it is over, or as it is when the time is."""
        job = self._jobs.get(job_id)
        if job.is_over or not self._free.acquire(blocking=False):
            return job
        try:
            until = time.monotonic() + min(_LONGEST_SECONDS, _LONGEST_SECONDS if seconds is None else seconds)
            while not call.ended and not job.is_over:
                remaining = call.remaining()
                # With room for the answer itself.
                left = until - time.monotonic() if remaining is None else min(until - time.monotonic(), remaining - 1)
                if left <= 0 or self._ending.wait(min(_LOOK_SECONDS, left)):
                    break
                job = self._jobs.get(job_id)
        finally:
            self._free.release()
        return job

    def end(self) -> None:
        """Answers those who wait: the process ends."""
        self._ending.set()
