"""Sends what is due: one thread with an event loop, which leases deliveries, posts them side by side and tells of it.

Several processes may do so at once. A delivery is leased for longer than an attempt can take; whoever is killed after
sending and before telling leaves it to the next one when the lease is over, which sends it again with the same
`webhook-id`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from function_backend.kernel.background import acting_for
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.failures import UnstorableValueError
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from function_backend.services.webhooks.adapters.posting import Posting
from function_backend.services.webhooks.domain.delivery import AttemptOutcome, LeasedDelivery
from function_backend.services.webhooks.domain.outcomes import GONE, Outcomes, Told
from function_backend.services.webhooks.repository import sending
from function_backend.services.webhooks.repository.sending import METHOD, STATEMENT_SECONDS, Limits, Standing

_log = logging.getLogger(__name__)

T = TypeVar("T")

_LEASE_MARGIN = timedelta(seconds=2)
_IDLE_SECONDS = 1.0
"""How often it is looked for something even if nothing was heard."""
_AWAY_SECONDS = 1.0
_COUNT_SECONDS = 15.0
_CLOSE_SECONDS = 5.0
_MOST_TOLD = 500
_NOBODY = UUID(int=0)


@dataclass(slots=True)
class SendingStatistics:
    """What a sender has done since the process began."""

    delivered: int = 0
    failed: int = 0
    attempt_seconds: float = 0.0
    first_attempts: int = 0
    first_attempt_seconds: float = 0.0
    """From when deliveries were queued to their first attempts, all together."""
    in_flight: int = 0
    open_deliveries: int = 0
    """Of all tenants, when it was last asked."""
    due_endpoints: int = 0

    def count(self, told: Told) -> None:
        """One attempt has ended."""
        self.attempt_seconds += told.attempt.duration.total_seconds()
        if told.attempt.outcome is AttemptOutcome.DELIVERED:
            self.delivered += 1
        else:
            self.failed += 1
        if told.delivery.attempts == 0:
            self.first_attempts += 1
            self.first_attempt_seconds += (told.attempt.started_at - told.delivery.created_at).total_seconds()


@dataclass(slots=True)
class _Running:
    """What belongs to the event loop while it runs."""

    loop: asyncio.AbstractEventLoop
    posting: Posting
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[Told] = field(default_factory=list)
    something_told: asyncio.Event = field(default_factory=asyncio.Event)
    all_told: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.all_told.set()


class Sender:
    """The background work `webhooks`."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        posting: Callable[[], Posting],
        outcomes: Outcomes,
        limits: Limits,
        attempt_timeout: timedelta,
        failing: Callable[[Sequence[Standing], Sequence[Told]], None],
    ) -> None:
        """`posting` is made in the event loop; `failing` hears of endpoints whose last attempts failed."""
        self._transactions = transactions
        self._clock = clock
        self._make_posting = posting
        self._outcomes = outcomes
        self._limits = limits
        # Three times as long as an attempt takes at most: what is left is for waiting for a turn, and for telling.
        self._lease = 3 * attempt_timeout + _LEASE_MARGIN
        self._slack = attempt_timeout.total_seconds()
        self._failing = failing
        self.statistics = SendingStatistics()
        self._counted_at = 0.0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._running: _Running | None = None
        # One that leases, one that tells, some that read what recipients are.
        self._database = ThreadPoolExecutor(4, thread_name_prefix="webhook-database")

    @property
    def name(self) -> str:
        """See Background."""
        return "webhooks"

    def start(self) -> None:
        """See Background."""
        thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        thread.start()
        # Not before: who closes meanwhile would wait for what has not begun.
        self._thread = thread

    def end(self) -> None:
        """See Background."""
        self._ending.set()
        self.wake()

    def close(self) -> None:
        """See Background. Attempts that are under way may end, and are told of."""
        self.end()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        self._database.shutdown(wait=False, cancel_futures=True)

    def wake(self, _: str = "") -> None:
        """Something is due."""
        running = self._running
        if running is not None and not running.loop.is_closed():
            running.loop.call_soon_threadsafe(running.awake.set)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                asyncio.run(self._main())
            except Exception:  # noqa: BLE001  the thread goes on, whatever it is
                _log.exception("sending webhooks failed, and begins anew")
                self._ending.wait(_AWAY_SECONDS)

    async def _main(self) -> None:
        running = self._running = _Running(asyncio.get_running_loop(), self._make_posting())
        telling = asyncio.create_task(self._tell(running))
        try:
            while not self._ending.is_set():
                pause = await self._take_on(running)
                await _wait(running.awake, pause)
                running.awake.clear()
            await _until_done(running.tasks, _CLOSE_SECONDS - 1)
            await _until_told(running, 1.0)
        finally:
            self._running = None
            for task in (*running.tasks, telling):
                task.cancel()
            await running.posting.close()

    async def _take_on(self, running: _Running) -> float:
        """Leases what is due and begins to send it; the seconds after which to look again."""
        room = self._limits.most - len(running.tasks)
        # Not for every place that becomes free: asking costs the same for one as for many.
        if room < self._limits.most // 4:
            return _IDLE_SECONDS
        leased_at = time.monotonic()
        try:
            leased = await self._ask(running, lambda driver: self._lease_some(driver, room))
            if len(leased) < room // 2:
                pause = await self._ask(running, self._pause)
            else:
                pause = 0.0
        except ServiceError as error:
            _log.warning("deliveries could not be leased: %s", error.reason)
            return _AWAY_SECONDS
        ends_at = leased_at + self._lease.total_seconds()
        for each in leased:
            task = asyncio.create_task(self._send(running, each, ends_at=ends_at))
            running.tasks.add(task)
            task.add_done_callback(lambda done: self._ended(running, done))
        self.statistics.in_flight = len(running.tasks)
        return pause

    def _lease_some(self, driver: Driver, room: int) -> list[LeasedDelivery]:
        now = self._clock.now()
        limits = self._limits._replace(most=room)
        return sending.lease(driver, at=now, until=now + self._lease, lease_id=new_id(), limits=limits)

    def _pause(self, driver: Driver) -> float:
        self._count_backlog(driver)
        due_at = sending.next_due(driver)
        if due_at is None:
            return _IDLE_SECONDS
        return min(max((due_at - self._clock.now()).total_seconds(), 0.001), _IDLE_SECONDS)

    def _count_backlog(self, driver: Driver) -> None:
        now = time.monotonic()
        if now < self._counted_at + _COUNT_SECONDS:
            return
        self._counted_at = now
        found = sending.backlog(driver, at=self._clock.now())
        self.statistics.open_deliveries, self.statistics.due_endpoints = found

    async def _send(self, running: _Running, delivery: LeasedDelivery, *, ends_at: float) -> None:
        if time.monotonic() > ends_at - self._lease.total_seconds() + self._slack:
            # The loop was held up: what begins now could end when the lease is somebody else's.
            return
        attempt = await running.posting.attempt(delivery, self._database)
        if attempt is None:
            return
        told = self._outcomes.of(delivery, attempt, now=self._clock.now())
        self.statistics.count(told)
        running.told.append(told)
        running.all_told.clear()
        running.something_told.set()

    def _ended(self, running: _Running, task: asyncio.Task[None]) -> None:
        running.tasks.discard(task)
        self.statistics.in_flight = len(running.tasks)
        if not task.cancelled() and task.exception() is not None:
            _log.error("a delivery could not be attempted", exc_info=task.exception())

    async def _tell(self, running: _Running) -> None:
        """Stores what came of attempts, all that ended while the batch before was being stored."""
        while True:
            await running.something_told.wait()
            running.something_told.clear()
            most = _MOST_TOLD
            while running.told:
                batch, running.told = running.told[:most], running.told[most:]
                most = await self._store(running, batch)
            running.all_told.set()

    async def _store(self, running: _Running, batch: list[Told]) -> int:
        """Stores the attempts, or puts them back; how many to store at once next."""
        try:
            standings = await self._ask(running, partial(self._record, told=batch))
        except Exception as error:  # noqa: BLE001  nothing that one attempt brings may end the telling of all
            if isinstance(error, ServiceError) and not isinstance(error, UnstorableValueError):
                _log.warning("%d attempts could not be stored yet: %s", len(batch), error.reason)
                running.told = batch + running.told
                await asyncio.sleep(_AWAY_SECONDS)
            elif len(batch) > 1:
                # One of them is to blame: it is found by halves, and the others are stored.
                running.told = batch + running.told
                return len(batch) // 2
            else:
                # Its lease ends, and it is attempted once more.
                _log.error("an attempt of the delivery %s cannot be stored", batch[0].delivery.id, exc_info=error)
            return _MOST_TOLD
        await self._watch(running, standings, batch)
        # Places have become free, and what waited for one of these may be due.
        running.awake.set()
        return _MOST_TOLD

    def _record(self, driver: Driver, told: Sequence[Told]) -> list[Standing]:
        return sending.record(driver, told, at=self._clock.now())

    async def _watch(self, running: _Running, standings: Sequence[Standing], told: Sequence[Told]) -> None:
        failing = [each for each in standings if each.failing_since is not None]
        gone = [each for each in told if each.attempt.status == GONE]
        if not failing and not gone:
            return
        try:
            await running.loop.run_in_executor(self._database, self._failing, failing, gone)
        except Exception:  # noqa: BLE001  the next attempt that fails asks again
            _log.exception("failing endpoints could not be looked at")

    async def _ask(self, running: _Running, use: Callable[[Driver], T]) -> T:
        return await running.loop.run_in_executor(self._database, self._across_tenants, use)

    def _across_tenants(self, use: Callable[[Driver], T]) -> T:
        with acting_for(_NOBODY, METHOD, seconds=STATEMENT_SECONDS):
            return self._transactions.across_tenants(use)


async def _wait(awake: asyncio.Event, seconds: float) -> None:
    if seconds <= 0:
        return
    try:
        async with asyncio.timeout(seconds):
            await awake.wait()
    except TimeoutError:
        pass


async def _until_done(tasks: set[asyncio.Task[None]], seconds: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)


async def _until_told(running: _Running, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await running.all_told.wait()
    except TimeoutError:
        pass
