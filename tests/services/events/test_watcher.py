"""A watcher that does not take its events: it is told, and what waits for it stays small."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import pytest

from function_backend.events.log import EVERYTHING, LoggedEvent
from function_backend.kernel.errors import ServiceError
from function_backend.services.events.adapters.watcher import Watcher, Watching
from function_backend.services.events.domain.place import Place
from function_backend.services.events.errors import EventWatcherTooSlowError
from tests.interceptors.serving import eventually

_NOW = datetime(2026, 11, 26, tzinfo=UTC)
_MIB = 1 << 20


class StuckStream:
    """A caller that takes nothing until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.sent: list[bytes] = []
        self.ended: list[ServiceError | None] = []

    def send(self, message: bytes) -> None:
        self.go_on.wait(30)
        self.sent.append(message)

    def end(self, failure: ServiceError | None = None) -> None:
        self.ended.append(failure)

    def cancel(self) -> None:
        self.go_on.set()

    def on_end(self, told: Callable[[], None]) -> None:
        del told


class PlainWriter:
    """Messages that are what their events carry."""

    def placed_bytes(self, event: LoggedEvent) -> bytes:
        return event.payload

    def watched(self, tenant_id: UUID, placed: Sequence[bytes], place: Place) -> bytes:
        return b"".join(placed)

    def cursor(self, tenant_id: UUID, place: Place) -> str:
        return f"cursor {place.position}"


def _event(position: int, payload: bytes) -> LoggedEvent:
    return LoggedEvent(
        tenant_id=UUID(int=1),
        position=position,
        id=UUID(int=position),
        type="function.company.v1.CompanyCreated",
        subject_type="company",
        subject_id=UUID(int=position),
        sequence=1,
        occurred_at=_NOW,
        recorded_at=_NOW,
        labels={},
        trace_context="",
        payload=payload,
        actor="",
    )


@pytest.fixture
def stream() -> StuckStream:
    return StuckStream()


@pytest.fixture
def watcher(stream: StuckStream) -> Iterator[Watcher]:
    watching = Watching(
        tenant_id=UUID(int=1),
        wanted=EVERYTHING,
        sees=lambda _: True,
        sees_whole=lambda _: False,
        interval=30.0,
        longest_queue=1_000,
    )
    with ThreadPoolExecutor(2) as pool:
        made = Watcher(watching, Place(0, _NOW), stream, pool=pool, writer=PlainWriter())
        made.go_live()
        yield made
        stream.go_on.set()


def _offer(watcher: Watcher, position: int, payload: bytes) -> None:
    watcher.offer([_event(position, payload)], {}, Place(position, _NOW))


def test_large_events_that_nobody_takes_are_not_kept_beyond_a_bound(watcher: Watcher, stream: StuckStream) -> None:
    payload = bytes(_MIB)
    for position in range(1, 200):
        _offer(watcher, position, payload)
    assert sum(len(part) for part, _ in watcher._waiting) <= 18 * _MIB

    stream.go_on.set()
    eventually(lambda: stream.ended)

    (failure,) = stream.ended
    assert isinstance(failure, EventWatcherTooSlowError)
    # What it goes on from is what it has got.
    assert failure.metadata["cursor"] == f"cursor {len(b''.join(stream.sent)) // _MIB}"


def test_one_page_of_large_events_is_no_reason_to_cut_who_takes_them(watcher: Watcher, stream: StuckStream) -> None:
    events = [_event(position, bytes(_MIB)) for position in range(1, 41)]
    watcher.offer(events, {}, Place(40, _NOW))
    stream.go_on.set()
    eventually(lambda: len(b"".join(stream.sent)) == 40 * _MIB)
    _offer(watcher, 41, b"small")
    eventually(lambda: stream.sent[-1] == b"small")
    assert stream.ended == []
