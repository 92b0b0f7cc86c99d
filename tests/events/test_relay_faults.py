"""Relays that do not see each other, and clocks that jump: never do two deliver, and nothing comes out of order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from function_backend.events.consumers import EventRelay, Lease
from function_backend.events.consumption import Habits
from function_backend.events.log import LoggedEvent
from function_backend.kernel.identity import Principal
from function_backend.persistence.engine import Database
from function_backend.persistence.failures import DatabaseUnavailableError
from function_backend.persistence.unit_of_work import EventSink, Transactions, UnitOfWork
from function_backend.persistence.wire import Driver
from tests.factories.auth import a_principal, calling
from tests.factories.events import an_event
from tests.interceptors.serving import eventually

T = TypeVar("T")

_EVENTS = 40
_DAY = 86_400.0


class CutOff(Transactions):
    """A database that cannot be reached from here while it is cut."""

    def __init__(self, database: Database, sink: EventSink) -> None:
        super().__init__(database, sink)
        self.is_cut = False

    def unit(self, *, read_only: bool, snapshot: bool = False) -> UnitOfWork:
        """As it is, or refused."""
        self._refuse_when_cut()
        return super().unit(read_only=read_only, snapshot=snapshot)

    def without_tenant(self, use: Callable[[Driver], T]) -> T:
        """As it is, or refused."""
        self._refuse_when_cut()
        return super().without_tenant(use)

    def _refuse_when_cut(self) -> None:
        if self.is_cut:
            raise DatabaseUnavailableError


class Receiver:
    """What comes from both relays, in the order of its coming."""

    def __init__(self, principal: Principal) -> None:
        self._tenant_id = principal.tenant_id
        self._lock = threading.Lock()
        self.heard: list[tuple[str, int]] = []
        """Who delivered, and which position."""

    def deliver_as(self, who: str, *, pause: float = 0.0) -> Callable[[UUID, Sequence[LoggedEvent], Lease], None]:
        """Hands events over one by one, as long as the lease lasts."""

        def deliver(tenant_id: UUID, events: Sequence[LoggedEvent], lease: Lease) -> None:
            if tenant_id != self._tenant_id:
                return
            for event in events:
                lease.check()
                with self._lock:
                    self.heard.append((who, event.position))
                time.sleep(pause)

        return deliver

    def positions(self, who: str | None = None) -> list[int]:
        """What came, from one of them or from both."""
        with self._lock:
            return [position for each, position in self.heard if who in {None, each}]


def _record(transactions: Transactions, principal: Principal, count: int) -> None:
    subject = uuid4()
    with calling(principal), transactions() as work:
        work.record(*(an_event(subject_id=subject, sequence=number) for number in range(1, count + 1)))


def test_two_relays_that_a_partition_splits_never_both_deliver(
    worker_database: Database, transactions: Transactions
) -> None:
    principal = a_principal()
    receiver, name = Receiver(principal), f"test-{uuid4().hex}"
    habits = Habits(poll_seconds=0.05, lease_seconds=1.0, from_start=True)
    _record(transactions, principal, _EVENTS)
    cut_off = CutOff(worker_database, transactions.sink)
    # Slow enough that its lease ends in the middle of what it has.
    split = EventRelay(name, receiver.deliver_as("split", pause=0.05), transactions=cut_off, habits=habits)
    other = EventRelay(name, receiver.deliver_as("other"), transactions=transactions, habits=habits)
    split.start()
    try:
        eventually(lambda: len(receiver.positions()) >= 3)
        cut_off.is_cut = True
        other.start()
        eventually(lambda: len(receiver.positions("other")) >= _EVENTS, seconds=30)
        cut_off.is_cut = False
        _record(transactions, principal, 1)
        eventually(lambda: _EVENTS + 1 in receiver.positions())
    finally:
        split.close()
        other.close()
    who = [each for each, position in receiver.heard if position <= _EVENTS]
    assert who == sorted(who, reverse=True), "the one that was split off went on beside the other"
    assert list(dict.fromkeys(receiver.positions())) == list(range(1, _EVENTS + 2))
    assert receiver.positions().count(_EVENTS + 1) == 1


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_jumps_lets_nobody_else_deliver(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    principal = a_principal()
    receiver, name, holds, go_on = Receiver(principal), f"test-{uuid4().hex}", threading.Event(), threading.Event()
    habits = Habits(poll_seconds=0.05, lease_seconds=60.0, from_start=True)
    _record(transactions, principal, 5)

    def deliver(tenant_id: UUID, events: Sequence[LoggedEvent], lease: Lease) -> None:
        if tenant_id == principal.tenant_id:
            holds.set()
            go_on.wait(30)
        receiver.deliver_as("first")(tenant_id, events, lease)

    first = EventRelay(name, deliver, transactions=transactions, habits=habits)
    second = EventRelay(name, receiver.deliver_as("second"), transactions=transactions, habits=habits)
    first.start()
    try:
        assert holds.wait(20)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + days * _DAY)
        second.start()
        second.wake(str(principal.tenant_id))
        eventually(lambda: second._polls > 3)
        assert receiver.positions() == []
        go_on.set()
        eventually(lambda: len(receiver.positions()) >= 5)
    finally:
        go_on.set()
        first.close()
        second.close()
    assert receiver.heard == [("first", position) for position in range(1, 6)]
