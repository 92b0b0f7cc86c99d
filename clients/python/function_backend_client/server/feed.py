"""Following what is revoked at the backend."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from datetime import timedelta
from typing import Any, Final, Protocol

from function.auth.v1 import credential_service_pb2
from function_backend_client.errors import DeadlineError, FunctionBackendError
from function_backend_client.requests import duration
from function_backend_client.server.callers import Callers

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load; nothing secret
_STREAM_SECONDS: Final = 30.0
"""How long one stream lasts. A connection that died without a word is noticed at its end at the latest."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0


class Watch(Protocol):
    """The method `WatchRevocations` of a client."""

    def __call__(self, request: credential_service_pb2.WatchRevocationsRequest, *, timeout: float) -> Any:  # noqa: ANN401  A stream of answers that can be cancelled.
        """Starts a stream."""
        ...


class RevocationFeed:
    """Hears of every revocation while it runs, in a thread of its own."""

    def __init__(self, watch: Watch, callers: Callers, *, heartbeat: float, trusted_silence: float) -> None:
        self._watch = watch
        self._callers = callers
        self._heartbeat = duration(timedelta(seconds=heartbeat))
        self._trusted_silence = trusted_silence
        self._cursor = 0
        self._stream: Any = None
        self._closed = threading.Event()
        self._heard = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.trusted_until = 0.0
        """Until when, by the monotonic clock, nothing that is remembered can have been revoked unheard."""

    def start(self) -> None:
        """Begins to follow; does nothing when it has begun already."""
        if self._thread is None:
            self._begin()

    def wait(self, seconds: float) -> bool:
        """Waits for the first word of the backend; says whether it came."""
        return self._heard.wait(seconds)

    def close(self) -> None:
        """Stops following."""
        self._closed.set()
        self.trusted_until = 0.0
        with contextlib.suppress(Exception):
            stream = self._stream
            if stream is not None:
                stream.cancel()
        if self._thread is not None:
            self._thread.join(_STREAM_SECONDS)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed.is_set():
                thread = threading.Thread(target=self._follow, name="revocation-feed", daemon=True)
                thread.start()
                self._thread = thread

    def _follow(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                self._read_stream()
                pause = _FIRST_PAUSE
            except DeadlineError:
                pause = _FIRST_PAUSE
                continue
            except FunctionBackendError:
                pause = min(pause * 2, _LONGEST_PAUSE)
            self._closed.wait(_RANDOM.uniform(pause / 2, pause))

    def _read_stream(self) -> None:
        request = credential_service_pb2.WatchRevocationsRequest(cursor=self._cursor, heartbeat=self._heartbeat)
        self._stream = self._watch(request, timeout=_STREAM_SECONDS)
        if self._closed.is_set():
            self._stream.cancel()
            return
        for message in self._stream:
            self._take(message)

    def _take(self, message: credential_service_pb2.WatchRevocationsResponse) -> None:
        if message.reset:
            self._callers.forget_all()
        for revocation in message.revocations:
            self._callers.forget(revocation)
        self._cursor = message.cursor or self._cursor
        if not self._closed.is_set():
            self.trusted_until = time.monotonic() + self._trusted_silence
            self._heard.set()
