"""Brokers that die, hang and come back, in the middle of what is carried to them."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from function_backend.sinks.carrier import Carrier, NotCarriedError
from function_backend.sinks.sink import Message
from tests.fixtures.sinks import Found, Place, carrying, rounds

_KEYS, _EACH, _BATCH = 500, 20, 200
_KILLS = 3


def _carry_all(carrier: Carrier, messages: list[Message]) -> Iterator[int]:
    """Carries batch by batch as the relay does, however often it takes; tells how far it is."""
    done = 0
    while done < len(messages):
        try:
            carrier.carry(messages[done : done + _BATCH], ends_at=time.monotonic() + 10.0)
        except NotCarriedError as error:
            time.sleep(error.seconds)
        else:
            done += _BATCH
        yield done


def _assert_complete_and_ordered(found: list[Found], sent: list[Message]) -> None:
    first_seen = list(dict.fromkeys(each.id for each in found))
    assert set(first_seen) == {each.id for each in sent}
    positions = {identifier: place for place, identifier in enumerate(first_seen)}
    for key in range(_KEYS):
        places = [positions[f"key{key}-{number}"] for number in range(_EACH)]
        assert places == sorted(places), f"key{key} is out of order"


@pytest.mark.timeout(300)
class TestBrokerFaults:
    def test_nothing_is_lost_or_reordered_when_the_broker_is_killed_and_restarted(self, place: Place) -> None:
        sent = list(rounds(_KEYS, _EACH, destination=place.destination))
        kills = iter(sorted(random.Random(7).sample(range(1_000, len(sent) - 1_000), _KILLS)))
        next_kill: int | None = next(kills)
        restarts: list[Future[None]] = []

        def restart() -> None:
            place.broker.kill()
            place.broker.start()

        with ThreadPoolExecutor(1) as restarting, carrying(place.sink()) as carrier:
            for done in _carry_all(carrier, sent):
                if next_kill is not None and done >= next_kill:
                    restarts.append(restarting.submit(restart))
                    next_kill = next(kills, None)
                for each in restarts:
                    if each.done():
                        each.result()  # A broker that does not come back ends the test.

        assert len(restarts) == _KILLS
        _assert_complete_and_ordered(place.read(len(sent)), sent)

    def test_a_broker_that_hangs_is_given_up_and_gets_everything_later(self, place: Place) -> None:
        place.timeout = 1.0
        sent = list(rounds(50, 2, destination=place.destination))
        with carrying(place.sink(), publish_timeout=timedelta(seconds=1)) as carrier:
            carrier.carry(sent[:50], ends_at=time.monotonic() + 30.0)
            place.broker.freeze()
            try:
                with pytest.raises(NotCarriedError):
                    carrier.carry(sent[50:], ends_at=time.monotonic() + 4.0)
                seen = carrier.trouble
            finally:
                place.broker.thaw()
            for _ in _carry_all(carrier, sent[50:]):
                pass
            trouble = carrier.trouble

        assert seen is not None
        assert trouble is None
        found = list(dict.fromkeys(each.id for each in place.read(100)))
        assert sorted(found) == sorted(each.id for each in sent)

    def test_a_broker_that_is_away_is_said_so_at_once_and_not_waited_for(self, place: Place) -> None:
        place.broker.kill()
        try:
            with carrying(place.sink()) as carrier:
                with pytest.raises(NotCarriedError) as caught:
                    carrier.carry(rounds(1, 1, destination=place.destination), ends_at=time.monotonic() + 30.0)
                assert caught.value.seconds <= 1.0
        finally:
            place.broker.start()
