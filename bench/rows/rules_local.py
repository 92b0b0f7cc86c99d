"""Decisions in the client's process, against one function of Python."""

from __future__ import annotations

import time

from bench import rule_scene, rule_service, rule_sets
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.micro import Rounds, agreed, interleaved
from bench.rule_service import NAME, RULES
from bench.service import running
from bench.stage import Stage
from function_backend_client import Client
from function_backend_client.rules import LocalRules, LocalSettings

_HAND, _LOCAL = "one function", "LocalRules.evaluate"
_REPORTED = 20_000


def measure(stage: Stage) -> Measurement:
    """Decides without reporting in turns with the function, and then what a reported decision costs in all."""
    message = rule_scene.company()
    by_hand = rule_sets.by_hand(RULES, collect=False)
    with running(stage.folder / "data") as service:
        rule_service.publish(service)
        with service.connect() as client:
            with LocalRules(client, names=[NAME], settings=LocalSettings(record=False)) as rules:
                contestants = {
                    _HAND: lambda: by_hand(message),
                    _LOCAL: lambda: rules.evaluate(NAME, c=message).value,
                }
                agreed(contestants, contestants[_HAND]())
                rounds = interleaved(stage, contestants)
            reported = _reported(stage, client)
    rounds["reported"] = [{"cpu_us": reported}]
    figure = Figure(
        name=f"A local decision by {RULES} rules, first match",
        value=median_ratio(rounds[_LOCAL], rounds[_HAND], "ns"),
        unit="×",
        reference="one function written by hand",
        absolute=_microseconds(rounds),
        at_most=2.0,
    )
    report = Figure(name="the same, reported to the service: CPU of this process in all", value=reported, unit="µs")
    conditions = {
        "a decision": "the version in force is looked up, the inputs are looked at, `now` is the time of the service; "
        "the function does none of that",
        "reported": "with its inputs, which are serialised, looked through for sensitive fields and sent in batches",
    }
    return Measurement(figures=[figure, report], rounds=rounds, conditions=conditions)


def _reported(stage: Stage, client: Client) -> float:
    """Microseconds of this process for a decision that is reported, the thread that reports included."""
    message = rule_scene.company()
    count = stage.scaled(_REPORTED, least=500)
    with LocalRules(client, names=[NAME], settings=LocalSettings(queue=count, flush_every=0.2)) as rules:
        started = time.process_time()
        for _ in range(count):
            rules.evaluate(NAME, c=message)
        if not rules.flush(300):
            raise RuntimeError("the decisions were not reported in time")
        used = time.process_time() - started
        if (rules.reported, rules.lost) != (count, 0):
            raise RuntimeError(f"{rules.reported} of {count} decisions were reported, {rules.lost} were lost")
    return used / count * 1e6


def _microseconds(rounds: Rounds) -> str:
    return " and ".join(f"{median_of(rounds[name], 'ns') / 1e3:,.1f}" for name in (_LOCAL, _HAND)) + " µs"
