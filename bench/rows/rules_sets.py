"""A hundred rules on one message: our rule set against one function of Python, and against two other engines."""

from __future__ import annotations

import time
from typing import Any

from bench import rule_engines, rule_scene, rule_sets
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.micro import Call, Rounds, agreed, interleaved
from bench.rule_engines import CEL_CPP, ZEN
from bench.stage import Stage
from function.company.v1 import company_pb2
from function.rules.v1 import definition_pb2
from function_backend_rules import compile_definition

_RULES, _MANY = 100, 1_000
_HAND, _OURS = "one function", "rule set"
_SHAPES = {
    "first match": (definition_pb2.RULE_POLICY_FIRST_MATCH, 1.6),
    "all matches": (definition_pb2.RULE_POLICY_ALL_MATCHES, 2.1),
}


def measure(stage: Stage) -> Measurement:
    """Evaluates the set by each policy, and publishes one of a thousand rules."""
    message = rule_scene.company()
    rounds: Rounds = {}
    figures: list[Figure] = []
    for name, (policy, at_most) in _SHAPES.items():
        contestants = _contestants(message, policy)
        agreed(contestants, contestants[_HAND]())
        found = interleaved(stage, contestants)
        figures += _figures(name, found, at_most)
        rounds |= {f"{name}, {contestant}": measured for contestant, measured in found.items()}
    figures.append(_publish(stage, rounds))
    conditions = {
        "rules": f"{_RULES} of four shapes over a company; rule {rule_sets.FIRST} is the first that holds, 6 hold",
        "one function": "all conditions one after the other, without any isolation of errors",
        _OURS: "inputs that are read once, as the service reads those of a batch; the result with its matches",
        CEL_CPP: "all conditions as one list, by one call",
        ZEN: "a decision table with a condition in each row; the dict is ready",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _contestants(message: company_pb2.Company, policy: definition_pb2.RulePolicy.ValueType) -> dict[str, Call]:
    collect = policy == definition_pb2.RULE_POLICY_ALL_MATCHES
    by_hand = rule_sets.by_hand(_RULES, collect=collect)
    compiled = compile_definition(rule_sets.definition(_RULES, policy))
    inputs = compiled.read({"c": message})
    contestants: dict[str, Call] = {
        _HAND: lambda: by_hand(message),
        _OURS: lambda: compiled.evaluate(inputs).value,
    }
    if rule_engines.has_cel_cpp():
        contestants[CEL_CPP] = _cel_cpp(message, collect=collect)
    if rule_engines.has_zen():
        contestants[ZEN] = _zen(rule_scene.as_dict(message), collect=collect)
    return contestants


def _cel_cpp(message: company_pb2.Company, *, collect: bool) -> Call:
    call: Any = rule_engines.cel_cpp_call({"c": rule_scene.COMPANY}, rule_sets.cel_list(_RULES), {"c": message})

    def decide() -> object:
        held = (number for number, found in enumerate(call()) if found.value())
        return list(held) if collect else next(held, None)

    return decide


def _zen(data: dict[str, Any], *, collect: bool) -> Call:
    decision = rule_engines.zen_decision(rule_sets.zen_table(_RULES, collect=collect))

    def decide() -> object:
        result = decision.evaluate(data)["result"]
        return [row["rule"] for row in result] if collect else result["rule"]

    return decide


def _figures(name: str, found: Rounds, at_most: float) -> list[Figure]:
    bars = {_HAND: at_most, CEL_CPP: 1.0, ZEN: 1.0}
    return [
        Figure(
            name=f"Set of {_RULES} rules, {name}",
            value=median_ratio(found[_OURS], found[reference], "ns"),
            unit="×",
            reference="one function written by hand" if reference == _HAND else reference,
            absolute=_microseconds(found, _OURS, reference),
            at_most=bars[reference],
        )
        for reference in found
        if reference != _OURS
    ]


def _publish(stage: Stage, rounds: Rounds) -> Figure:
    definition = rule_sets.definition(stage.scaled(_MANY, least=100), definition_pb2.RULE_POLICY_FIRST_MATCH)
    started = time.perf_counter()
    compile_definition(definition)
    seconds = time.perf_counter() - started
    rounds["publish"] = [{"seconds": seconds}]
    return Figure(name=f"Check and compile a set of {_MANY:,} rules", value=seconds, unit="s", at_most=10)


def _microseconds(found: Rounds, *names: str) -> str:
    return " and ".join(f"{median_of(found[name], 'ns') / 1e3:,.1f}" for name in names) + " µs"
