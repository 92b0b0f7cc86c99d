"""The watchers of this worker: one thread for all of them, and one reading of a tenant's log for all that watch it.

The thread reads on when it is told of events, and looks now and then for what it was not told of. Whoever begins
further back first reads the log for itself, in pages, until it has come to where the others are.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from function_backend.events.log import LoggedEvent, head, read_events
from function_backend.kernel.background import acting_for
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.stream import OpenStream
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.events.adapters.opening import as_far_as_possible
from function_backend.services.events.adapters.watcher import Watcher, Watching, Writer
from function_backend.services.events.domain.place import Place
from function_backend.services.events.errors import TooManyEventWatchersError
from function_backend.services.events.repository.feed import heads

_log = logging.getLogger(__name__)

_CALL = "function-backend/watch"
_SENDERS = 64
_READERS = 4
_DEFECT = "Something went wrong inside the service."
_PAGE = 200
_READ_SECONDS = 10.0
_POLL_SECONDS = 5.0
_UNTOLD_POLL_SECONDS = 0.5
_RETRY_SECONDS = 1.0
_SHORTEST_PAUSE = 0.05


class _Tail:
    """The end of a tenant's log, as far as it was read for its watchers."""

    __slots__ = ("place", "watchers")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.watchers: set[Watcher] = set()


