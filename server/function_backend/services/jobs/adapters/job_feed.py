"""Telling how far jobs are, as it happens: one thread for all who watch in a process, none while nobody does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from function_backend.kernel.errors import ServiceError
from function_backend.kernel.stream import OpenStream
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.jobs.domain import Job
from function_backend.services.jobs.errors import JobNotFoundError, TooManyJobWatchersError
from function_backend.services.jobs.repository import watched_jobs

_log = logging.getLogger(__name__)

_MOST = 1_000
_SENDERS = 4
_LOOK_SECONDS = 0.25
"""How often it is looked, whether or not anything was heard."""
_LONGEST_SECONDS = 300.0
_PATIENCE_SECONDS = 10.0

_Key = tuple[UUID, UUID]


class _Watcher:
    """Somebody who wants to hear of one job."""

    def __init__(self, key: _Key, stream: OpenStream, write: Callable[[Job], bytes]) -> None:
        self.key = key
        self.over_at = time.monotonic() + _LONGEST_SECONDS
        self.told: Job | None = None
        self._stream = stream
        self._write = write
        self._sending_since: float | None = None

    def tell(self, job: Job | None, pool: ThreadPoolExecutor) -> None:
        """Sends what is new. What comes while a message is still leaving is left out: the next look has it."""
        now = time.monotonic()
        since = self._sending_since
        if since is not None:
            if now - since > _PATIENCE_SECONDS:
                self._stream.cancel()
            return
        if job is None or job != self.told or now > self.over_at:
            self._sending_since = now
            pool.submit(self._send, job, over=now > self.over_at)

    def end(self) -> None:
        """Ends the stream."""
        self._stream.end()

    def _send(self, job: Job | None, *, over: bool) -> None:
        try:
            if job is None:
                self._stream.end(JobNotFoundError(self.key[1]))
                return
            if job != self.told:
                self._stream.send(self._write(job))
                self.told = job
            if job.is_over or over:
                self._stream.end()
        except Exception:  # noqa: BLE001  one stream's failure is not another's
            _log.exception("a stream that watches a job failed")
            self._stream.cancel()
        finally:
            self._sending_since = None


class JobFeed:
    """Those who watch jobs in this process."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._watchers: set[_Watcher] = set()
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._running = False
        self._ended = False
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="job-feed")

    def watch(self, job: Job, stream: OpenStream, write: Callable[[Job], bytes]) -> None:
        """Tells the stream from now on; returns at once. TooManyJobWatchersError when there are too many."""
        watcher = _Watcher((job.tenant_id, job.id), stream, write)
        with self._lock:
            ended = self._ended
            if not ended:
                if len(self._watchers) >= _MOST:
                    raise TooManyJobWatchersError(_MOST)
                self._watchers.add(watcher)
                if not self._running:
                    self._running = True
                    threading.Thread(target=self._run, name="job-feed", daemon=True).start()
        if ended:
            stream.end()
            return
        stream.on_end(lambda: self._forget(watcher))
        watcher.tell(job, self._pool)

    def changed(self, _: str = "") -> None:
        """A job has ended, or may have."""
        if self._watchers:
            self._awake.set()

    def end(self) -> None:
        """Ends the streams, open ones and those to come."""
        with self._lock:
            self._ended = True
            watchers = list(self._watchers)
        self._awake.set()
        for watcher in watchers:
            watcher.end()

    def _forget(self, watcher: _Watcher) -> None:
        with self._lock:
            self._watchers.discard(watcher)

    def _run(self) -> None:
        while True:
            self._awake.wait(_LOOK_SECONDS)
            self._awake.clear()
            with self._lock:
                if self._ended or not self._watchers:
                    self._running = False
                    return
                watchers = list(self._watchers)
            try:
                found = self._look(watchers)
            except ServiceError as error:
                _log.warning("jobs could not be looked at: %s", error.reason)
            except Exception:  # noqa: BLE001  the thread must live
                _log.exception("jobs could not be looked at")
            else:
                for watcher in watchers:
                    watcher.tell(found.get(watcher.key), self._pool)

    def _look(self, watchers: Sequence[_Watcher]) -> dict[_Key, Job]:
        keys = list({watcher.key for watcher in watchers})
        jobs = self._transactions.without_tenant(lambda driver: watched_jobs(driver, keys))
        return {(job.tenant_id, job.id): job for job in jobs}
