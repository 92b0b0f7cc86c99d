"""Events through the client, against the real service."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from function.company.v1 import company_events_pb2, company_pb2
from function_backend_client import Client, EventNotFoundError
from function_backend_client.aio_client import AsyncClient
from function_backend_client.event_consumer import (
    EventConsumer,
    EventStore,
    MemoryEventStore,
    PostgresEventStore,
    SqliteEventStore,
)
from function_backend_client.events import Event
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

_COMPANIES = ("function.company.*",)


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    """Whoever administers a tenant of the test's own."""
    with Client(server.target, api_key=make_tenant(server), tls=False) as opened:
        yield opened


def _create(client: Client, number: int = 0) -> str:
    return client.companies.create(company_pb2.Company(legal_name=f"Acme {number} GmbH")).id


class TestWatching:
    def test_events_come_typed_and_the_cursor_goes_on_behind_them(self, client: Client) -> None:
        created = [_create(client, number) for number in range(4)]
        first = list(itertools.islice(client.events.watch(types=_COMPANIES, since="oldest"), 2))
        assert [event.subject_id for event in first] == created[:2]
        assert isinstance(first[0].data, company_events_pb2.CompanyCreated)
        assert first[0].data.company.legal_name == "Acme 0 GmbH"
        rest = itertools.islice(client.events.watch(types=_COMPANIES, since=first[-1].cursor), 2)
        assert [event.subject_id for event in rest] == created[2:]

    def test_a_stream_that_ends_is_followed_by_the_next_without_a_gap(
        self, server: RunningServer, client: Client
    ) -> None:
        created = [_create(client)]
        events = client.events.watch(types=_COMPANIES, since="oldest")
        seen = [next(events).subject_id]
        for _ in range(3):
            for watcher in list(_watchers(server)):
                watcher.cancel()
            created.append(_create(client))
            seen.append(next(events).subject_id)
        assert seen == created

    def test_the_asynchronous_client_sees_the_same(self, server: RunningServer) -> None:
        key = make_tenant(server)

        async def watch() -> list[str]:
            async with AsyncClient(server.target, api_key=key, tls=False) as client:
                seen = []
                async for event in client.events.watch(types=_COMPANIES, since="oldest"):
                    seen.append(event.subject_id)
                    if len(seen) == 2:
                        break
                return seen

        with Client(server.target, api_key=key, tls=False) as client:
            created = [_create(client), _create(client)]
        assert asyncio.run(watch()) == created

    def test_they_are_listed_and_read_by_id(self, client: Client) -> None:
        created = [_create(client) for _ in range(3)]
        listed = list(client.events.list(types=_COMPANIES, page_size=2))
        assert [event.subject_id for event in listed] == created
        assert client.events.get(listed[0].id) == listed[0]
        with pytest.raises(EventNotFoundError):
            client.events.get(created[0])
        assert len(client.events.types("function.company.v1.Company")) == 4


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, database: Database) -> Iterator[EventStore]:
    """Each kind of store."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield MemoryEventStore()
        elif request.param == "sqlite":
            yield SqliteEventStore(tmp_path / "events.db")
        else:
            yield PostgresEventStore(stack.enter_context(psycopg.connect(database.superuser_url, autocommit=True)))


class TestConsuming:
    def test_an_event_is_dealt_with_once_and_tried_again_after_a_failure(
        self, client: Client, store: EventStore
    ) -> None:
        created = [_create(client) for _ in range(3)]
        events = list(client.events.list(types=_COMPANIES))
        consumer, dealt = EventConsumer(created[0], store), list[str]()
        assert consumer.since is None

        def fail(_: Event) -> None:
            raise RuntimeError("not now")

        with pytest.raises(RuntimeError):
            consumer.handle(events[0], fail)
        for event in (*events, *events):
            consumer.handle(event, lambda each: dealt.append(each.subject_id))
        assert dealt == created
        assert consumer.since == events[-1].cursor


def _watchers(server: RunningServer) -> Iterator[Any]:
    for each in server.backend._slices:
        for end in each.endings:
            feed = getattr(end, "__self__", None)
            for watcher in getattr(feed, "_watchers", ()):
                yield watcher._stream
