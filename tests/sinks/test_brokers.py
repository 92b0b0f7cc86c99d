"""What every sink promises, at its real broker."""

import random
import time
from dataclasses import replace

import pytest

from function.company.v1 import company_events_pb2
from function_backend.sinks.carrier import NotCarriedError
from function_backend_client.cloud_events import read_message
from tests.fixtures.sinks import Place, RabbitMqPlace, carrying, message, only, rounds


def _soon() -> float:
    return time.monotonic() + 60.0


def _random(size: int) -> bytes:
    """Bytes that do not become fewer when they are compressed."""
    return random.Random(1).randbytes(size)


class TestCarrying:
    def test_messages_arrive_in_the_order_of_their_keys(self, place: Place) -> None:
        sent = rounds(20, 5, destination=place.destination)
        with carrying(place.sink()) as carrier:
            assert carrier.carry(sent, ends_at=_soon()) == []

        found = place.read(100)

        for key in {each.key for each in sent}:
            assert [each.id for each in found if each.key == key] == [f"{key}-{number}" for number in range(5)]

    def test_a_message_carries_id_key_attributes_and_trace(self, place: Place) -> None:
        data = company_events_pb2.CompanyCreated()
        data.company.legal_name = "Zoë AG"
        sent = message(7, key="k", destination=place.destination, body=data.SerializeToString())
        with carrying(place.sink()) as carrier:
            carrier.carry([sent], ends_at=_soon())

        (found,) = place.read(1)
        event = read_message(found.headers, found.body, content_type=found.content_type)

        assert (found.id, found.key) == ("k-7", "k")
        assert (event.id, event.type, event.source) == ("k-7", "function.company.v1.CompanyCreated", "//test/über")
        assert (event.sequence, event.trace_context) == (7, sent.trace_context)
        assert event.data == data

    def test_a_message_that_is_too_large_is_refused_and_the_others_arrive(self, place: Place) -> None:
        sent = [
            message(0, key="a", destination=place.destination),
            message(0, key="b", destination=place.destination, body=b"x" * 20_000_000),
            message(1, key="a", destination=place.destination),
            message(1, key="b", destination=place.destination),
        ]
        with carrying(place.sink()) as carrier:
            ((refused, reason),) = carrier.carry(sent, ends_at=_soon())

        assert refused == "b-0"
        assert reason
        assert sorted(found.id for found in place.read(3)) == ["a-0", "a-1", "b-1"]

    # The others are asked for their limit, or have none. RabbitMQ closes the channel, Kafka fails all that go together.
    @only("rabbitmq", "kafka")
    def test_what_the_broker_itself_refuses_is_told_from_the_others_beside_it(self, place: Place) -> None:
        sent = [
            message(0, key="a", destination=place.destination),
            message(0, key="b", destination=place.destination, body=_random(2_000_000)),
            message(0, key="c", destination=place.destination),
        ]
        with carrying(place.sink(max_message_bytes=50_000_000)) as carrier:
            ((refused, _),) = carrier.carry(sent, ends_at=_soon())
            assert carrier.carry([message(1, key="a", destination=place.destination)], ends_at=_soon()) == []

        assert refused == "b-0"
        # What had been handed over together may come twice.
        assert {found.id for found in place.read(3)} == {"a-0", "a-1", "c-0"}

    # With the others, a topic or a stream is there as soon as something is written to it.
    @only("rabbitmq", "nats")
    def test_a_message_that_nobody_would_get_is_held(self, place: Place) -> None:
        changes = {"queue": ""} if isinstance(place, RabbitMqPlace) else {"subject": "elsewhere"}
        stray = replace(message(0, key="a", destination=place.destination), destination="nobody.listens")
        with carrying(place.sink(**changes)) as carrier:
            with pytest.raises(NotCarriedError) as caught:
                carrier.carry([stray], ends_at=_soon())

            assert "nobody.listens" in str(caught.value)
            assert carrier.trouble == str(caught.value)

    @only("rabbitmq")
    def test_a_message_that_nobody_would_get_can_become_a_dead_letter(self, place: Place) -> None:
        with carrying(place.sink(queue="", unroutable="dead-letter")) as carrier:
            ((refused, _),) = carrier.carry([message(0, key="a", destination="nobody")], ends_at=_soon())

        assert refused == "a-0"

    @only("nats")
    def test_jetstream_keeps_once_what_comes_twice(self, place: Place) -> None:
        sent = rounds(3, 2, destination=place.destination)
        for _ in range(2):
            with carrying(place.sink()) as carrier:
                carrier.carry(sent, ends_at=_soon())

        assert len(place.read(6)) == 6
