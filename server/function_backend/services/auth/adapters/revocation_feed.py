"""Telling clients of revocations as they happen: one thread for all streams of a worker, none while there are none.

The thread reads the log when it is woken by a notification, and twice a second without one. What it sends after a
reading is true as of that reading: a message without revocations promises that there were none before it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.stream import OpenStream
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from function_backend.services.auth.domain.revocation import Revocation, RevocationPage
from function_backend.services.auth.errors.revocation import TooManyWatchersError
from function_backend.services.auth.repository.revocation import purge_revocations, read_revocations

_log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)
"""How long a revocation stays in the log: longer than anything is remembered by anybody."""

_MOST_WATCHERS = 1_000
_SENDERS = 4
_READ_EVERY = 0.5
_PAGE = 1_000
_STALE_SECONDS = 0.25
_PATIENCE_SECONDS = 10.0
_ASK_AGAIN_EVERY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What a caller wants to hear."""

    tenant_id: UUID | None
    """Whose revocations; those of all tenants with None."""
    cursor: int
    heartbeat: float
    """Seconds between two messages at most."""
    may_go_on: Callable[[], bool]
    """Whether the caller still may; raises UnauthenticatedError when its credential is over."""
    write: Callable[[RevocationPage], bytes]


class RevocationFeed:
    """The streams of this worker that follow the log."""

    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock
        self._watchers: set[_Watcher] = set()
        self._joining: list[_Watcher] = []
        self._cursor = 0
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._ended = False
        self._running = False
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="revocations")

    def watch(self, watching: Watching, stream: OpenStream) -> None:
        """Tells the stream from now on; returns at once. TooManyWatchersError when there are too many."""
        watcher = _Watcher(watching, stream, self._pool)
        with self._lock:
            if self._ended:
                ended = True
            else:
                ended = False
                if len(self._watchers) + len(self._joining) >= _MOST_WATCHERS:
                    raise TooManyWatchersError(_MOST_WATCHERS)
                self._joining.append(watcher)
                if not self._running:
                    self._running = True
                    threading.Thread(target=self._run, name="revocation-feed", daemon=True).start()
        if ended:
            stream.end()
            return
        stream.on_end(lambda: self._forget(watcher))
        self._awake.set()

    def wake(self, _: str = "") -> None:
        """Something was revoked, or may have been."""
        self._awake.set()

    def end(self) -> None:
        """Ends the streams, open ones and those to come."""
        with self._lock:
            self._ended = True
            watchers = [*self._watchers, *self._joining]
        self._awake.set()
        for watcher in watchers:
            watcher.end()

    def purge(self, driver: Driver) -> int:
        """Forgets what is too old for anybody, and says how much that was."""
        return purge_revocations(driver, before=self._clock.now() - KEPT_FOR)

    def _forget(self, watcher: _Watcher) -> None:
        with self._lock:
            self._watchers.discard(watcher)
            if watcher in self._joining:
                self._joining.remove(watcher)

    def _run(self) -> None:
        while True:
            self._awake.wait(self._pause())
            self._awake.clear()
            with self._lock:
                if self._ended or not (self._watchers or self._joining):
                    self._running = False
                    self._cursor = 0
                    return
            try:
                self._tell()
            except ServiceError as error:
                # No message: whoever hears nothing trusts nothing.
                _log.warning("revocations could not be read: %s", error.reason)
            except Exception:  # noqa: BLE001  the thread must live
                _log.exception("revocations could not be told")

    def _pause(self) -> float:
        with self._lock:
            return min([_READ_EVERY, *(watcher.heartbeat / 2 for watcher in self._watchers)])

    def _tell(self) -> None:
        with self._lock:
            joining, watchers = list(self._joining), list(self._watchers)
        read_at = time.monotonic()
        if not self._cursor:
            self._cursor = self._read(None, 0).cursor
        pages = self._read_all(None, self._cursor)
        self._cursor = pages[-1].cursor
        reset = any(page.reset for page in pages)
        fresh = [revocation for page in pages for revocation in page.revocations]
        for watcher in watchers:
            watcher.follow(fresh, self._cursor, read_at=read_at, reset=reset)
        for watcher in joining:
            self._welcome(watcher)

    def _welcome(self, watcher: _Watcher) -> None:
        """Tells what the stream has missed. From then on it follows; until that has worked it has not joined."""
        read_at = time.monotonic()
        for page in self._read_all(watcher.watching.tenant_id, watcher.watching.cursor):
            watcher.tell(page, read_at=read_at)
        with self._lock:
            if watcher in self._joining:
                self._joining.remove(watcher)
                self._watchers.add(watcher)

    def _read_all(self, tenant_id: UUID | None, after: int) -> list[RevocationPage]:
        pages = [self._read(tenant_id, after)]
        while pages[-1].more:
            pages.append(self._read(tenant_id, pages[-1].cursor))
        return pages

    def _read(self, tenant_id: UUID | None, after: int) -> RevocationPage:
        return self._transactions.without_tenant(
            lambda driver: read_revocations(driver, tenant_id=tenant_id, after=after, limit=_PAGE)
        )


