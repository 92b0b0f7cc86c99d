"""Times calls that take microseconds: in the same process, in turns, so that what slows one slows the others."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable, Mapping

from bench.rows.get_company import rotated
from bench.stage import Stage

Call = Callable[[], object]
Rounds = dict[str, list[dict[str, float]]]

_ROUNDS = 15
_ROUND_SECONDS = 0.05


def interleaved(stage: Stage, contestants: Mapping[str, Call], *, rounds: int = _ROUNDS) -> Rounds:
    """The nanoseconds of processor time of a call of each contestant in every round.

    Every round of every contestant makes as many calls as take about 50 ms. Whether they all say the same has been
    looked at before.
    """
    calls = {name: _calibrated(call) for name, call in contestants.items()}
    measured: Rounds = {name: [] for name in contestants}
    for number in stage.rounds(rounds):
        for name in rotated(list(contestants), number):
            measured[name].append({"ns": _timed(contestants[name], calls[name]) / calls[name] * 1e9})
    return measured


def agreed(contestants: Mapping[str, Call], expected: object) -> None:
    """Raises unless all of them return the same."""
    found = {name: call() for name, call in contestants.items()}
    wrong = {name: value for name, value in found.items() if value != expected}
    if wrong:
        raise ValueError(f"expected {expected!r} of everyone, got {wrong}")


def _calibrated(call: Call) -> int:
    calls = 1
    while (seconds := _timed(call, calls)) < _ROUND_SECONDS / 4:
        calls *= 2
    return max(1, round(calls * _ROUND_SECONDS / seconds))


def _timed(call: Call, calls: int) -> float:
    collecting = gc.isenabled()
    gc.disable()
    try:
        started = time.process_time()
        for _ in itertools.repeat(None, calls):
            call()
        return time.process_time() - started
    finally:
        if collecting:
            gc.enable()
