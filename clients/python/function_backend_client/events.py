"""The feed of events through the synchronous client: watched without a gap, listed, and consumed once."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from function.events.v1 import cloud_event_pb2, event_service_pb2, event_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.errors import (
    CancelledError,
    DeadlineError,
    FunctionBackendError,
    InternalError,
    LimitExceededError,
    UnavailableError,
)
from function_backend_client.pages import Page, Pager

wire = event_service_pb2

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load; nothing secret
STREAM_SECONDS: Final = 400.0
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0
_LOADED: Final[set[str]] = set()
_PASSING: Final = (UnavailableError, DeadlineError, LimitExceededError, CancelledError, InternalError)


@dataclass(frozen=True, slots=True)
class Event:
    """One event, and the cursor to go on from once it has been dealt with."""

    id: str
    """The same however often the event is delivered."""
    type: str
    """The full name of the message in `data`, such as `function.company.v1.CompanyCreated`."""
    subject_type: str
    subject_id: str
    tenant_id: str
    time: dt.datetime
    """When it happened."""
    sequence: int
    """The number of the change among those of the resource, from 1."""
    position: int
    """The number of the event in the tenant."""
    cursor: str
    data: Message | None = field(compare=False)
    """What happened, as its message; None when this version of the client does not know the type."""
    envelope: cloud_event_pb2.CloudEvent = field(repr=False, compare=False)
    """The CloudEvent as it came."""


def event_of(placed: event_service_pb2.PlacedEvent) -> Event:
    """The event of a message."""
    envelope = placed.event
    attributes = envelope.attributes
    subject_type, _, subject_id = attributes["subject"].ce_string.partition("/")
    return Event(
        id=envelope.id,
        type=envelope.type,
        subject_type=subject_type,
        subject_id=subject_id,
        tenant_id=attributes["tenant"].ce_string,
        time=attributes["time"].ce_timestamp.ToDatetime(tzinfo=dt.UTC),
        sequence=int(attributes["sequence"].ce_string),
        position=int(attributes["position"].ce_string),
        cursor=placed.cursor,
        data=_data(envelope),
        envelope=envelope,
    )


def event_filter(
    *,
    types: Iterable[str] = (),
    subject_types: Iterable[str] = (),
    subject_ids: Iterable[str] = (),
    labels: Mapping[str, str] | None = None,
) -> event_service_pb2.EventFilter:
    """Which events are wanted; what is left out is open. A type that ends with `*` is a prefix."""
    return wire.EventFilter(
        types=types, subject_types=subject_types, subject_ids=subject_ids, labels=dict(labels or {})
    )


def event_start(since: str | dt.datetime | None) -> event_service_pb2.EventStart | None:
    """Where to begin: behind a cursor, at a time, with the `oldest` event, or now (None)."""
    if since is None:
        return None
    if isinstance(since, dt.datetime):
        if since.tzinfo is None:
            raise ValueError("a time needs a time zone, such as datetime.now(UTC)")
        start = wire.EventStart()
        start.time.FromDatetime(since)
        return start
    return wire.EventStart(oldest=True) if since == "oldest" else wire.EventStart(cursor=since)


class WatchProgress:
    """How far a watch has come over all its streams, and how long it waits before the next one."""

    def __init__(self, request: event_service_pb2.WatchRequest) -> None:
        self._request = request
        self._pause = _FIRST_PAUSE
        self.cursor = ""
        """Where to go on; empty before the first message."""

    def request(self) -> event_service_pb2.WatchRequest:
        """What the next stream is asked for."""
        if self.cursor:
            self._request.start.cursor = self.cursor
        return self._request

    def take(self, message: event_service_pb2.WatchResponse) -> Iterator[Event]:
        """The events of a message; the cursor moves as they are taken."""
        self._pause = _FIRST_PAUSE
        for placed in message.events:
            # Before it is dealt with: whoever breaks off in the middle has the cursor of the event itself.
            self.cursor = placed.cursor
            yield event_of(placed)
        self.cursor = message.cursor or self.cursor

    def pause_after(self, failure: FunctionBackendError | None) -> float:
        """Seconds to wait; raises the failure when trying again does not help."""
        if failure is None:
            return 0.0
        if not isinstance(failure, _PASSING):
            raise failure
        pause = _RANDOM.uniform(self._pause / 2, self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return pause


class Events:
    """The feed of events of the caller's tenant."""

    def __init__(self, stub: event_service_pb2_grpc.EventServiceStub) -> None:
        self._stub = stub

    def watch(
        self,
        *,
        types: Iterable[str] = (),
        subject_types: Iterable[str] = (),
        subject_ids: Iterable[str] = (),
        labels: Mapping[str, str] | None = None,
        since: str | dt.datetime | None = None,
        checkpoint: Callable[[str], object] | None = None,
        checkpoint_interval: dt.timedelta | None = None,
    ) -> Iterator[Event]:
        """Yields events as they happen, for ever: a stream that ends or breaks is followed by the next one.

        None is lost and none comes twice, as long as the iterator lives; keep `event.cursor` of the last event that was
        dealt with, and pass it as `since` the next time. `checkpoint` is called with a cursor also while nothing comes.

        Args:
            types: names of types, or prefixes that end with `*`; all when empty.
            subject_types: kinds of resources, such as `company`.
            subject_ids: ids of resources.
            labels: labels that a resource must all have had.
            since: a cursor, a time, or `oldest`; now when None.
            checkpoint: is told cursors.
            checkpoint_interval: how often at least, 30 seconds when None.

        Raises:
            EventCursorExpiredError: what follows `since` is not kept any more.
            FunctionBackendError: the service refuses for a reason that does not pass.
        """
        progress = WatchProgress(
            watch_request(
                event_filter(types=types, subject_types=subject_types, subject_ids=subject_ids, labels=labels),
                since,
                checkpoint_interval,
            )
        )
        while True:
            failure: FunctionBackendError | None = None
            stream: Any = None
            try:
                stream = self._stub.Watch(progress.request(), timeout=STREAM_SECONDS)
                for message in stream:
                    yield from progress.take(message)
                    if checkpoint is not None:
                        checkpoint(progress.cursor)
            except FunctionBackendError as error:
                failure = error
            finally:
                if stream is not None:
                    stream.cancel()
            time.sleep(progress.pause_after(failure))

    def list(
        self,
        *,
        types: Iterable[str] = (),
        subject_types: Iterable[str] = (),
        subject_ids: Iterable[str] = (),
        labels: Mapping[str, str] | None = None,
        since: str | dt.datetime | None = None,
        page_size: int = 0,
        timeout: float | None = None,
    ) -> Pager[Event]:
        """Returns events, the oldest first, page by page: from the oldest that is kept, or from where `since` says."""
        request = wire.ListEventsRequest(
            filter=event_filter(types=types, subject_types=subject_types, subject_ids=subject_ids, labels=labels),
            start=event_start(since),
            page_size=page_size,
        )

        def fetch(token: str) -> Page[Event]:
            response = self._stub.ListEvents(requests.at_page(request, token), timeout=timeout)
            return Page([event_of(each) for each in response.events], response.next_page_token)

        return Pager(fetch, "")

    def get(self, event_id: str, *, timeout: float | None = None) -> Event:
        """Returns one event; EventNotFoundError when there is none that the caller may see."""
        return event_of(self._stub.GetEvent(wire.GetEventRequest(id=event_id), timeout=timeout).event)

    def types(self, prefix: str = "", *, timeout: float | None = None) -> Sequence[event_service_pb2.EventType]:
        """Returns the types of events, each with an example."""
        return self._stub.ListEventTypes(wire.ListEventTypesRequest(prefix=prefix), timeout=timeout).types


def watch_request(
    wanted: event_service_pb2.EventFilter, since: str | dt.datetime | None, interval: dt.timedelta | None
) -> event_service_pb2.WatchRequest:
    """What a watch asks for."""
    request = wire.WatchRequest(filter=wanted, start=event_start(since))
    if interval is not None:
        request.checkpoint_interval.FromTimedelta(interval)
    return request


def _data(envelope: cloud_event_pb2.CloudEvent) -> Message | None:
    try:
        kind = descriptor_pool.Default().FindMessageTypeByName(envelope.type)
    except KeyError:
        # Stubs are loaded when the first event of their package comes.
        package = envelope.type.rpartition(".")[0]
        if package in _LOADED or not _load(package):
            return None
        return _data(envelope)
    return GetMessageClass(kind).FromString(envelope.proto_data.value)


def _load(package: str) -> bool:
    """Loads the events of the package; whether there are any."""
    _LOADED.add(package)
    if not package.startswith("function."):
        return False
    try:
        folder = importlib.import_module(package)
    except ImportError:
        return False
    names = [found.name for found in pkgutil.iter_modules(folder.__path__) if found.name.endswith("_events_pb2")]
    for name in names:
        importlib.import_module(f"{package}.{name}")
    return bool(names)
