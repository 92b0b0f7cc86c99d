"""Conditions over a message: compiled CEL against Python written by hand, and against two other engines."""

from __future__ import annotations

import functools
from collections.abc import Callable

from bench import rule_engines, rule_scene
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.micro import Call, Rounds, agreed, interleaved
from bench.rule_engines import CEL_CPP, ZEN
from bench.stage import Stage
from function.company.v1 import company_pb2
from function_backend_rules.cel import Environment

_SMALL, _LARGE = 600, 14_000
_HAND = "by hand"
_OURS = "compiled CEL"
_CHECKED = "compiled CEL, inputs checked"
_TRACE = "with a trace"
_VARIABLES = {"c": rule_scene.COMPANY}
_SHAPES = (
    ("two conditions", rule_scene.TWO_CONDITIONS, rule_scene.TWO_CONDITIONS_ZEN, rule_scene.two_conditions, 1.5),
    ("ten conditions", rule_scene.TEN_CONDITIONS, rule_scene.TEN_CONDITIONS_ZEN, rule_scene.ten_conditions, 1.4),
)


def measure(stage: Stage) -> Measurement:
    """Two conditions, ten with five lists, the same with a trace, and one field of a small and of a large message."""
    small = rule_scene.company(size=_SMALL)
    figures: list[Figure] = []
    rounds: Rounds = {}
    for name, expression, zen, by_hand, at_most in _SHAPES:
        contestants = _contestants(expression, zen, by_hand, small)
        agreed(contestants, expected=True)
        if name == "ten conditions":
            contestants[_TRACE] = _traced(expression, small)
        found = interleaved(stage, contestants)
        figures += _figures(name, found, at_most)
        rounds |= {f"{name}, {contestant}": measured for contestant, measured in found.items()}
    figures.append(_one_field(stage, rounds))
    conditions = {
        "message": f"a company of {small.ByteSize()} bytes with five lists; every condition holds",
        "by hand": "a function that reads the message, with loops instead of generators",
        _OURS: "the compiled function, which makes its budget; its message is known to be of the type",
        CEL_CPP: "Expression.eval(data=…), which copies the message; the conversion of the result is included",
        ZEN: "a compiled expression on a dict that is ready: the conversion of the message is not counted",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _contestants(
    expression: str, zen: str, by_hand: Callable[[company_pb2.Company], bool], message: company_pb2.Company
) -> dict[str, Call]:
    program = Environment(variables=_VARIABLES).check(expression).program()
    alone = program.alone
    bindings = {"c": message}
    contestants: dict[str, Call] = {
        _HAND: lambda: by_hand(message),
        _OURS: lambda: alone(message),
        _CHECKED: lambda: program.evaluate(bindings),
    }
    if rule_engines.has_cel_cpp():
        contestants[CEL_CPP] = rule_engines.cel_cpp_call(_VARIABLES, expression, {"c": message})
    if rule_engines.has_zen():
        contestants[ZEN] = rule_engines.zen_call(zen, rule_scene.as_dict(message))
    return contestants


def _traced(expression: str, message: company_pb2.Company) -> Call:
    program = Environment(variables=_VARIABLES).check(expression).program()
    bindings = {"c": message}
    return lambda: program.trace(bindings)


def _figures(name: str, found: Rounds, at_most: float) -> list[Figure]:
    figures = [_ratio(f"Rule of {name}", found, _OURS, _HAND, at_most=at_most, reference="the same by hand in Python")]
    checked = f"Rule of {name}, inputs checked"
    if CEL_CPP in found:
        bar = 0.5 if name == "ten conditions" else 1.0
        figures.append(_ratio(checked, found, _CHECKED, CEL_CPP, at_most=bar, reference=CEL_CPP))
    if ZEN in found:
        figures.append(_ratio(checked, found, _CHECKED, ZEN, at_most=1.0, reference=f"{ZEN}, dict ready"))
    if _TRACE in found:
        figures.append(
            _ratio("Trace of ten conditions", found, _TRACE, _CHECKED, at_most=4, reference="without a trace")
        )
    return figures


def _one_field(stage: Stage, rounds: Rounds) -> Figure:
    program = Environment(variables=_VARIABLES).check("c.jurisdiction == 'DE'").program()
    sizes = {f"{size:,} bytes": {"c": rule_scene.company(size=size)} for size in (_SMALL, _LARGE)}
    contestants: dict[str, Call] = {
        name: functools.partial(program.evaluate, bindings) for name, bindings in sizes.items()
    }
    agreed(contestants, expected=True)
    found = interleaved(stage, contestants)
    rounds |= {f"one field of {name}": measured for name, measured in found.items()}
    small, large = found
    return _ratio(f"One field of a message of {large}", found, large, small, at_most=1.5, reference=f"of {small}")


def _ratio(name: str, found: Rounds, ours: str, theirs: str, *, at_most: float, reference: str) -> Figure:
    return Figure(
        name=name,
        value=median_ratio(found[ours], found[theirs], "ns"),
        unit="×",
        reference=reference,
        absolute=f"{median_of(found[ours], 'ns'):,.0f} and {median_of(found[theirs], 'ns'):,.0f} ns",
        at_most=at_most,
    )
