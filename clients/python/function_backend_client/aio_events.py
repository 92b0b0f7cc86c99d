"""The feed of events through the asynchronous client."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any

from function.events.v1 import event_service_pb2, event_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.errors import FunctionBackendError
from function_backend_client.events import (
    STREAM_SECONDS,
    Event,
    WatchProgress,
    event_filter,
    event_of,
    event_start,
    watch_request,
)
from function_backend_client.pages import AsyncPager, Page

wire = event_service_pb2


class AsyncEvents:
    """As `Events`, with `await`."""

    def __init__(self, stub: event_service_pb2_grpc.EventServiceAsyncStub) -> None:
        self._stub = stub

    async def watch(
        self,
        *,
        types: Iterable[str] = (),
        subject_types: Iterable[str] = (),
        subject_ids: Iterable[str] = (),
        labels: Mapping[str, str] | None = None,
        since: str | dt.datetime | None = None,
        checkpoint: Callable[[str], object] | None = None,
        checkpoint_interval: dt.timedelta | None = None,
    ) -> AsyncIterator[Event]:
        """Yields events as they happen, for ever; see `Events.watch`."""
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
                async for message in stream:
                    for event in progress.take(message):
                        yield event
                    if checkpoint is not None:
                        checkpoint(progress.cursor)
            except FunctionBackendError as error:
                failure = error
            finally:
                if stream is not None:
                    stream.cancel()
            await asyncio.sleep(progress.pause_after(failure))

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
    ) -> AsyncPager[Event]:
        """Returns events, the oldest first, page by page; see `Events.list`."""
        request = wire.ListEventsRequest(
            filter=event_filter(types=types, subject_types=subject_types, subject_ids=subject_ids, labels=labels),
            start=event_start(since),
            page_size=page_size,
        )

        async def fetch(token: str) -> Page[Event]:
            response = await self._stub.ListEvents(requests.at_page(request, token), timeout=timeout)
            return Page([event_of(each) for each in response.events], response.next_page_token)

        return AsyncPager(fetch, "")

    async def get(self, event_id: str, *, timeout: float | None = None) -> Event:
        """Returns one event; EventNotFoundError when there is none that the caller may see."""
        return event_of((await self._stub.GetEvent(wire.GetEventRequest(id=event_id), timeout=timeout)).event)

    async def types(self, prefix: str = "", *, timeout: float | None = None) -> Sequence[event_service_pb2.EventType]:
        """Returns the types of events, each with an example."""
        return (await self._stub.ListEventTypes(wire.ListEventTypesRequest(prefix=prefix), timeout=timeout)).types
