"""One stream that watches the feed of a tenant.

It holds no thread while nothing happens. What is to be sent waits in it, as parts that watchers share, and is sent from
the pool of senders, one message at a time: sending waits for the caller's flow control.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from function_backend.events.log import EventFilter, LoggedEvent
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.stream import OpenStream
from function_backend.services.events.domain.place import Place
from function_backend.services.events.errors import EventWatcherTooSlowError

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 10.0
_LONGEST_SECONDS = 300.0
_MOST_TOGETHER = 200
_MOST_BYTES = 1 << 20
# Events may be large: a queue that is bounded by their number alone could take all memory.
_LONGEST_QUEUE_BYTES = 16 << 20
# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load only


class Writer(Protocol):
    """Makes messages of events."""

    def placed_bytes(self, event: LoggedEvent) -> bytes:
        """An event with its cursor, as a part of a message."""

    def watched(self, tenant_id: UUID, placed: Sequence[bytes], place: Place) -> bytes:
        """A message of such parts; without any, a checkpoint."""

    def cursor(self, tenant_id: UUID, place: Place) -> str:
        """The cursor of the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What a caller wants to see, and may."""

    tenant_id: UUID
    wanted: EventFilter
    sees: Callable[[LoggedEvent], bool]
    sees_whole: Callable[[LoggedEvent], bool]
    """Whether it may also see what is sensitive in an event that has such."""
    interval: float
    """Seconds between two messages at most."""
    longest_queue: int
    """Events that may wait for it."""

    def includes(self, event: LoggedEvent) -> bool:
        """Whether the caller gets the event."""
        return self.wanted.matches(event) and self.sees(event)

    def opens(self, event: LoggedEvent) -> bool:
        """Whether the caller gets the event together with what is sensitive in it."""
        return bool(event.sealed) and self.sees_whole(event) and self.includes(event)


class Watcher:
    """Sends what it is offered, in order."""

    __slots__ = (
        "_ending",
        "_lock",
        "_over",
        "_over_at",
        "_pool",
        "_sending_since",
        "_sent",
        "_sent_at",
        "_stream",
        "_too_many",
        "_waiting",
        "_waiting_bytes",
        "_writer",
        "is_live",
        "place",
        "watching",
    )

    def __init__(
        self, watching: Watching, place: Place, stream: OpenStream, *, pool: ThreadPoolExecutor, writer: Writer
    ) -> None:
        self.watching = watching
        self.place = place
        """How far it has been offered the feed."""
        self.is_live = False
        """Whether it is offered what happens; before, one thread sends it what happened earlier."""
        self._stream = stream
        self._pool = pool
        self._writer = writer
        self._sent = place
        self._sent_at = time.monotonic()
        # Spread, so that streams that began together do not all come back together.
        self._over_at = self._sent_at + _LONGEST_SECONDS * _RANDOM.uniform(0.9, 1.1)
        self._waiting: list[tuple[bytes, Place]] = []
        self._waiting_bytes = 0
        self._sending_since: float | None = None
        self._too_many = 0
        self._ending = False
        self._over = False
        self._lock = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._over

    @property
    def due_at(self) -> float:
        """When, by the monotonic clock, it is to be looked after."""
        since = self._sending_since
        if since is not None:
            return since + _PATIENCE_SECONDS
        return min(self._sent_at + self.watching.interval * 0.9, self._over_at)

    def has_lasted(self) -> bool:
        """Whether the stream is as old as it may get."""
        return time.monotonic() >= self._over_at

    def go_live(self) -> None:
        """From now on it is offered what happens."""
        with self._lock:
            self.is_live = True

    def over(self) -> None:
        """The stream has ended, whoever ended it."""
        with self._lock:
            self._over = True
            self._waiting = []

    def offer(self, events: Sequence[LoggedEvent], opened: Mapping[int, LoggedEvent], place: Place) -> None:
        """Sends those of the events behind its place that it wants; they reach to the new place.

        `opened` has, by their positions, the events with what is sensitive in them.
        """
        if place.position <= self.place.position:
            return
        behind, includes = self.place.position, self.watching.includes
        chosen = [
            (self._part(event, opened), Place(event.position, event.recorded_at))
            for event in events
            if event.position > behind and includes(event)
        ]
        with self._lock:
            # Together with what waits: a message that says how far the feed was read must not say more than it holds.
            self.place = place
            if not chosen or self._over or self._ending:
                return
            # By what waited before: one page of large events is no fault of who takes them.
            is_full = self._waiting_bytes > _LONGEST_QUEUE_BYTES
            self._waiting += chosen
            self._waiting_bytes += sum(len(part) for part, _ in chosen)
            if is_full or len(self._waiting) > self.watching.longest_queue:
                self._too_many, self._waiting, self._ending = len(self._waiting), [], True
            self._continue()

    def look_after(self, now: float) -> None:
        """Sends a checkpoint when one is due; ends what has lasted long enough, and cuts off who takes nothing."""
        since = self._sending_since
        if since is not None:
            if now - since > _PATIENCE_SECONDS:
                self._stream.cancel()
            return
        with self._lock:
            self._ending = self._ending or now >= self._over_at
            self._continue()

    def tell_place(self) -> None:
        """Sends a checkpoint, or what waits."""
        with self._lock:
            self._continue()

    def end(self) -> None:
        """Ends the stream well when what waits has left."""
        with self._lock:
            self._ending = True
            self._continue()

    def refuse(self, failure: ServiceError) -> None:
        """Ends the stream with the failure."""
        self._stream.end(failure)

    def send_now(self, events: Sequence[LoggedEvent], opened: Mapping[int, LoggedEvent], place: Place) -> bool:
        """Sends those that it wants from this thread; returns when they have left. False when the stream is over.

        Only before it is live.
        """
        parts = [self._part(event, opened) for event in events if self.watching.includes(event)]
        self.place = place
        self._sending_since = time.monotonic()
        try:
            if parts and not self._over:
                self._stream.send(self._writer.watched(self.watching.tenant_id, parts, place))
                self._sent, self._sent_at = place, time.monotonic()
        finally:
            self._sending_since = None
        return not self._over

    def _part(self, event: LoggedEvent, opened: Mapping[int, LoggedEvent]) -> bytes:
        if event.sealed and self.watching.sees_whole(event):
            event = opened.get(event.position, event)
        return self._writer.placed_bytes(event)

    def _continue(self) -> None:
        if self._sending_since is None and self.is_live and not self._over:
            self._sending_since = time.monotonic()
            self._pool.submit(self._run)

    def _run(self) -> None:
        try:
            self._send()
            while self._waiting:
                self._send()
        except Exception:  # noqa: BLE001  one stream's failure is not another's
            _log.exception("a watcher failed")
            self._stream.cancel()
        with self._lock:
            ending = self._ending and not self._over
            again = bool(self._waiting) and not self._over
            self._sending_since = time.monotonic() if again else None
        if again:
            self._pool.submit(self._run)
        elif ending:
            self._stream.end(self._failure())

    def _failure(self) -> ServiceError | None:
        if not self._too_many:
            return None
        # Now, and not when it fell behind: what was on its way then has left since.
        cursor = self._writer.cursor(self.watching.tenant_id, self._sent)
        return EventWatcherTooSlowError(cursor=cursor, waiting=self._too_many)

    def _send(self) -> None:
        with self._lock:
            if self._over or self._too_many:
                return
            parts, size = [], 0
            place = self.place
            for part, behind in self._waiting[:_MOST_TOGETHER]:
                parts.append(part)
                size += len(part)
                place = behind
                if size >= _MOST_BYTES:
                    break
            del self._waiting[: len(parts)]
            self._waiting_bytes -= size
            if not self._waiting:
                # All that was passed over as well.
                place = self.place
            self._sending_since = time.monotonic()
        self._stream.send(self._writer.watched(self.watching.tenant_id, parts, place))
        self._sent, self._sent_at = place, time.monotonic()