class EventFeed:
    """The streams of this worker that watch events."""

    def __init__(
        self, transactions: Transactions, *, writer: Writer, most_watchers: int, is_told: Callable[[], bool]
    ) -> None:
        """`is_told` says whether notifications arrive; while they do not, the log is looked at more often."""
        self._transactions = transactions
        self._writer = writer
        self._most_watchers = most_watchers
        self._is_told = is_told
        self._tails: dict[UUID, _Tail] = {}
        self._watchers: set[Watcher] = set()
        self._changed: set[UUID] = set()
        self._due: list[tuple[float, int, Watcher]] = []
        self._numbers = itertools.count()
        self._poll_at = 0.0
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._ended = False
        self._running = False
        # Threads are made when all that there are wait for slow watchers.
        self._pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="watchers")
        self._reading = threading.BoundedSemaphore(_READERS)

    def watchers(self) -> int:
        """How many streams are open."""
        return len(self._watchers)

    def watch(self, watching: Watching, place: Place, stream: OpenStream) -> None:
        """Tells the stream what follows the place, and goes on with that; returns at once.

        TooManyEventWatchersError when there are too many.
        """
        watcher = Watcher(watching, place, stream, pool=self._pool, writer=self._writer)
        with self._lock:
            ended = self._ended
            if not ended:
                if len(self._watchers) >= self._most_watchers:
                    raise TooManyEventWatchersError(self._most_watchers)
                self._watchers.add(watcher)
                heapq.heappush(self._due, (watcher.due_at, next(self._numbers), watcher))
                if not self._running:
                    self._running = True
                    threading.Thread(target=self._run, name="event-feed", daemon=True).start()
        if ended:
            stream.end()
            return
        stream.on_end(lambda: self._forget(watcher))
        if not self._join(watcher):
            self._pool.submit(self._catch_up, watcher)

    def changed(self, tenant: str) -> None:
        """There are events of the tenant, whose id it is."""
        tenant_id = UUID(tenant)
        if tenant_id not in self._tails:
            return
        with self._lock:
            self._changed.add(tenant_id)
        self._awake.set()

    def all_changed(self) -> None:
        """Notifications may have been missed."""
        self._poll_at = 0.0
        self._awake.set()

    def end(self) -> None:
        """Ends the streams, open ones and those to come."""
        with self._lock:
            self._ended = True
            watchers = list(self._watchers)
        self._awake.set()
        for watcher in watchers:
            watcher.end()

    def _forget(self, watcher: Watcher) -> None:
        watcher.over()
        with self._lock:
            self._watchers.discard(watcher)
            tail = self._tails.get(watcher.watching.tenant_id)
            if tail is not None:
                tail.watchers.discard(watcher)
                if not tail.watchers:
                    del self._tails[watcher.watching.tenant_id]

    def _join(self, watcher: Watcher) -> bool:
        """Whether the watcher has come to where the others of its tenant are, and goes on with them."""
        tenant_id = watcher.watching.tenant_id
        with self._lock:
            if watcher.is_over:
                return True
            tail = self._tails.get(tenant_id)
            if tail is None:
                tail = self._tails[tenant_id] = _Tail(watcher.place)
            elif tail.place.position > watcher.place.position:
                return False
            watcher.go_live()
            tail.watchers.add(watcher)
            # What was committed before it joined was told to nobody.
            self._changed.add(tenant_id)
        # At once, so that a caller whose stream breaks soon knows where to go on.
        watcher.tell_place()
        self._awake.set()
        return True

    def _catch_up(self, watcher: Watcher) -> None:
        try:
            while not (watcher.is_over or watcher.has_lasted() or self._ended):
                with self._reading:
                    events, place = self._read(watcher.watching.tenant_id, watcher.place, watcher.watching)
                    opened = self._opened(watcher.watching.tenant_id, events, [watcher])
                if not watcher.send_now(events, opened, place) or self._join(watcher):
                    return
        except ServiceError as failure:
            watcher.refuse(failure)
        except Exception:  # noqa: BLE001  one stream's failure is not another's
            _log.exception("a watcher could not catch up")
            watcher.refuse(ServiceError(_DEFECT))
        else:
            watcher.go_live()
            watcher.end()

    def _read(self, tenant_id: UUID, place: Place, watching: Watching | None) -> tuple[list[LoggedEvent], Place]:
        """The next events after the place, and how far they reach."""
        # On the primary: a replica may not have yet what was told of.
        with acting_for(tenant_id, _CALL, seconds=_READ_SECONDS), self._transactions.apart() as work:
            if watching is None:
                events = read_events(work, after=place.position, since=place.moment, limit=_PAGE)
                end = place
            else:
                # The end first: all events up to it are visible to what is read afterwards.
                end = Place(*head(work))
                wanted = watching.wanted
                events = read_events(work, after=place.position, since=place.moment, limit=_PAGE, wanted=wanted)
        last = Place(events[-1].position, events[-1].recorded_at) if events else place
        if len(events) == _PAGE or last.position > end.position:
            return events, last
        return events, max(end, place)

    def _opened(
        self, tenant_id: UUID, events: Sequence[LoggedEvent], watchers: Sequence[Watcher]
    ) -> Mapping[int, LoggedEvent]:
        """By their positions, those events as a whole in which one of the watchers may see what is sensitive."""
        sealed = [event for event in events if any(watcher.watching.opens(event) for watcher in watchers)]
        if not sealed:
            return {}
        with acting_for(tenant_id, _CALL, seconds=_READ_SECONDS), self._transactions.apart() as work:
            return {event.position: as_far_as_possible(work, event) for event in sealed}

    def _offer(self, tenant_id: UUID, events: Sequence[LoggedEvent], place: Place, watchers: Sequence[Watcher]) -> None:
        try:
            opened = self._opened(tenant_id, events, watchers)
        except Exception as failure:  # noqa: BLE001  the others are to have their events
            # These begin again from the last cursor: events without what they may see would be lost to them as a whole.
            _log.warning("events could not be opened for watchers: %s", failure)
            refused = [each for each in watchers if any(each.watching.opens(event) for event in events)]
            for watcher in refused:
                watcher.refuse(failure if isinstance(failure, ServiceError) else ServiceError(_DEFECT))
            opened, watchers = {}, [each for each in watchers if each not in refused]
        for watcher in watchers:
            watcher.offer(events, opened, place)

    def _run(self) -> None:
        while True:
            self._awake.wait(self._pause())
            self._awake.clear()
            with self._lock:
                if self._ended or not self._watchers:
                    self._running = False
                    self._due.clear()
                    return
                changed, self._changed = self._changed, set()
            try:
                self._look_for_more(changed)
                for tenant_id in changed:
                    self._read_on(tenant_id)
                self._look_after_watchers()
            except Exception:  # noqa: BLE001  the thread must live
                _log.exception("the feed of events failed")
                self._again(changed)

    def _pause(self) -> float:
        with self._lock:
            wanted_at = min(self._poll_at, self._due[0][0]) if self._due else self._poll_at
        return max(wanted_at - time.monotonic(), _SHORTEST_PAUSE)

    def _look_for_more(self, changed: set[UUID]) -> None:
        """Adds the tenants of whose events nobody has told."""
        now = time.monotonic()
        if now < self._poll_at:
            return
        self._poll_at = now + (_POLL_SECONDS if self._is_told() else _UNTOLD_POLL_SECONDS)
        with self._lock:
            read = {tenant_id: tail.place.position for tenant_id, tail in self._tails.items()}
        if not read:
            return
        try:
            found = self._transactions.without_tenant(lambda driver: heads(driver, read))
        except ServiceError as error:
            _log.warning("watchers cannot look for events: %s", error.reason)
            return
        changed.update(tenant_id for tenant_id, position in found.items() if position > read[tenant_id])

    def _read_on(self, tenant_id: UUID) -> None:
        """Reads what the tenant's log has more, and offers it to all that watch it."""
        tail = self._tails.get(tenant_id)
        while tail is not None:
            try:
                events, place = self._read(tenant_id, tail.place, None)
            except ServiceError as error:
                _log.warning("events could not be read for watchers: %s", error.reason)
                self._again({tenant_id})
                return
            with self._lock:
                tail.place = place
                watchers = list(tail.watchers)
            self._offer(tenant_id, events, place, watchers)
            if len(events) < _PAGE:
                return
            tail = self._tails.get(tenant_id)

    def _again(self, tenants: set[UUID]) -> None:
        with self._lock:
            self._changed |= tenants
        time.sleep(_SHORTEST_PAUSE)
        self._poll_at = min(self._poll_at, time.monotonic() + _RETRY_SECONDS)

    def _look_after_watchers(self) -> None:
        now = time.monotonic()
        while True:
            with self._lock:
                if not self._due or self._due[0][0] > now:
                    return
                _, number, watcher = heapq.heappop(self._due)
            if watcher.is_over:
                continue
            if watcher.due_at <= now:
                watcher.look_after(now)
            with self._lock:
                due_at = max(watcher.due_at, now + _SHORTEST_PAUSE)
                heapq.heappush(self._due, (due_at, number, watcher))