class _Watcher:
    """One stream: sends one message at a time, from the pool of senders."""

    def __init__(self, watching: Watching, stream: OpenStream, pool: ThreadPoolExecutor) -> None:
        self.watching = watching
        self.heartbeat = watching.heartbeat
        self._stream = stream
        self._pool = pool
        self._cursor = watching.cursor
        self._waiting: list[tuple[RevocationPage, float]] = []
        self._due_at = 0.0
        self._ask_again_at = 0.0
        self._sending_since: float | None = None
        self._ending = False
        self._lock = threading.Lock()

    def follow(self, fresh: list[Revocation], cursor: int, *, read_at: float, reset: bool) -> None:
        """Tells what of the fresh ones is this stream's, or that there was nothing when it is time to."""
        told = tuple(
            told
            for each in fresh
            if each.epoch > self._cursor and (told := each.as_told_to(self.watching.tenant_id)) is not None
        )
        if told or reset or read_at >= self._due_at:
            self.tell(RevocationPage(revocations=told, cursor=max(cursor, self._cursor), reset=reset), read_at=read_at)

    def tell(self, page: RevocationPage, *, read_at: float) -> None:
        """Sends the page when those before have left. Whoever takes none for ten seconds is cut off."""
        self._cursor = page.cursor
        # Early rather than late: the reader counts from one message to the next.
        self._due_at = read_at + self.heartbeat * 0.75
        since = self._sending_since
        if since is not None and time.monotonic() - since > _PATIENCE_SECONDS:
            self._stream.cancel()
            return
        with self._lock:
            self._waiting.append((page, read_at))
            self._continue()

    def end(self) -> None:
        with self._lock:
            self._ending = True
            self._continue()

    def _continue(self) -> None:
        if self._sending_since is None:
            self._sending_since = time.monotonic()
            self._pool.submit(self._run)

    def _run(self) -> None:
        try:
            while self._send_next():
                pass
        except ServiceError as refused:
            # The caller's own credential is over, or cannot be judged.
            self._stream.end(refused)
        except Exception:  # noqa: BLE001  one stream's failure is not another's
            _log.exception("a stream of revocations failed")
            self._stream.cancel()

    def _send_next(self) -> bool:
        with self._lock:
            if not self._waiting:
                self._sending_since = None
                if not self._ending:
                    return False
                item = None
            else:
                item = self._waiting.pop(0)
                self._sending_since = time.monotonic()
        if item is None:
            self._stream.end()
            return False
        page, read_at = item
        if page.revocations or time.monotonic() >= self._ask_again_at:
            self._ask_again_at = time.monotonic() + _ASK_AGAIN_EVERY
            if not self.watching.may_go_on():
                self._stream.end()
                return False
        # That nothing had happened by then is no news when it comes late.
        if page.revocations or page.reset or time.monotonic() - read_at < _STALE_SECONDS:
            self._stream.send(self.watching.write(page))
        return True
