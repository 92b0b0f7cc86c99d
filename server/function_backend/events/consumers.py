"""Whoever does something with every event: in order per resource, by several processes, whatever is killed meanwhile.

    consumer = EventConsumer("webhooks", fan_out, transactions=resources.transactions)
    relay = EventRelay("nats", publish, transactions=resources.transactions, lanes=4)
    Slice(background=(consumer, relay), invalidations={TOPIC: wake_both}, …)

A consumer works inside the transaction that moves its cursor: what it writes there is written exactly once. A relay
hands events to something outside, and moves its cursor afterwards: at least once, each time with the same ids.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.events.consumption import Batch, Consumption, Habits, PostponedError
from function_backend.events.log import EVERYTHING, EventFilter, LoggedEvent
from function_backend.kernel.errors import ServiceError, UnavailableError
from function_backend.kernel.identifiers import new_id

if TYPE_CHECKING:
    from function_backend.events.cursors import Cursor
    from function_backend.events.lanes import TenantLane
    from function_backend.persistence.unit_of_work import Transactions, UnitOfWork

_log = logging.getLogger(__name__)

_LONGEST_MARGIN = 2.0
_LATE_SECONDS = 1.0

Handle = Callable[["UnitOfWork", Sequence[LoggedEvent]], None]
"""Does something with events of one tenant, in order, in the transaction that is handed over."""


class LeaseEndedError(Exception):
    """The lease has ended before the delivery had: somebody else may be at it by now."""


class Lease:
    """The right to deliver a lane's events, for a time. Whoever delivers stops in time, by `remaining` or `check`."""

    __slots__ = ("_ends_at", "fence", "lane", "tenant_id")

    def __init__(self, tenant_id: UUID, lane: int, *, fence: int, ends_at: float) -> None:
        self.tenant_id = tenant_id
        self.lane = lane
        self.fence = fence
        """Grows with each new holder of the lane."""
        self._ends_at = ends_at

    def remaining(self) -> float:
        """Seconds in which nobody else delivers; what may take longer must not begin."""
        return self._ends_at - time.monotonic()

    def check(self) -> None:
        """Returns while the lease lasts; LeaseEndedError afterwards."""
        if self.remaining() <= 0:
            raise LeaseEndedError


Deliver = Callable[[UUID, Sequence[LoggedEvent], Lease], None]
"""Hands events of the tenant, in order, to something outside; returns when that has them for good."""


class EventConsumer(Consumption):
    """Hands events to `handle` inside the transaction that moves the cursor.

    When `handle` raises, nothing of it is committed, and it is tried again: PostponedError for what is not the events'
    fault, anything else counts against the event.
    """

    def __init__(
        self,
        name: str,
        handle: Handle,
        *,
        transactions: Transactions,
        lanes: int = 1,
        batch: int = 200,
        wanted: EventFilter = EVERYTHING,
        habits: Habits | None = None,
    ) -> None:
        """See Consumption."""
        super().__init__(name, transactions=transactions, lanes=lanes, batch=batch, wanted=wanted, habits=habits)
        self._handle = handle

    def _go_through(self, lane: TenantLane) -> None:
        while not self._queue.ended and self._go_one_batch(lane):
            pass

    def _go_one_batch(self, lane: TenantLane) -> bool:
        """Whether there may be more."""
        batch: Batch | None = None
        cursor: Cursor | None = None
        try:
            with self._cursors(lane) as (work, found):
                cursor = found.lock(lane.lane)
                if cursor is None:
                    return False
                batch = self._read(work, lane, cursor)
                if batch.position == cursor.position:
                    return False
                if batch.events:
                    self.progress.begin(lane, batch.events)
                    self._handle(work, batch.events)
                found.advance(lane.lane, cursor, batch.position, batch.recorded_at)
        except UnavailableError:
            raise
        except PostponedError as postponed:
            if cursor is not None:
                self._postponed(lane, cursor, postponed)
            return False
        except Exception as error:
            if cursor is None or batch is None or not batch.events:
                raise
            self._failed(lane, cursor, batch.events, error)
            return False
        self.progress.done(lane, batch.events)
        return True


class EventRelay(Consumption):
    """Hands events to `deliver`, which takes them out of the service, and moves the cursor afterwards.

    While one process delivers the events of a lane, no other one does: `deliver` must have ended, well or badly, when
    its lease has. Events may be delivered again, with the same ids. Raising means the same as in `EventConsumer`.
    """

    def __init__(
        self,
        name: str,
        deliver: Deliver,
        *,
        transactions: Transactions,
        lanes: int = 1,
        batch: int = 200,
        wanted: EventFilter = EVERYTHING,
        habits: Habits | None = None,
    ) -> None:
        """See Consumption."""
        super().__init__(name, transactions=transactions, lanes=lanes, batch=batch, wanted=wanted, habits=habits)
        self._deliver = deliver
        self._holder = new_id()
        self._held: set[TenantLane] = set()

    def close(self) -> None:
        """See Background."""
        super().close()
        for lane in list(self._held):
            try:
                with self._cursors(lane) as (_, found):
                    found.release(lane.lane, self._holder)
            except ServiceError:
                return  # The leases end by themselves.

    def _go_through(self, lane: TenantLane) -> None:
        seconds = self._habits.lease_seconds
        begun_at = time.monotonic()
        with self._cursors(lane) as (work, found):
            cursor = found.take(lane.lane, self._holder, seconds=seconds)
            if cursor is None:
                return
            batch = self._read(work, lane, cursor)
        self._held.add(lane)
        while batch.position > cursor.position and not self._queue.ended:
            if batch.events and not self._delivered(lane, cursor, batch.events, begun_at):
                return
            begun_at = time.monotonic()
            with self._cursors(lane) as (work, found):
                if not found.advance(lane.lane, cursor, batch.position, batch.recorded_at, seconds=seconds):
                    self._held.discard(lane)
                    return
                done, cursor = batch, cursor.moved(batch.position, batch.recorded_at)
                batch = self._read(work, lane, cursor)
            self.progress.done(lane, done.events)

    def _delivered(self, lane: TenantLane, cursor: Cursor, events: Sequence[LoggedEvent], begun_at: float) -> bool:
        seconds = self._habits.lease_seconds
        # From before the lease was asked for, and ending earlier: the database counts from later on.
        ends_at = begun_at + seconds - min(_LONGEST_MARGIN, seconds / 4)
        self.progress.begin(lane, events)
        try:
            self._deliver(lane.tenant_id, events, Lease(lane.tenant_id, lane.lane, fence=cursor.fence, ends_at=ends_at))
        except LeaseEndedError:
            _log.warning("%s took longer than its lease", self._name)
            self._singly_until[lane] = events[-1].position
            self._queue.add_later(lane, _LATE_SECONDS)
            return False
        except PostponedError as postponed:
            self._postponed(lane, cursor, postponed)
            return False
        except Exception as error:  # noqa: BLE001  whatever it is, it is tried again
            self._failed(lane, cursor, events, error)
            return False
        return True
