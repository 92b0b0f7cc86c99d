"""One stream that follows what is published."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

from function_backend.kernel.errors import ServiceError
from function_backend.kernel.stream import OpenStream
from function_backend.services.rules.domain.distribution import Followed, Published, PublishedDefinition, VersionKey
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.version import CalledVersion, Version

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 10.0
_LONGEST_SECONDS = 300.0
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What a stream is told next."""

    definitions: tuple[PublishedDefinition, ...]
    versions: tuple[Version, ...]
    known: frozenset[str]
    """The content hashes of which the stream has the contents."""
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a caller wants to hear."""

    tenant_id: UUID
    followed: Followed
    heartbeat: float
    """Seconds between two messages at most."""
    known: frozenset[str]
    write: Callable[[Update], Iterable[bytes]] = field(compare=False)
    """The messages of an update, of which the last one says that it is complete."""


class Follower:
    """Sends one message at a time, from the pool of senders."""

    def __init__(self, following: Following, stream: OpenStream, pool: ThreadPoolExecutor) -> None:
        self.following = following
        self.due_at = 0.0
        """When, by the monotonic clock, it wants to hear something."""
        self._stream = stream
        self._pool = pool
        self._over_at = time.monotonic() + _LONGEST_SECONDS
        self._told: dict[str, tuple[Publication, ...]] = {}
        self._has: set[VersionKey] = set()
        self._has_called: set[CalledVersion] = set()
        self._waiting: deque[Update] = deque()
        self._sending_since: float | None = None
        self._ending = False
        self._lock = threading.Lock()

    def is_due(self, now: float) -> bool:
        """Whether it wants to hear something."""
        return now >= self.due_at

    def missing(self, definition: PublishedDefinition) -> frozenset[VersionKey]:
        """The versions of the decision that were not told yet."""
        return definition.needs - self._has

    def tell(self, published: Published) -> None:
        """Sends what is new when what was before has left. Whoever takes nothing for ten seconds is cut off."""
        now = time.monotonic()
        self.due_at = now + self.following.heartbeat * 0.75
        since = self._sending_since
        if since is not None and now - since > _PATIENCE_SECONDS:
            self._stream.cancel()
            return
        changed = tuple(each for each in published.definitions if self._told.get(each.name) != each.periods)
        versions = tuple(self._new_versions(changed, published))
        self._told |= {each.name: each.periods for each in changed}
        update = Update(definitions=changed, versions=versions, known=self.following.known, published=published)
        with self._lock:
            self._waiting.append(update)
            self._ending = self._ending or now > self._over_at
            self._continue()

    def put_off(self) -> None:
        """Has it wait: nothing can be read now."""
        self.due_at = time.monotonic() + _PAUSE_SECONDS

    def refuse(self, refused: ServiceError) -> None:
        """Ends the stream with the failure."""
        self._stream.end(refused)

    def end(self) -> None:
        """Ends the stream when what waits has left."""
        with self._lock:
            self._ending = True
            self._continue()

    def _new_versions(self, changed: Iterable[PublishedDefinition], published: Published) -> Iterable[Version]:
        for definition in changed:
            for key in sorted(self.missing(definition)):
                for version in published.versions.get(key, ()):
                    call = CalledVersion(version.name, version.number)
                    if call not in self._has_called:
                        self._has_called.add(call)
                        yield version
                self._has.add(key)

    def _continue(self) -> None:
        if self._sending_since is None:
            self._sending_since = time.monotonic()
            self._pool.submit(self._run)

    def _run(self) -> None:
        try:
            while self._send_next():
                pass
        except Exception:  # noqa: BLE001  one stream's failure is not another's
            _log.exception("a stream of publications failed")
            self._stream.cancel()

    def _send_next(self) -> bool:
        with self._lock:
            update = self._waiting.popleft() if self._waiting else None
            ending = self._ending
            self._sending_since = None if update is None else time.monotonic()
        if update is not None:
            for message in self.following.write(update):
                self._sending_since = time.monotonic()
                self._stream.send(message)
            return True
        if ending:
            self._stream.end()
        return False
