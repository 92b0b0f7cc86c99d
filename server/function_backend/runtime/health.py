"""`grpc.health.v1`: Check, Watch and List, overall and per service, without a credential.

The library's servicer is not used: it implements no List, and its Watch lets a caller that stops reading block whoever
reports a change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum

import grpc

_MOST_WATCHERS = 1_000
_SENDERS = 4
_PATIENCE_SECONDS = 10.0


class Status(IntEnum):
    """The statuses of `grpc.health.v1.HealthCheckResponse`."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


Send = Callable[[Status | None], None]
"""Sends one status of a stream, and ends the stream when given None; gRPC hands it to a non-blocking handler."""


class Health:
    """The status of the process and of each service, and whoever wants to hear of changes.

    Setting a status never waits for a watcher. A watcher that takes no messages for ten seconds is cut off.
    """

    def __init__(self, services: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._statuses: dict[str, Status] = dict.fromkeys(("", *services), Status.NOT_SERVING)
        self._watchers: set[_Watcher] = set()
        self._draining = False
        self._ended = False
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="health-watch")

    def set_all(self, *, serving: bool) -> None:
        """Sets every status; without effect once draining has begun."""
        with self._lock:
            if self._draining:
                return
            self._set_all(Status.SERVING if serving else Status.NOT_SERVING)

    def drain(self) -> None:
        """Says NOT_SERVING to everybody, for good."""
        with self._lock:
            self._draining = True
            self._set_all(Status.NOT_SERVING)

    def end_watches(self) -> None:
        """Ends the Watch streams, open ones and those to come, so that their connections can end."""
        with self._lock:
            self._ended = True
            watchers = list(self._watchers)
        for watcher in watchers:
            watcher.end()

    def status(self, service: str) -> Status | None:
        """The status of a service, "" being the whole; None for a service that is not here."""
        with self._lock:
            return self._statuses.get(service)

    def statuses(self) -> dict[str, Status]:
        """All of them."""
        with self._lock:
            return dict(self._statuses)

    def cut_off_the_stuck(self) -> None:
        """Cancels watchers that have not taken a message in time; called now and then."""
        with self._lock:
            stuck = [watcher for watcher in self._watchers if watcher.stuck_for() > _PATIENCE_SECONDS]
        for watcher in stuck:
            watcher.cancel()

    def watch(self, service: str, context: grpc.ServicerContext, send: Send) -> None:
        """Adds a watcher, which hears the present status at once and every change from then on."""
        watcher = _Watcher(self._pool, context, send, service)
        with self._lock:
            accepted = len(self._watchers) < _MOST_WATCHERS
            if accepted:
                self._watchers.add(watcher)
            status = self._statuses.get(service, Status.SERVICE_UNKNOWN)
        if not accepted:
            context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
            context.set_details("Too many watchers; use Check.")
            send(None)
            return
        if not context.add_callback(lambda: self._forget(watcher)):
            self._forget(watcher)
            return
        watcher.tell(status)
        if self._ended:
            watcher.end()

    def _set_all(self, status: Status) -> None:
        for service, present in self._statuses.items():
            if present != status:
                self._statuses[service] = status
                for watcher in self._watchers:
                    if watcher.service == service:
                        watcher.tell(status)

    def _forget(self, watcher: _Watcher) -> None:
        with self._lock:
            self._watchers.discard(watcher)


class _Watcher:
    """One Watch stream: sends the newest status, one message at a time, from the pool of watchers."""

    def __init__(self, pool: ThreadPoolExecutor, context: grpc.ServicerContext, send: Send, service: str) -> None:
        self.service = service
        self._pool = pool
        self._context = context
        self._send = send
        self._lock = threading.Lock()
        self._next: list[Status] = []
        self._told: Status | None = None
        self._ending = False
        self._sending_since: float | None = None

    def tell(self, status: Status) -> None:
        with self._lock:
            self._next = [status]
            self._continue()

    def end(self) -> None:
        with self._lock:
            self._ending = True
            self._continue()

    def cancel(self) -> None:
        self._context.cancel()

    def stuck_for(self) -> float:
        since = self._sending_since
        return 0.0 if since is None else time.monotonic() - since

    def _continue(self) -> None:
        if self._sending_since is None:
            self._sending_since = time.monotonic()
            self._pool.submit(self._run)

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._next:
                    status = self._next.pop()
                elif self._ending:
                    break
                else:
                    self._sending_since = None
                    return
                self._sending_since = time.monotonic()
            if status != self._told:
                # Returns when the message has left, which is up to the caller's flow control.
                self._send(status)
                self._told = status
        self._context.set_code(grpc.StatusCode.UNAVAILABLE)
        self._context.set_details("The server is going away.")
        self._send(None)
