"""From a commit to the broker: what the relay reads off the log, over the real database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import psycopg
import pytest
from prometheus_client import CollectorRegistry

from function.company.v1 import company_events_pb2
from function_backend.events.log import LoggedEvent
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.sinks.carrier import Carrier, CarrierSettings
from function_backend.sinks.messages import MessageMaker
from function_backend.sinks.metrics import SinkMetrics
from function_backend.sinks.relay import SinkRelay
from function_backend.sinks.settings import SinksSettings
from function_backend.sinks.sink import Sink
from function_backend_client.cloud_events import read_message
from tests.factories.auth import a_principal, calling
from tests.factories.events import an_event
from tests.fixtures import postgres
from tests.fixtures.sinks import Found, Place, RedisPlace, only
from tests.interceptors.serving import eventually

_SETTINGS = SinksSettings(from_start=True, publish_timeout=timedelta(seconds=2))
Begin = Callable[..., SinkRelay]


@pytest.fixture
def begin(transactions: Transactions) -> Iterator[Begin]:
    """Starts relays to a place, which end with the test."""
    with ExitStack() as stack:

        def start(place: Place, name: str = "", sink: Sink | None = None) -> SinkRelay:
            patience = CarrierSettings(publish_timeout=2.0, longest_pause=0.5)
            metrics = SinkMetrics(CollectorRegistry())
            carrier = Carrier("test", sink or place.sink(), patience, metrics)
            maker = MessageMaker(_SETTINGS, place.destination)
            relay = SinkRelay(
                name or uuid4().hex, carrier, maker, metrics, transactions=transactions, settings=_SETTINGS, types=()
            )
            relay.start()
            stack.callback(relay.close)
            return relay

        yield start


def _record(transactions: Transactions, principal: Principal, subject: UUID, count: int, payload: bytes = b"") -> None:
    for sequence in range(1, count + 1):
        with calling(principal), transactions() as work:
            work.record(an_event(subject_id=subject, sequence=sequence, payload=payload or b"payload"))


def _of(place: Place, subject: UUID) -> list[Found]:
    return [found for found in place.read(0) if found.key == str(subject)]


@pytest.fixture
def redis_place(place: Place) -> RedisPlace:
    assert isinstance(place, RedisPlace)
    return place


# What the relay does does not depend on the broker.
@only("redis")
class TestRelay:
    def test_what_was_committed_arrives_in_the_order_of_its_resource(
        self, transactions: Transactions, begin: Begin, redis_place: RedisPlace
    ) -> None:
        principal, subject = a_principal(), uuid4()
        relay = begin(redis_place)
        _record(transactions, principal, subject, 20)
        relay.wake(str(principal.tenant_id))

        eventually(lambda: len(_of(redis_place, subject)) == 20)

        found = _of(redis_place, subject)
        assert [each.headers[b"ce_sequence"] for each in found] == [str(n).encode() for n in range(1, 21)]
        assert {each.headers[b"ce_tenant"] for each in found} == {str(principal.tenant_id).encode()}

    def test_events_wait_while_the_broker_is_away_and_hold_up_no_write(
        self, transactions: Transactions, begin: Begin, redis_place: RedisPlace
    ) -> None:
        principal, subject = a_principal(), uuid4()
        relay = begin(redis_place)
        redis_place.broker.kill()
        try:
            _record(transactions, principal, subject, 5)
            relay.wake(str(principal.tenant_id))
            eventually(lambda: relay.trouble is not None)
        finally:
            redis_place.broker.start()

        eventually(lambda: len(_of(redis_place, subject)) >= 5)
        eventually(lambda: relay.trouble is None)

    def test_a_refused_event_becomes_a_dead_letter_and_those_behind_it_arrive(
        self, database: postgres.Database, transactions: Transactions, begin: Begin, redis_place: RedisPlace
    ) -> None:
        principal, subject, name = a_principal(), uuid4(), uuid4().hex
        _record(transactions, principal, subject, 1, payload=b"x" * 5_000)
        _record(transactions, principal, subject, 3)
        begin(redis_place, name, redis_place.sink(max_message_bytes=2_000))

        eventually(lambda: len(_of(redis_place, subject)) == 3)

        with psycopg.connect(database.superuser_url) as connection:
            found = connection.execute(
                "select failure from event_dead_letter where tenant_id = %s and consumer = %s",
                (principal.tenant_id, f"sink-{name}"),
            ).fetchall()
        assert found == [("it is larger than sink_redis.max_message_bytes, which is 2000",)]

    def test_what_the_broker_refuses_again_stays_a_dead_letter(
        self, database: postgres.Database, transactions: Transactions, begin: Begin, redis_place: RedisPlace
    ) -> None:
        principal, subject, name = a_principal(), uuid4(), uuid4().hex
        _record(transactions, principal, subject, 1, payload=b"x" * 5_000)
        begin(redis_place, name, redis_place.sink(max_message_bytes=2_000))
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:

            def letters() -> list[tuple[Any, ...]]:
                query = "select attempts, resend_at from event_dead_letter where consumer = %s and tenant_id = %s"
                return connection.execute(query, (f"sink-{name}", principal.tenant_id)).fetchall()

            eventually(lambda: letters() == [(1, None)])
            connection.execute("update event_dead_letter set resend_at = now() where consumer = %s", (f"sink-{name}",))
            eventually(lambda: letters() == [(2, None)])


_LOGGED = LoggedEvent(
    tenant_id=UUID(int=1),
    position=42,
    id=UUID(int=2),
    type="function.company.v1.CompanyCreated",
    subject_type="company",
    subject_id=UUID(int=3),
    sequence=7,
    occurred_at=datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC),
    recorded_at=datetime(2026, 1, 2, tzinfo=UTC),
    labels={},
    trace_context="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    payload=b"",
    actor="",
)


class TestMessages:
    @pytest.mark.parametrize("prefix", ["ce_", "ce-", "cloudEvents:"])
    @pytest.mark.parametrize("content_mode", ["binary", "structured"])
    @pytest.mark.parametrize("data_format", ["protobuf", "json"])
    def test_the_client_reads_what_is_written_in_every_mode(
        self, content_mode: Literal["binary", "structured"], data_format: Literal["protobuf", "json"], prefix: str
    ) -> None:
        data = company_events_pb2.CompanyCreated()
        data.company.legal_name = "Zoë AG"
        maker = MessageMaker(SinksSettings(content_mode=content_mode, data_format=data_format), "{domain}.{event}")
        made = maker.make(replace(_LOGGED, payload=data.SerializeToString()))

        event = read_message({**made.headers(prefix), "Content-Type": made.content_type}, made.body)

        assert made.destination == "company.CompanyCreated"
        assert (made.id, made.key) == (str(_LOGGED.id), str(_LOGGED.subject_id))
        assert event.data == data
        assert (event.id, event.tenant, event.sequence, event.position) == (made.id, str(_LOGGED.tenant_id), 7, 42)
        assert event.subject == f"company/{_LOGGED.subject_id}"
        assert event.time == _LOGGED.occurred_at
        assert event.trace_context == _LOGGED.trace_context
        assert event.attributes["partitionkey"] == made.key

    def test_a_structured_json_event_is_a_plain_document(self) -> None:
        made = MessageMaker(SinksSettings(content_mode="structured", data_format="json"), "t").make(_LOGGED)

        document = json.loads(made.body)

        assert made.attributes == {}
        assert document["type"] == _LOGGED.type
        assert document["data"] == {}
