"""What a compiled rule of ten conditions takes of memory, in a process of its own: python -m bench.rule_memory ours."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Any

from bench import rule_engines, rule_scene
from bench.processes import memory
from function_backend_rules.cel import Environment

OURS = "ours"
_VARIABLES = {"c": rule_scene.COMPANY}
_RULES = 400


def main() -> None:
    """Prints the bytes of one rule: compiled, evaluated once, and kept."""
    compiled = _ours() if sys.argv[1] == OURS else _cel_cpp()
    message = rule_scene.company()
    kept = [compiled(rule(number), message) for number in range(20)]
    gc.collect()
    before = memory(os.getpid()).unique
    kept += [compiled(rule(number), message) for number in range(20, 20 + _RULES)]
    gc.collect()
    print((memory(os.getpid()).unique - before) * 1e6 / _RULES)


def rule(number: int) -> str:
    """Ten conditions, and one that no other rule has."""
    # No two of them are the same, so nothing is shared that would not be.
    return f"{rule_scene.TEN_CONDITIONS} && c.legal_name != 'Nobody {number}'"


def _ours() -> Callable[[str, object], Any]:
    environment = Environment(variables=_VARIABLES)

    def compiled(expression: str, message: object) -> object:
        program = environment.check(expression).program()
        program.evaluate({"c": message})
        return program

    return compiled


def _cel_cpp() -> Callable[[str, object], Any]:
    environment = rule_engines.cel_cpp_environment(_VARIABLES)

    def compiled(expression: str, message: object) -> object:
        program = environment.compile(expression)
        program.eval(data={"c": message}).value()
        return program

    return compiled


if __name__ == "__main__":
    main()
