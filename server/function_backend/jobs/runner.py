"""Runs jobs of all tenants in this process: one thread that speaks with the database, and those that do the work.

What is finished and what is fetched go in one transaction, many at a time, so that a job costs a fraction of a commit.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from function_backend.jobs import statements
from function_backend.jobs.appetite import Appetite
from function_backend.jobs.attempting import Traced, attempt, untraced
from function_backend.jobs.hands import Hands
from function_backend.jobs.holding import Holding
from function_backend.jobs.lease import Lease
from function_backend.jobs.queue import ENDED_TOPIC
from function_backend.kernel.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from function_backend.jobs.registry import JobRegistry
    from function_backend.jobs.run import Run
    from function_backend.jobs.settings import JobsSettings
    from function_backend.jobs.statements import Finished, Limits, TakenJob
    from function_backend.kernel.clock import Clock
    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.persistence.wire import Driver

_log = logging.getLogger(__name__)

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load only
_CLOSE_SECONDS = 4.0
_DEPART_SECONDS = 0.05
_OVER = frozenset({"succeeded", "failed", "cancelled"})
_RETRY_SECONDS = 1.0


class Ended(NamedTuple):
    """A run that has ended, and how; `finished` is None when its job was not its own any more."""

    run: Run
    finished: Finished | None
    seconds: float


class JobRunner:
    """A `kernel.background.Background`."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        registry: JobRegistry,
        clock: Clock,
        settings: JobsSettings,
        traced: Traced = untraced,
        ended: Callable[[str, str, float], None] = lambda _kind, _state, _seconds: None,
        beside: Sequence[Callable[[], None]] = (),
    ) -> None:
        """`ended` is told of each attempt: its kind, the state that the job has then, and the seconds.

        What is `beside` is done with each beat and before jobs are fetched, such as firing schedules.
        """
        self._transactions = transactions
        self._registry = registry
        self._clock = clock
        self._poll_seconds = settings.poll.total_seconds()
        self._traced = traced
        self._ended = ended
        self._beside = beside
        self._appetite = Appetite(settings.threads)
        self._hands = Hands(settings.threads, self._attempt)
        self._lease = Lease(settings.lease.total_seconds())
        self._holding = Holding(transactions=transactions, clock=clock, lease=self._lease, hands=self._hands)
        self._finished: deque[Ended] = deque()
        self._awake = threading.Event()
        self._news = threading.Event()
        self._ending = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """See Background."""
        return "jobs"

    @property
    def running(self) -> int:
        """How many jobs this process holds."""
        return len(self._holding.runs)

    def start(self) -> None:
        """See Background."""
        self._hands.start()
        thread = threading.Thread(target=self._live, name="jobs", daemon=True)
        thread.start()
        # Not before: who closes meanwhile would wait for what has not begun.
        self._thread = thread

    def wake(self, _: str = "") -> None:
        """There is, or may be, something to run."""
        self._awake.set()

    def look_for_cancellations(self, _: str = "") -> None:
        """Somebody cancelled a job; it may be one of this process."""
        self._news.set()
        self._awake.set()

    def end(self) -> None:
        """See Background."""
        self._ending.set()
        self._holding.interrupt()
        self._awake.set()

    def close(self) -> None:
        """See Background."""
        self.end()
        self._closing.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS + 1)

    def _live(self) -> None:
        while not self._closing.is_set():
            try:
                self._turn()
            except ServiceError as error:
                _log.warning("running jobs was interrupted: %s", error.reason)
                self._closing.wait(_RETRY_SECONDS)
            except Exception:  # noqa: BLE001  the thread goes on, whatever it is
                _log.exception("running jobs failed")
                self._closing.wait(_RETRY_SECONDS)
        try:
            self._depart()
        except Exception as error:  # noqa: BLE001  the others find out by the beat
            _log.warning("jobs are left to the other processes: %s", type(error).__name__)

    def _turn(self) -> None:
        if self._lease.is_due or self._news.is_set():
            self._news.clear()
            self._holding.beat()
            for each in self._beside if not self._ending.is_set() else ():
                each()
        more = self._exchange()
        if not more and not self._finished:
            self._awake.wait(min(self._lease.beat_every, self._poll_seconds))
        self._awake.clear()

    def _depart(self) -> None:
        """Hands in what the runs come to within a few seconds, and lets go of the rest."""
        until = time.monotonic() + _CLOSE_SECONDS
        self._hands.end()
        self._holding.give_back_unbegun()
        while time.monotonic() < until and (self._holding.runs or self._finished):
            self._exchange()
            self._awake.wait(_DEPART_SECONDS)
            self._awake.clear()
        self._holding.depart()

    def _exchange(self) -> bool:
        """Hands in what is finished and fetches what is due; whether there may be more to fetch."""
        handed_in = [self._finished.popleft() for _ in range(len(self._finished))]
        self._holding.drop(each.run for each in handed_in if each.finished is None)
        told = [each for each in handed_in if each.finished is not None]
        limits = [] if self._ending.is_set() else self._limits(without={each.run.id for each in told})
        if not told and not limits:
            return False
        most = max((each.now for each in limits), default=0)
        try:
            accepted, taken = self._transactions.across_tenants(
                lambda driver: self._speak(driver, [each.finished for each in told if each.finished], limits, most)
            )
        except BaseException:
            # They are handed in again; what was taken all the same is noticed and given back by `Holding`.
            self._finished.extendleft(reversed(told))
            raise
        self._account(told, accepted)
        for job in taken:
            self._hands.give(self._holding.add(job, self._registry.kinds[job.kind]))
        return len(taken) >= most > 0

    def _speak(
        self, driver: Driver, told: Sequence[Finished], limits: Sequence[Limits], most: int
    ) -> tuple[dict[UUID, str], list[TakenJob]]:
        now, runner = self._clock.now(), self._holding.id
        accepted = statements.finish(driver, runner, now, told) if told else {}
        if not limits:
            return accepted, []
        if not told:
            # When the server dies, what was taken is as if it had not been: nothing is lost by not waiting.
            driver.execute("set local synchronous_commit = off")
        return accepted, statements.take(driver, runner, now, most=most, limits=limits, first_tenant=uuid4())

    def _limits(self, *, without: set[UUID]) -> list[Limits]:
        in_hand = Counter(run.kind.name for run in self._holding.working() if run.id not in without)
        kinds = list(self._registry.kinds.values())
        # So that none is always asked for first.
        _RANDOM.shuffle(kinds)
        return self._appetite.limits(kinds, in_hand)

    def _account(self, told: Sequence[Ended], accepted: dict[UUID, str]) -> None:
        for each in told:
            kind, state = each.run.kind.name, accepted.get(each.run.id, "lost")
            self._appetite.learn(kind, each.seconds)
            self._ended(kind, state, each.seconds)
            if state == "failed":
                _log.error("job set aside", extra={"job": str(each.run.id), "kind": kind})
            elif state == "lost":
                _log.warning("result refused: job lost", extra={"job": str(each.run.id), "kind": kind})
        self._holding.drop(each.run for each in told)
        if any(each.run.job.asker is not None and accepted.get(each.run.id) in _OVER for each in told):
            self._transactions.across_tenants(lambda driver: statements.announce(driver, ENDED_TOPIC))

    def _attempt(self, run: Run) -> None:
        """What a thread does with a run."""
        began = self._lease.now()
        finished = attempt(run, self._clock, self._traced)
        if not run.abandoned:
            self._finished.append(Ended(run, finished, self._lease.now() - began))
            if not self._awake.is_set():
                self._awake.set()
