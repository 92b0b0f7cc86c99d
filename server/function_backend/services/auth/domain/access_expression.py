"""Conditions of role bindings that are written in CEL over `request`, which is a `function.auth.v1.AccessRequest`."""

from __future__ import annotations

import importlib
import logging
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

_log = logging.getLogger(__name__)

_VARIABLES = {"request": "function.auth.v1.AccessRequest"}
_CONTAINER = "function.auth.v1"
# A condition is held against each call of whoever has it, so it gets less than a rule.
_STEPS, _BYTES, _SECONDS = 50_000, 1024 * 1024, 0.01
_STATIC_COST = 50_000
_KEPT = 1024


class ExpressionProblem(NamedTuple):
    """One reason why an expression is not accepted."""

    line: int
    column: int
    message: str
    suggestion: str
    """What was probably meant; empty when that is not known."""
    excerpt: str
    """The line in question, and below it one with a caret."""

    @property
    def sentence(self) -> str:
        """The problem with its place, in one line."""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"line {self.line}, column {self.column}: {self.message}{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessExpression:
    """An expression that a binding counts under."""

    text: str
    title: str = ""
    description: str = ""

    def holds(self, request: object) -> bool:
        """Whether it is true for the `AccessRequest`. What fails or takes too long does not hold."""
        program = _program(self.text)
        if program is None:
            return False
        try:
            budget = _engine().Budget.of(_STEPS, _BYTES, time.monotonic() + _SECONDS)
            return program.evaluate({"request": request}, budget=budget) is True
        except Exception as error:  # noqa: BLE001  whatever it is, nobody gets in by it
            _log.info("a condition does not hold, for it failed: %s", error)
            return False


def expression_problems(text: str) -> tuple[ExpressionProblem, ...]:
    """Why the expression is not accepted; nothing when it is."""
    engine = _engine()
    try:
        _environment().check(text, expect="bool")
    except engine.RefusedError as error:
        return tuple(
            ExpressionProblem(issue.line, issue.column, issue.message, issue.suggestion or "", issue.excerpt)
            for issue in error.issues
        )
    return ()


@lru_cache(maxsize=_KEPT)
def _program(text: str) -> Any | None:  # noqa: ANN401  the engine's compiled expression
    try:
        return _environment().check(text, expect="bool").program()
    except _engine().RefusedError:
        # It was accepted by a release that knew more: what cannot be checked is not granted.
        _log.warning("a condition does not hold, for this release cannot read it")
        return None


@lru_cache(maxsize=1)
def _environment() -> Any:  # noqa: ANN401  the engine's
    engine = _engine()
    functions = importlib.import_module("function_backend_rules.functions").FUNCTIONS
    limits = engine.Limits(cost=_STATIC_COST)
    return engine.Environment(_VARIABLES, container=_CONTAINER, functions=functions, limits=limits)


def _engine() -> Any:  # noqa: ANN401  a module
    # Only where there is such a condition: a worker starts without the engine.
    return importlib.import_module("function_backend_rules.cel")
