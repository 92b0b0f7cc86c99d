"""A caller of the feed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import grpc

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function.events.v1 import event_service_pb2 as wire
from function.events.v1 import event_service_pb2_grpc
from tests.fixtures.server import RunningServer

SECONDS = 20.0


class FeedCaller:
    """Makes companies and hears of them, with one key."""

    def __init__(self, server: RunningServer, key: str | None = None, *, channel: grpc.Channel | None = None) -> None:
        self.metadata = server.metadata(key)
        self.events = event_service_pb2_grpc.EventServiceStub(channel or server.channel)
        self._companies = company_service_pb2_grpc.CompanyServiceStub(server.channel)

    def create(self, name: str = "Acme GmbH", **fields: Any) -> str:  # noqa: ANN401  as the fields of the contract
        """The id of a new company."""
        request = company_service_pb2.CreateCompanyRequest(company=company_pb2.Company(legal_name=name, **fields))
        answer = self._companies.CreateCompany(request, metadata=self.metadata, timeout=SECONDS)
        return str(answer.company.id)

    def watch(self, **fields: Any) -> Watching:  # noqa: ANN401  as the fields of the contract
        """A stream, which has begun."""
        stream = self.events.Watch(wire.WatchRequest(**fields), metadata=self.metadata, timeout=120)
        return Watching(stream)

    def list(self, **fields: Any) -> wire.ListEventsResponse:  # noqa: ANN401  as the fields of the contract
        """A page."""
        request = wire.ListEventsRequest(**fields)
        return self.events.ListEvents(request, metadata=self.metadata, timeout=SECONDS)


class Watching:
    """A stream whose messages are taken by a thread."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401  a call that is also an iterator
        self._stream = stream
        self.events: list[wire.PlacedEvent] = []
        self.cursors: list[str] = []
        self.failure: Any = None
        self.is_over = False
        self._heard = threading.Condition()
        threading.Thread(target=self._take, daemon=True).start()
        self.wait(lambda: bool(self.cursors) or self.is_over)

    def wait(self, condition: Any) -> None:  # noqa: ANN401  any function without arguments
        """Returns when the condition holds."""
        with self._heard:
            assert self._heard.wait_for(condition, SECONDS), (len(self.events), self.failure)

    def subjects(self, count: int) -> Sequence[str]:
        """The ids of the resources of the first events, when so many have come."""
        self.wait(lambda: len(self.events) >= count or self.is_over)
        return [each.event.attributes["subject"].ce_string.partition("/")[2] for each in self.events]

    def cancel(self) -> None:
        """Breaks the stream off."""
        self._stream.cancel()

    def _take(self) -> None:
        try:
            for message in self._stream:
                with self._heard:
                    self.events.extend(message.events)
                    self.cursors.append(message.cursor)
                    self._heard.notify_all()
        except grpc.RpcError as error:
            self.failure = error
        with self._heard:
            self.is_over = True
            self._heard.notify_all()
