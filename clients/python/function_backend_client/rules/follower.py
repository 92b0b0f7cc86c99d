"""Following what is published."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import grpc

from function.rules.v1 import distribution_service_pb2, distribution_service_pb2_grpc
from function_backend_client.errors import FunctionBackendError
from function_backend_client.requests import duration
from function_backend_client.rules.timeline import Timeline
from function_backend_client.rules.versions import Versions

_log = logging.getLogger(__name__)

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load; nothing secret
_STREAM_SECONDS: Final = 30.0
"""How long one stream lasts. A connection that died without a word is noticed at its end at the latest."""
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0
_JOIN_SECONDS: Final = 5.0
FAILURES: Final = (FunctionBackendError, grpc.RpcError)
"""How a call fails, over a client of ours and over a bare channel."""


class Follower:
    """Holds what is published while it runs, in a thread of its own."""

    def __init__(
        self,
        stub: distribution_service_pb2_grpc.DistributionServiceStub,
        *,
        names: Sequence[str],
        prefix: str,
        heartbeat: float,
        changed: Callable[[str], None] | None = None,
    ) -> None:
        """`changed` is called with the name of each decision that changed, in the thread."""
        self._stub = stub
        self._names = list(names)
        self._prefix = prefix
        self._heartbeat = duration(dt.timedelta(seconds=heartbeat))
        self._changed = changed
        self._versions = Versions()
        self._told: dict[str, distribution_service_pb2.PublishedDefinition] = {}
        self._coming: dict[str, distribution_service_pb2.PublishedDefinition] = {}
        self._stream: Any = None
        self._closed = threading.Event()
        self._heard = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="rules-follower", daemon=True)
        self.timelines: Mapping[str, Timeline] = MappingProxyType({})
        """What is published, by name. Replaced as a whole, for any thread."""
        self.clock_offset = 0
        """Nanoseconds by which the clock of the service is ahead of ours."""
        self._is_first = True
        self.heard_at = float("-inf")
        """When, by the monotonic clock, the service last said that this is all."""
        self.failure: Exception | None = None
        """Why the stream is broken; None while it is not."""

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Waits until all that is published was told once; says whether it was."""
        return self._heard.wait(seconds)

    def close(self) -> None:
        """Stops following."""
        self._closed.set()
        with contextlib.suppress(Exception):
            stream = self._stream
            if stream is not None:
                stream.cancel()
        self._thread.join(_JOIN_SECONDS)

    def _follow(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            failure: Exception | None
            began = self.heard_at
            try:
                self._read_stream()
                failure = None
            except FAILURES as error:
                failure = None if _is_over(error) else error
            except Exception as error:  # noqa: BLE001  The thread must live; what is held decides on.
                _log.exception("what is published could not be taken over")
                failure = error
            if self._closed.is_set():
                return
            # A stream that said something was a good one, however it ended.
            pause = _FIRST_PAUSE if self.heard_at > began else min(pause * 2, _LONGEST_PAUSE)
            if failure is not None and self.failure is None:
                _log.warning("the stream of published rules is broken, deciding by what is held: %s", failure)
            self.failure = failure
            self._closed.wait(_RANDOM.uniform(pause / 2, pause))

    def _read_stream(self) -> None:
        # Not while a stream runs: what it has told it does not tell again, though it may be in force again.
        self._versions.keep(key for timeline in self.timelines.values() for key in timeline.needs())
        request = distribution_service_pb2.WatchPublishedRequest(
            names=self._names, name_prefix=self._prefix, heartbeat=self._heartbeat, known=self._versions.hashes()
        )
        self._coming = {}
        self._is_first = True
        self._stream = self._stub.WatchPublished(request, timeout=_STREAM_SECONDS)
        if self._closed.is_set():
            self._stream.cancel()
            return
        for message in self._stream:
            self._take(message)

    def _take(self, message: distribution_service_pb2.WatchPublishedResponse) -> None:
        for version in message.versions:
            self._versions.take(version)
        self._coming |= {definition.name: definition for definition in message.definitions}
        if not message.complete:
            return
        before = self._told
        # The first word of a stream is all there is: what it does not name is not published any more.
        self._told = self._coming if self._is_first else before | self._coming
        changed = {name for name in before.keys() | self._told.keys() if before.get(name) != self._told.get(name)}
        offset = message.as_of.ToNanoseconds() - time.time_ns()
        # What a message takes to arrive makes the offset smaller, never larger: the largest is the nearest.
        self.clock_offset = offset if self._is_first else max(offset, self.clock_offset)
        self._is_first, self._coming = False, {}
        if changed:
            self._switch(changed)
        self.heard_at = time.monotonic()
        self.failure = None
        self._heard.set()
        if self._changed is not None:
            for name in sorted(changed):
                self._changed(name)

    def _switch(self, changed: set[str]) -> None:
        kept = {name: timeline for name, timeline in self.timelines.items() if name not in changed}
        made = {name: Timeline(self._told[name], self._versions.get) for name in changed if name in self._told}
        self.timelines = MappingProxyType(kept | made)


def _is_over(error: Exception) -> bool:
    """Whether the stream came to its time, which is no failure."""
    code = getattr(error, "code", None)
    status = code() if callable(code) else code
    return status in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
