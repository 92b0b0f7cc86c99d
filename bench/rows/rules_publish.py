"""What it takes to publish a rule, and what a published rule takes of memory."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
from pathlib import Path

from bench import rule_engines, rule_memory, rule_scene
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.micro import Call, Rounds, interleaved
from bench.rule_engines import CEL_CPP
from bench.stage import Stage
from function_backend_rules.cel import Environment

_ROOT = Path(__file__).parents[2]
_VARIABLES = {"c": rule_scene.COMPANY}
_CHECK, _PUBLISH, _LOAD = "parse and check", "parse, check and compile", "load"
_MEMORY_ROUNDS = 5


def measure(stage: Stage) -> Measurement:
    """Parses and checks ten conditions, with and without compiling them; then keeps hundreds of them."""
    environment = Environment(variables=_VARIABLES)
    # Every rule is another one, since the code of a rule that was compiled before is kept.
    numbers = itertools.count()
    known = environment.check(rule_scene.TEN_CONDITIONS)
    contestants: dict[str, Call] = {
        _CHECK: lambda: environment.check(rule_memory.rule(next(numbers))),
        _PUBLISH: lambda: environment.check(rule_memory.rule(next(numbers))).program().call,
        _LOAD: lambda: known.program().call,
    }
    if rule_engines.has_cel_cpp():
        other = rule_engines.cel_cpp_environment(_VARIABLES)
        contestants[CEL_CPP] = lambda: other.compile(rule_memory.rule(next(numbers)))
    rounds = interleaved(stage, contestants)
    figures = [
        Figure(
            name="Publish a rule of ten conditions: front end and code",
            value=median_ratio(rounds[_PUBLISH], rounds[_CHECK], "ns"),
            unit="×",
            reference="front end alone",
            absolute=_milliseconds(rounds, _PUBLISH, _CHECK),
            at_most=2.5,
        ),
        Figure(
            name="Load a rule of ten conditions whose code is kept",
            value=median_ratio(rounds[_LOAD], rounds[_CHECK], "ns"),
            unit="×",
            reference="front end",
            absolute=_milliseconds(rounds, _LOAD, _CHECK),
            at_most=0.03,
        ),
    ]
    if CEL_CPP in rounds:
        figures.append(
            Figure(
                name="Front end, ten conditions",
                value=median_ratio(rounds[_CHECK], rounds[CEL_CPP], "ns"),
                unit="×",
                reference=f"that of {CEL_CPP}, which is written in C++",
                absolute=_milliseconds(rounds, _CHECK, CEL_CPP),
            )
        )
        figures.append(_memory(stage, rounds))
    conditions = {"memory": "resident bytes of a process that keeps 400 rules, each compiled and evaluated once"}
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


def _milliseconds(rounds: Rounds, *names: str) -> str:
    return " and ".join(f"{median_of(rounds[name], 'ns') / 1e6:.2f}" for name in names) + " ms"


def _memory(stage: Stage, rounds: Rounds) -> Figure:
    ours, theirs = f"memory, {rule_memory.OURS}", f"memory, {CEL_CPP}"
    rounds |= {ours: [], theirs: []}
    for _ in stage.rounds(_MEMORY_ROUNDS):
        rounds[ours].append({"bytes": _bytes_of_a_rule(rule_memory.OURS)})
        rounds[theirs].append({"bytes": _bytes_of_a_rule(CEL_CPP)})
    kilobytes = [statistics.median(each["bytes"] for each in rounds[name]) / 1024 for name in (ours, theirs)]
    return Figure(
        name="Memory of a compiled rule of ten conditions",
        value=median_ratio(rounds[ours], rounds[theirs], "bytes"),
        unit="×",
        reference=f"{CEL_CPP}: expression and program",
        absolute=f"{kilobytes[0]:.1f} and {kilobytes[1]:.1f} KiB",
        at_most=0.5,
    )


def _bytes_of_a_rule(engine: str) -> float:
    command = [sys.executable, "-m", "bench.rule_memory", engine]
    return float(subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout)
