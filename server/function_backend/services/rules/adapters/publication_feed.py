"""Telling clients what is published, as it happens: one thread for all streams of a worker, none while there are none.

The thread reads when it is woken by a notification, and for each stream as often as that wants to hear something. What
a reading finds is shared by the streams that follow the same. What it sends is true as of that reading.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.kernel.stream import OpenStream
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.adapters.follower import Follower, Following
from function_backend.services.rules.domain.distribution import Followed, Published
from function_backend.services.rules.errors import TooManyFollowedError, TooManyFollowersError
from function_backend.services.rules.repository.published import PublishedRepository

_log = logging.getLogger(__name__)

_MOST_FOLLOWERS = 1_000
_MOST_FOLLOWED = 1_000
_SENDERS = 4
_LONGEST_PAUSE = 5.0
_SHORTEST_PAUSE = 0.05
_SYSTEM = UUID(int=0)


class _Subject(NamedTuple):
    """What streams may follow together."""

    tenant_id: UUID
    followed: Followed


class PublicationFeed:
    """The streams of this worker that follow what is published."""

    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock
        self._followers: set[Follower] = set()
        self._changed: set[tuple[UUID, str]] = set()
        self._all_changed = False
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._ended = False
        self._running = False
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="publications")

    def follow(self, following: Following, stream: OpenStream) -> None:
        """Tells the stream from now on; returns at once. TooManyFollowersError when there are too many."""
        follower = Follower(following, stream, self._pool)
        with self._lock:
            ended = self._ended
            if not ended:
                if len(self._followers) >= _MOST_FOLLOWERS:
                    raise TooManyFollowersError(_MOST_FOLLOWERS)
                self._followers.add(follower)
                if not self._running:
                    self._running = True
                    threading.Thread(target=self._run, name="publication-feed", daemon=True).start()
        if ended:
            stream.end()
            return
        stream.on_end(lambda: self._forget(follower))
        self._awake.set()

    def changed(self, notification: str) -> None:
        """Something about a decision changed, as `tenant/name`."""
        tenant, _, name = notification.partition("/")
        with self._lock:
            if not self._followers:
                return
            self._changed.add((UUID(tenant), name))
        self._awake.set()

    def all_changed(self) -> None:
        """Changes may have been missed."""
        with self._lock:
            self._all_changed = bool(self._followers)
        self._awake.set()

    def end(self) -> None:
        """Ends the streams, open ones and those to come."""
        with self._lock:
            self._ended = True
            followers = list(self._followers)
        self._awake.set()
        for follower in followers:
            follower.end()

    def _forget(self, follower: Follower) -> None:
        with self._lock:
            self._followers.discard(follower)

    def _run(self) -> None:
        while True:
            self._awake.wait(self._pause())
            self._awake.clear()
            with self._lock:
                if self._ended or not self._followers:
                    self._running = False
                    return
                changed, self._changed = self._changed, set()
                everything, self._all_changed = self._all_changed, False
                followers = list(self._followers)
            now = time.monotonic()
            groups: defaultdict[_Subject, list[Follower]] = defaultdict(list)
            for follower in followers:
                following = follower.following
                told = any(
                    tenant_id == following.tenant_id and following.followed.includes(name)
                    for tenant_id, name in changed
                )
                if everything or told or follower.is_due(now):
                    groups[_Subject(following.tenant_id, following.followed)].append(follower)
            for subject, group in groups.items():
                self._tell(subject, group)

    def _pause(self) -> float:
        with self._lock:
            due = min((follower.due_at for follower in self._followers), default=0.0)
        return min(max(due - time.monotonic(), _SHORTEST_PAUSE), _LONGEST_PAUSE)

    def _tell(self, subject: _Subject, group: Sequence[Follower]) -> None:
        try:
            published = self._read(subject, group)
        except TooManyFollowedError as refused:
            for follower in group:
                follower.refuse(refused)
        except ServiceError as error:
            # No message: whoever hears nothing knows that it may be behind.
            _log.warning("what is published could not be read: %s", error.reason)
            for follower in group:
                follower.put_off()
        except Exception:  # noqa: BLE001  the thread must live
            _log.exception("what is published could not be told")
            for follower in group:
                follower.put_off()
        else:
            for follower in group:
                follower.tell(published)

    def _read(self, subject: _Subject, group: Sequence[Follower]) -> Published:
        principal = Principal("system", _SYSTEM, subject.tenant_id, PermissionSet(frozenset()))
        token = current_call.set(Call("function-backend/publications", str(new_id()), principal=principal))
        try:
            # On the primary: a replica may not have yet what was notified.
            with self._transactions.apart() as work:
                as_of = self._clock.now()
                published = PublishedRepository(work)
                definitions = published.find(subject.followed, now=as_of, limit=_MOST_FOLLOWED + 1)
                if len(definitions) > _MOST_FOLLOWED:
                    raise TooManyFollowedError(_MOST_FOLLOWED)
                missing = {key for follower in group for each in definitions for key in follower.missing(each)}
                versions = published.with_called(missing)
        finally:
            current_call.reset(token)
        return Published(as_of=as_of, definitions=definitions, versions=versions)
