"""Writes observed calls into the audit trail: behind the calls in batches, or before they are answered.

Behind the calls one thread of each worker writes what has gathered. What a crash of the worker loses is bounded: what
waits in the queue, and one batch that is being written. When the queue is full, which takes a database that is away or
too slow, further calls are not recorded, and their number is logged. Denied calls that differ in nothing but their time
become one record with their number, so that nobody can fill the trail by being refused.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ConflictError, LimitExceededError, UnavailableError
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.kernel.observed_calls import Observation, ObservedCall
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.audit.events import CallDenied, SensitiveRead
from function_backend.services.audit.repository.observed import record_calls

_log = logging.getLogger(__name__)

_BATCH = 500
_GATHER_SECONDS = 0.2
_PAUSE_SECONDS = 0.5
_CLOSE_SECONDS = 3.0
_SYSTEM = UUID(int=0)

_Counted = tuple[ObservedCall, int]


class CallWriter:
    """Writes the calls of one tenant in one transaction, or as an event each where they are published."""

    def __init__(self, transactions: Transactions, clock: Clock, *, publishes: bool) -> None:
        self._transactions = transactions
        self._clock = clock
        self._publishes = publishes

    def write(self, tenant_id: UUID, calls: Sequence[_Counted]) -> None:
        """Writes calls, each with how many it stands for."""
        if self._publishes:
            for call, count in calls:
                self._publish(tenant_id, call, count)
            return
        principal = Principal("system", _SYSTEM, tenant_id, PermissionSet(frozenset()))
        token = current_call.set(Call("function-backend/audit", str(new_id()), principal=principal))
        try:
            with self._transactions.apart() as work:
                record_calls(work, calls, at=self._clock.now())
        finally:
            current_call.reset(token)

    def _publish(self, tenant_id: UUID, call: ObservedCall, count: int) -> None:
        caller = Principal(call.caller.kind, call.caller.id, tenant_id, PermissionSet(frozenset()))
        event = CallDenied if call.observation is Observation.DENIED else SensitiveRead
        token = current_call.set(Call(call.method, call.request_id, principal=caller))
        try:
            with self._transactions.apart() as work:
                work.record(event.of(call, count=count))
        finally:
            current_call.reset(token)


class SynchronousRecording:
    """Writes each call before it is answered."""

    def __init__(self, writer: CallWriter, observed: frozenset[Observation]) -> None:
        self._writer = writer
        self._observed = observed

    def observes(self, observation: Observation) -> bool:
        """Whether such calls are written down at all."""
        return observation in self._observed

    def observe(self, call: ObservedCall) -> None:
        """Writes the call down, or raises what keeps it from doing so."""
        self._writer.write(call.caller.tenant_id, [(call, 1)])

    def close(self) -> None:
        """Nothing waits."""


@dataclass(slots=True)
class _Waiting:
    call: ObservedCall
    count: int


class BackgroundRecording:
    """Hands calls to a thread that writes them in batches."""

    def __init__(self, writer: CallWriter, observed: frozenset[Observation], *, longest_queue: int) -> None:
        self._writer = writer
        self._observed = observed
        self._longest = longest_queue
        self._waiting: dict[object, _Waiting] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._closing = threading.Event()
        self._give_up_at = math.inf
        self._thread: threading.Thread | None = None
        self.lost = 0
        """How many calls were not recorded since the worker began, because the queue was full."""

    def observes(self, observation: Observation) -> bool:
        """Whether such calls are written down at all."""
        return observation in self._observed

    def observe(self, call: ObservedCall) -> None:
        """Takes note of the call; never waits."""
        key = _same(call)
        with self._lock:
            known = self._waiting.get(key)
            if known is not None:
                known.count += 1
            elif len(self._waiting) < self._longest:
                self._waiting[key] = _Waiting(call, 1)
            else:
                self.lost += 1
            self._idle.clear()
            if self._thread is None:
                # Not before the first call: the worker may still be forked.
                self._thread = threading.Thread(target=self._run, name="audit-calls", daemon=True)
                self._thread.start()
        self._wake.set()

    def flush(self, timeout: float) -> bool:
        """Waits until what was observed so far is written; False when that took longer."""
        self._wake.set()
        return self._idle.wait(timeout)

    def close(self) -> None:
        """Writes what waits, for a few seconds at most, and ends the thread. Nothing may be observed afterwards."""
        self._give_up_at = time.monotonic() + _CLOSE_SECONDS
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
            if self._waiting:
                _log.error("%d calls were not recorded before the end", len(self._waiting))

    def _run(self) -> None:
        told = 0
        while not (self._closing.is_set() and self._idle.is_set()):
            self._wake.wait()
            self._wake.clear()
            # A little patience makes batches of what comes one by one, and one record of what is repeated.
            self._closing.wait(_GATHER_SECONDS)
            while batch := self._next():
                self._write(batch)
                if self._given_up():
                    return
            if self.lost > told:
                told = self.lost
                _log.error("the queue of the audit trail was full: %d calls were not recorded since the start", told)

    def _given_up(self) -> bool:
        return self._closing.is_set() and time.monotonic() > self._give_up_at

    def _next(self) -> list[_Waiting]:
        with self._lock:
            keys = list(self._waiting)[:_BATCH]
            if not keys:
                self._idle.set()
            return [self._waiting.pop(key) for key in keys]

    def _write(self, batch: Sequence[_Waiting]) -> None:
        by_tenant: defaultdict[UUID, list[_Counted]] = defaultdict(list)
        for each in batch:
            by_tenant[each.call.caller.tenant_id].append((each.call, each.count))
        for tenant_id, calls in by_tenant.items():
            self._write_of(tenant_id, calls)

    def _write_of(self, tenant_id: UUID, calls: Sequence[_Counted]) -> None:
        try:
            while True:
                try:
                    self._writer.write(tenant_id, calls)
                    return
                except (UnavailableError, LimitExceededError, ConflictError) as error:
                    # The database is away: the queue bounds what gathers meanwhile.
                    _log.warning("the audit trail waits for the database: %s", error.reason)
                    self._closing.wait(_PAUSE_SECONDS)
                    if self._given_up():
                        raise
        except Exception:  # noqa: BLE001  the thread goes on, whatever it is
            _log.exception("%d calls could not be recorded", len(calls))


CallRecording = SynchronousRecording | BackgroundRecording


def make_recording(
    how: str, writer: CallWriter, observed: frozenset[Observation], *, longest_queue: int
) -> CallRecording:
    """How the settings say: `synchronous` or `background`."""
    if how == "synchronous":
        return SynchronousRecording(writer, observed)
    return BackgroundRecording(writer, observed, longest_queue=longest_queue)


def _same(call: ObservedCall) -> object:
    """Equal for calls that become one record."""
    if call.observation is not Observation.DENIED:
        return object()
    return (call.caller.tenant_id, call.caller.actor, call.method, call.status, call.reason, call.address)
