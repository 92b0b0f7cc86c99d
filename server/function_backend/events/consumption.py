"""What consumers and relays have in common: threads that go through lanes, and what happens to events that fail."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from function_backend.events import cursors
from function_backend.events.cursors import Cursor, CursorRepository
from function_backend.events.lanes import LaneQueue, TenantLane
from function_backend.events.log import EVERYTHING, EventFilter, Lane, LoggedEvent, head, read_events
from function_backend.events.progress import Progress
from function_backend.kernel.background import acting_for
from function_backend.kernel.errors import ServiceError, UnavailableError

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import Transactions, UnitOfWork

_log = logging.getLogger(__name__)

_CLOSE_SECONDS = 5.0
_STATEMENT_SECONDS = 30.0
_AWAY_SECONDS = 1.0
_SHORTEST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_MOST_FOUND = 1_000
_POLLS_PER_COUNT = 5
_NIL = UUID(int=0)


class PostponedError(Exception):
    """What the events go to is not there now: try the same again later. It is not the events' fault."""

    def __init__(self, reason: str, *, seconds: float = 1.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a consumer goes about it."""

    threads: int = 1
    """Threads of each process, each of which goes through one lane of a tenant at a time."""
    from_start: bool = False
    """Whether it begins, the first time ever, with the oldest event that is kept rather than with the next one."""
    attempts: int = 8
    """How often an event is tried by itself before it is set aside."""
    poll_seconds: float = 2.0
    """How often to look for events that nobody told of."""
    lease_seconds: float = 15.0
    """How long a relay holds a lane; when its process dies, another one goes on after this time."""


class Batch(NamedTuple):
    """The next events of a lane, and how far its cursor moves when they are done."""

    events: list[LoggedEvent]
    position: int
    recorded_at: datetime


class Consumption(ABC):
    """Waits for events of any tenant, and goes through them lane by lane."""

    def __init__(
        self,
        name: str,
        *,
        transactions: Transactions,
        lanes: int = 1,
        batch: int = 200,
        wanted: EventFilter = EVERYTHING,
        habits: Habits | None = None,
    ) -> None:
        """`lanes` share the resources of a tenant, so that several processes work at it; fixed the first time ever.

        `batch` is how many events are handled together at most.
        """
        self._name = name
        self._transactions = transactions
        self._lanes = lanes
        self._batch = batch
        self._wanted = wanted
        self._habits = habits or Habits()
        self.progress = Progress()
        """What it has done, for metrics."""
        self._queue = LaneQueue()
        self._singly_until: dict[TenantLane, int] = {}
        self._poll_at = 0.0
        self._polls = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"events-{name}-{number}", daemon=True)
            for number in range(self._habits.threads)
        ]

    @property
    def name(self) -> str:
        """See Background."""
        return self._name

    def start(self) -> None:
        """See Background."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """See Background."""
        self._queue.end()

    def close(self) -> None:
        """See Background."""
        self.end()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(_CLOSE_SECONDS)

    def wake(self, tenant: str) -> None:
        """There are events of the tenant, whose id it is; for the topic `function_backend.events.log.TOPIC`."""
        tenant_id = UUID(tenant)
        self._queue.add(*(TenantLane(tenant_id, lane) for lane in range(self._lanes)))

    def wake_all(self) -> None:
        """There may be events of any tenant."""
        self._poll_at = 0.0
        self._queue.add()

    @abstractmethod
    def _go_through(self, lane: TenantLane) -> None:
        """Handles what the lane has, until there is nothing or another process is at it."""

    @contextmanager
    def _cursors(self, lane: TenantLane) -> Iterator[tuple[UnitOfWork, CursorRepository]]:
        """A transaction for the lane's tenant."""
        with (
            acting_for(lane.tenant_id, f"function-backend/{self._name}", seconds=_STATEMENT_SECONDS),
            # On the primary, and never part of anything else: a replica may not have yet what was told of.
            self._transactions.apart() as work,
        ):
            yield work, CursorRepository(work, self._name)

    def _read(self, work: UnitOfWork, lane: TenantLane, cursor: Cursor) -> Batch:
        # The end first: all events up to it are visible to what is read afterwards.
        end = head(work)
        if end.position <= cursor.position:
            return Batch([], cursor.position, cursor.recorded_at)
        # One by one where a batch has failed, to find the event that cannot be handled.
        limit = 1 if cursor.position < self._singly_until.get(lane, 0) else self._batch
        events = read_events(
            work,
            after=cursor.position,
            since=cursor.recorded_at,
            limit=limit,
            wanted=self._wanted,
            lane=Lane(lane.lane, self._lanes),
        )
        last = events[-1] if events else None
        if last is not None and (len(events) == limit or last.position > end.position):
            return Batch(events, last.position, last.recorded_at)
        return Batch(events, end.position, end.recorded_at)

    def _failed(self, lane: TenantLane, cursor: Cursor, events: Sequence[LoggedEvent], error: Exception) -> None:
        """Has the same events tried again, one by one; sets aside the one that fails for good."""
        self.progress.failures += 1
        if len(events) > 1:
            self._singly_until[lane] = events[-1].position
            self._queue.add(lane)
            return
        (event,) = events
        pause = min(_SHORTEST_PAUSE * 2**cursor.failures, _LONGEST_PAUSE)
        with self._cursors(lane) as (_, found):
            failures = found.failed(lane.lane, cursor, pause=pause)
            given_up = failures >= self._habits.attempts
            if given_up:
                found.set_aside(event, attempts=failures, failure=f"{type(error).__name__}: {error}")
                found.advance(lane.lane, cursor, event.position, event.recorded_at)
        if given_up:
            self.progress.set_aside += 1
            _log.error("%s set the event %s aside after %s attempts", self._name, event.id, failures, exc_info=error)
            self._queue.add(lane)
        else:
            _log.warning("%s could not handle the event %s", self._name, event.id, exc_info=error)
            self._queue.add_later(lane, pause)

    def _postponed(self, lane: TenantLane, cursor: Cursor, postponed: PostponedError) -> None:
        with self._cursors(lane) as (_, found):
            found.pause(lane.lane, cursor, seconds=postponed.seconds)
        _log.warning("%s waits: %s", self._name, postponed)
        self._queue.add_later(lane, postponed.seconds)

    def _run(self) -> None:
        if not self._registered():
            return
        while not self._queue.ended:
            lane = self._queue.next(until=self._poll_at)
            if lane is None:
                self._poll()
                continue
            try:
                self._go_through(lane)
            except UnavailableError as error:
                _log.warning("the events of %s wait: %s", self._name, error.reason)
                self._queue.add_later(lane, _AWAY_SECONDS)
            except Exception:  # noqa: BLE001  the thread goes on, whatever it is
                _log.exception("events of %s could not be gone through", self._name)
                self._queue.add_later(lane, _AWAY_SECONDS)
            finally:
                self._queue.done(lane)

    def _registered(self) -> bool:
        """Waits until the database knows the consumer; False when the process ends before."""
        while not self._queue.ended:
            try:
                with self._cursors(TenantLane(_NIL, 0)) as (work, _):
                    lanes = cursors.register(
                        work.driver, self._name, lanes=self._lanes, from_start=self._habits.from_start
                    )
            except ServiceError as error:
                _log.warning("%s cannot begin yet: %s", self._name, error.reason)
                self._queue.rest(_AWAY_SECONDS)
                continue
            if lanes != self._lanes:
                _log.warning("%s keeps the %s lanes that it began with", self._name, lanes)
                self._lanes = lanes
            return True
        return False

    def _poll(self) -> None:
        if self._queue.ended:
            return
        self._poll_at = time.monotonic() + self._habits.poll_seconds
        try:
            ask = self._transactions.without_tenant
            found = ask(lambda driver: cursors.waiting(driver, self._name, limit=_MOST_FOUND))
            if self._polls % _POLLS_PER_COUNT == 0:
                self.progress.backlog = ask(lambda driver: cursors.backlog(driver, self._name)).events
        except ServiceError as error:
            _log.warning("%s cannot look for events: %s", self._name, error.reason)
        except Exception:  # noqa: BLE001  the thread goes on, whatever it is
            _log.exception("%s cannot look for events", self._name)
        else:
            self._polls += 1
            self._queue.add(*(TenantLane(each.tenant_id, each.lane) for each in found))
