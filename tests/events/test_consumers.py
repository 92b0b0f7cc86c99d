from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from function_backend.events.consumers import EventConsumer, EventRelay, Lease, LeaseEndedError
from function_backend.events.consumption import Consumption, Habits, PostponedError
from function_backend.events.log import EventFilter, LoggedEvent
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from tests.factories.auth import a_principal, calling
from tests.factories.events import OtherHappened, ThingHappened, an_event
from tests.fixtures import postgres
from tests.interceptors.serving import eventually

_FAST = Habits(poll_seconds=0.05, attempts=3, lease_seconds=1.0, from_start=True)
Begin = Callable[[Consumption], None]


def _record(transactions: Transactions, principal: Principal, *happened: ThingHappened) -> None:
    with calling(principal), transactions() as work:
        work.record(*happened)


def _name() -> str:
    return f"test-{uuid4().hex}"


class Seen:
    """What was handed over, by tenant."""

    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []
        self._lock = threading.Lock()

    def handle(self, _: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
        with self._lock:
            self.events.extend(events)

    def deliver(self, _: UUID, events: Sequence[LoggedEvent], __: Lease) -> None:
        with self._lock:
            self.events.extend(events)

    def of(self, principal: Principal) -> list[int]:
        with self._lock:
            return [event.position for event in self.events if event.tenant_id == principal.tenant_id]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Starts consumers, which end with the test."""
    with ExitStack() as stack:

        def start(consumption: Consumption) -> None:
            consumption.start()
            stack.callback(consumption.close)

        yield start


class TestConsuming:
    @pytest.mark.parametrize("kind", ["consumer", "relay"])
    def test_every_event_arrives_once_and_in_order(self, transactions: Transactions, begin: Begin, kind: str) -> None:
        principal, seen = a_principal(), Seen()
        _record(transactions, principal, *(an_event() for _ in range(25)))
        options: dict[str, Any] = {"transactions": transactions, "batch": 10, "habits": _FAST}
        begin(
            EventConsumer(_name(), seen.handle, **options)
            if kind == "consumer"
            else EventRelay(_name(), seen.deliver, **options)
        )
        eventually(lambda: len(seen.of(principal)) == 25)
        _record(transactions, principal, an_event())
        eventually(lambda: len(seen.of(principal)) == 26)
        assert seen.of(principal) == list(range(1, 27))

    def test_the_first_time_ever_it_begins_with_the_next_event(self, transactions: Transactions, begin: Begin) -> None:
        old, new, seen = a_principal(), a_principal(), Seen()
        _record(transactions, old, an_event())
        consumer = EventConsumer(_name(), seen.handle, transactions=transactions, habits=Habits(poll_seconds=0.05))
        begin(consumer)
        eventually(lambda: consumer._polls > 0)
        _record(transactions, old, an_event())
        _record(transactions, new, an_event())
        eventually(lambda: (seen.of(old), seen.of(new)) == ([2], [1]))

    def test_several_at_once_share_the_work_without_a_duplicate(self, transactions: Transactions, begin: Begin) -> None:
        principal, seen, name = a_principal(), Seen(), _name()
        for _ in range(3):
            begin(EventConsumer(name, seen.handle, transactions=transactions, batch=3, lanes=4, habits=_FAST))
        for _ in range(10):
            _record(transactions, principal, *(an_event() for _ in range(5)))
        eventually(lambda: len(seen.of(principal)) >= 50)
        assert sorted(seen.of(principal)) == list(range(1, 51))

    def test_events_of_no_interest_are_passed_over(
        self, database: postgres.Database, transactions: Transactions, begin: Begin
    ) -> None:
        principal, seen, name = a_principal(), Seen(), _name()
        wanted = EventFilter(types=[OtherHappened.type])
        begin(EventConsumer(name, seen.handle, transactions=transactions, wanted=wanted, habits=_FAST))
        _record(transactions, principal, an_event(), an_event(OtherHappened), an_event())
        eventually(lambda: _position(database, name, principal) == 3)
        assert seen.of(principal) == [2]

    def test_what_was_told_of_is_handled_without_waiting_for_the_next_look(
        self, transactions: Transactions, begin: Begin
    ) -> None:
        principal, seen = a_principal(), Seen()
        habits = Habits(poll_seconds=3600, from_start=True)
        consumer = EventConsumer(_name(), seen.handle, transactions=transactions, habits=habits)
        begin(consumer)
        eventually(lambda: consumer._polls > 0)
        _record(transactions, principal, an_event())
        consumer.wake(str(principal.tenant_id))
        eventually(lambda: seen.of(principal) == [1])


class TestFailing:
    def test_what_a_failed_handler_wrote_is_undone(
        self, database: postgres.Database, transactions: Transactions, begin: Begin
    ) -> None:
        principal, failures = a_principal(), iter([True, False])

        def handle(work: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
            for event in events:
                work.driver.execute(
                    "insert into stored_answer values (%b, %b, '', '', false, now(), now())", [work.tenant_id, event.id]
                )
            if work.tenant_id == principal.tenant_id and next(failures):
                raise RuntimeError("once")

        begin(EventConsumer(_name(), handle, transactions=transactions, habits=_FAST))
        _record(transactions, principal, an_event())
        eventually(lambda: _count(database, "stored_answer", principal) == 1)

    @pytest.mark.parametrize("kind", ["consumer", "relay"])
    def test_a_poison_event_is_set_aside_and_the_rest_goes_on(
        self, database: postgres.Database, transactions: Transactions, begin: Begin, kind: str
    ) -> None:
        principal, seen, name = a_principal(), Seen(), _name()

        def refuse(events: Sequence[LoggedEvent]) -> None:
            if any(event.payload == b"poison" for event in events):
                raise ValueError("it cannot be handled")

        def handle(work: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
            refuse(events)
            seen.handle(work, events)

        def deliver(tenant_id: UUID, events: Sequence[LoggedEvent], lease: Lease) -> None:
            refuse(events)
            seen.deliver(tenant_id, events, lease)

        consumption: Consumption = (
            EventConsumer(name, handle, transactions=transactions, habits=_FAST)
            if kind == "consumer"
            else EventRelay(name, deliver, transactions=transactions, habits=_FAST)
        )
        _record(transactions, principal, an_event(), an_event(payload=b"poison"), an_event())
        begin(consumption)
        eventually(lambda: seen.of(principal) == [1, 3], seconds=20)
        eventually(lambda: consumption.progress.set_aside >= 1)
        with psycopg.connect(database.superuser_url) as connection:
            query = "select position, attempts, failure from event_dead_letter where consumer = %s and tenant_id = %s"
            found = connection.execute(query, (name, principal.tenant_id)).fetchall()
        assert found == [(2, 3, "ValueError: it cannot be handled")]

    def test_a_sink_that_is_away_loses_nothing_and_blames_no_event(
        self, database: postgres.Database, transactions: Transactions, begin: Begin
    ) -> None:
        principal, seen, name = a_principal(), Seen(), _name()
        away = threading.Event()
        tries = []

        def deliver(tenant_id: UUID, events: Sequence[LoggedEvent], lease: Lease) -> None:
            if not away.is_set():
                tries.append(events)
                raise PostponedError("the broker is away", seconds=0.01)
            seen.deliver(tenant_id, events, lease)

        begin(EventRelay(name, deliver, transactions=transactions, habits=_FAST))
        _record(transactions, principal, an_event(), an_event())
        eventually(lambda: len(tries) > 5)
        away.set()
        eventually(lambda: seen.of(principal) == [1, 2])
        assert _count(database, "event_dead_letter", principal) == 0


class TestLeases:
    def test_a_dead_holder_is_followed_when_its_lease_has_ended(self, transactions: Transactions, begin: Begin) -> None:
        principal, name, seen = a_principal(), _name(), Seen()
        stuck = threading.Event()
        released = threading.Event()

        def hang(_: UUID, __: Sequence[LoggedEvent], lease: Lease) -> None:
            stuck.set()
            released.wait(30)
            lease.check()

        first = EventRelay(name, hang, transactions=transactions, habits=_FAST)
        begin(first)
        _record(transactions, principal, an_event())
        assert stuck.wait(10)
        begin(EventRelay(name, seen.deliver, transactions=transactions, habits=_FAST))
        eventually(lambda: seen.of(principal) == [1])
        released.set()

    def test_one_that_comes_back_late_moves_nothing(
        self, database: postgres.Database, transactions: Transactions, begin: Begin
    ) -> None:
        principal, name = a_principal(), _name()
        outcome: list[bool] = []
        go_on = threading.Event()

        def slow(_: UUID, __: Sequence[LoggedEvent], lease: Lease) -> None:
            while lease.remaining() > 0:
                time.sleep(0.01)
            go_on.wait(10)
            try:
                lease.check()
            except LeaseEndedError:
                outcome.append(False)
                raise

        first = EventRelay(name, slow, transactions=transactions, habits=_FAST)
        begin(first)
        _record(transactions, principal, an_event())
        eventually(lambda: first.progress.lag_seconds() > 0)
        seen = Seen()
        begin(EventRelay(name, seen.deliver, transactions=transactions, habits=_FAST))
        eventually(lambda: seen.of(principal) == [1])
        go_on.set()
        eventually(lambda: outcome == [False])
        assert _position(database, name, principal) == 1
        assert seen.of(principal) == [1]

    def test_a_new_holder_has_a_higher_fence(self, transactions: Transactions, begin: Begin) -> None:
        principal, name = a_principal(), _name()
        fences: list[int] = []

        def deliver(tenant_id: UUID, _: Sequence[LoggedEvent], lease: Lease) -> None:
            if tenant_id == principal.tenant_id:
                fences.append(lease.fence)

        for number in (1, 2):
            relay = EventRelay(name, deliver, transactions=transactions, habits=_FAST)
            relay.start()
            _record(transactions, principal, an_event())
            eventually(lambda number=number: len(fences) == number)  # type: ignore[misc]
            relay.close()
        assert fences == [1, 2]


def _position(database: postgres.Database, name: str, principal: Principal) -> int:
    with psycopg.connect(database.superuser_url) as connection:
        query = "select position from event_cursor where consumer = %s and tenant_id = %s"
        row = connection.execute(query, (name, principal.tenant_id)).fetchone()
    return 0 if row is None else int(row[0])


def _count(database: postgres.Database, table: str, principal: Principal) -> int:
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute(
            f"select count(*) from {table} where tenant_id = %s", (principal.tenant_id,)
        ).fetchone()
    assert row is not None
    return int(row[0])
