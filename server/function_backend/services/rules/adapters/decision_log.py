"""Writes decisions into the log: behind the calls in batches, or before they are answered.

Behind the calls one thread of each worker writes what has gathered. What a crash of the worker loses is bounded: what
waits in the queue, and one batch that is being written. When the queue is full, which takes a database that is away or
too slow, further decisions are not logged, and their number is (docs/rules-service.md).
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.errors import ConflictError, LimitExceededError, UnavailableError
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.domain.decision import LoggedDecision, TakenDecision
from function_backend.services.rules.repository.decision import DecisionRepository

_log = logging.getLogger(__name__)

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - a sample, nothing secret
_BATCH = 500
_GATHER_SECONDS = 0.05
_PAUSE_SECONDS = 0.5
_CLOSE_SECONDS = 3.0
_SYSTEM = UUID(int=0)


class SynchronousLog:
    """Writes each decision before it is answered; one that cannot be written is not answered."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        sample_rate: float,
        kept: Callable[[TakenDecision], LoggedDecision],
    ) -> None:
        """`kept` says what is kept of a decision."""
        self._transactions = transactions
        self._sample_rate = sample_rate
        self._kept = kept

    def log(self, taken: Sequence[TakenDecision]) -> None:
        """Writes the sample of the decisions."""
        sample = [self._kept(each) for each in sampled(taken, self._sample_rate)]
        if sample:
            with self._transactions() as work:
                DecisionRepository(work).add(sample)


class BackgroundLog:
    """Hands decisions to a thread that writes them in batches."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        sample_rate: float,
        kept: Callable[[TakenDecision], LoggedDecision],
        longest_queue: int,
    ) -> None:
        """`kept` says what is kept of a decision; it runs in the thread, and not in the call."""
        self._transactions = transactions
        self._sample_rate = sample_rate
        self._kept = kept
        self._longest = longest_queue
        self._waiting: deque[TakenDecision] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._closing = threading.Event()
        self._give_up_at = math.inf
        self._thread: threading.Thread | None = None
        self.lost = 0
        """How many decisions were not logged since the worker began, because the queue was full."""

    def log(self, taken: Sequence[TakenDecision]) -> None:
        """Takes note of the sample of the decisions; never waits."""
        sample = list(sampled(taken, self._sample_rate))
        if not sample:
            return
        with self._lock:
            room = self._longest - len(self._waiting)
            self._waiting.extend(sample[: max(room, 0)])
            self.lost += max(len(sample) - room, 0)
            self._idle.clear()
            if self._thread is None:
                # Not before the first decision: the worker may still be forked.
                self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
                self._thread.start()
        self._wake.set()

    def flush(self, timeout: float) -> bool:
        """Waits until what was logged so far is written; False when that took longer."""
        self._wake.set()
        return self._idle.wait(timeout)

    def close(self) -> None:
        """Writes what waits, for a few seconds at most, and ends the thread. Nothing may be logged afterwards."""
        self._give_up_at = time.monotonic() + _CLOSE_SECONDS
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
            if self._waiting:
                _log.error("%d decisions were not logged before the end", len(self._waiting))

    def _run(self) -> None:
        told = 0
        while not (self._closing.is_set() and self._idle.is_set()):
            self._wake.wait()
            self._wake.clear()
            # A little patience makes batches of what comes one by one.
            self._closing.wait(_GATHER_SECONDS)
            while batch := self._next():
                self._write(batch)
                if self._given_up():
                    return
            if self.lost > told:
                told = self.lost
                _log.error("the decision log was full: %d decisions were not logged since the start", told)

    def _given_up(self) -> bool:
        return self._closing.is_set() and time.monotonic() > self._give_up_at

    def _next(self) -> list[TakenDecision]:
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            if not batch:
                self._idle.set()
            return batch

    def _write(self, batch: Sequence[TakenDecision]) -> None:
        by_tenant: defaultdict[UUID, list[LoggedDecision]] = defaultdict(list)
        for each in batch:
            try:
                by_tenant[each.tenant_id].append(self._kept(each))
            except Exception:  # noqa: BLE001  whatever it is
                # One that cannot be shown must not take the others with it.
                _log.exception("a decision could not be logged")
        for tenant_id, decisions in by_tenant.items():
            self._write_of(tenant_id, decisions)

    def _write_of(self, tenant_id: UUID, decisions: Sequence[LoggedDecision]) -> None:
        principal = Principal("system", _SYSTEM, tenant_id, PermissionSet(frozenset()))
        token = current_call.set(Call("function-backend/decision-log", str(new_id()), principal=principal))
        try:
            while True:
                try:
                    with self._transactions.apart() as work:
                        DecisionRepository(work).add(decisions)
                    return
                except (UnavailableError, LimitExceededError, ConflictError) as error:
                    # The database is away: the queue bounds what gathers meanwhile.
                    _log.warning("the decision log waits for the database: %s", error.reason)
                    self._closing.wait(_PAUSE_SECONDS)
                    if self._given_up():
                        raise
        except Exception:  # noqa: BLE001  the thread goes on, whatever it is
            _log.exception("%d decisions could not be logged", len(decisions))
        finally:
            current_call.reset(token)


class NoLog:
    """Keeps nothing."""

    def log(self, taken: Sequence[TakenDecision]) -> None:
        """Forgets the decisions."""


class HookKeeping:
    """What the log keeps of the decisions of hooks, which are written with the change or with its refusal."""

    def __init__(self, *, sample_rate: float, kept: Callable[[TakenDecision], LoggedDecision]) -> None:
        """`kept` says what is kept of a decision; nothing is kept at a rate of 0, refusals neither."""
        self._sample_rate = sample_rate
        self._kept = kept

    def kept(self, taken: TakenDecision, *, always: bool) -> LoggedDecision | None:
        """What is kept of the decision; None when nothing is. With `always` it is left out by no sample."""
        if not self._sample_rate or not (always or sampled([taken], self._sample_rate)):
            return None
        return self._kept(taken)


def sampled(taken: Sequence[TakenDecision], rate: float) -> Sequence[TakenDecision]:
    """Each of them with the probability of the rate."""
    if rate >= 1:
        return taken
    return [each for each in taken if _RANDOM.random() < rate]
