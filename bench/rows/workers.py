"""What a second worker adds."""

from __future__ import annotations

import os
from collections.abc import Collection

from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.load import IN_FLIGHT, Target, call
from bench.processes import pin, pin_tree
from bench.rows.get_company import prepare, target_of
from bench.service import Service, running
from bench.stage import Stage

_ROUNDS = 7
_ROUND_SECONDS = 3.0
_WARM_UP_CALLS = 4_000
_CONNECTIONS = 32
"""Many: the kernel deals them out to the workers at random, and few would fall unevenly."""
_PROCESSORS_NEEDED = 3


def measure(stage: Stage) -> Measurement:
    """Calls a service with one worker and one with two in turns."""
    rounds: dict[str, list[dict[str, float]]] = {"1 worker": [], "2 workers": []}
    with running(stage.folder / "one") as one, running(stage.folder / "two", workers=2) as two:
        targets = {"1 worker": _ready(one), "2 workers": _ready(two)}
        rest = _spread(two)
        calls = {name: _calibrated(stage, target, rest) for name, target in targets.items()}
        for _ in stage.rounds(_ROUNDS):
            for name, target in targets.items():
                load = call(target, calls[name], stage.folder, connections=_CONNECTIONS, callers_on=rest)
                rounds[name].append({"calls": load.calls, "rate": load.rate})
    processors = len(os.sched_getaffinity(0))
    few = processors < _PROCESSORS_NEEDED
    figure = Figure(
        name="2 workers / 1 worker",
        value=median_ratio(rounds["2 workers"], rounds["1 worker"], "rate"),
        unit="×",
        reference="1 worker",
        absolute=f"{median_of(rounds['2 workers'], 'rate'):,.0f} to {median_of(rounds['1 worker'], 'rate'):,.0f} "
        "calls/s",
        at_least=1.6,
        exempt=f"Only {processors} processors: the second worker shares its own with the load generator."
        if few
        else "",
    )
    conditions = {
        "load": f"GetCompany, warm; {IN_FLIGHT} calls in flight over {_CONNECTIONS} connections; each worker on a "
        "processor of its own, the load generator on the rest"
        + (", which here is the processor of the second worker" if few else ""),
    }
    return Measurement(figures=[figure], rounds=rounds, conditions=conditions)


def _ready(service: Service) -> Target:
    return target_of(service, prepare(service))


def _spread(service: Service) -> Collection[int]:
    """Puts each worker on a processor of its own and everything else on the rest, which it returns."""
    available = sorted(os.sched_getaffinity(0))
    rest = available[2:] or available[-1:]
    pin_tree(service.pid, rest)
    for worker, processor in zip(sorted(service.workers()), available, strict=False):
        pin(worker, (processor,))
    return rest


def _calibrated(stage: Stage, target: Target, rest: Collection[int]) -> int:
    calls = stage.scaled(_WARM_UP_CALLS, least=500)
    call(target, calls, stage.folder, connections=_CONNECTIONS, callers_on=rest)
    rate = call(target, calls, stage.folder, connections=_CONNECTIONS, callers_on=rest).rate
    return max(calls, round(rate * _ROUND_SECONDS * stage.scale))
