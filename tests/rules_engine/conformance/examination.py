"""Puts one case to the engine and judges what comes back."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from function_backend_rules.cel import BudgetExceededError, Environment, EvaluationError, InputError, RefusedError
from function_backend_rules.cel.types import parse_type
from tests.rules_engine import canonical
from tests.rules_engine.canonical import Canonical
from tests.rules_engine.conformance import cel_values, spec
from tests.rules_engine.conformance.spec import Case

_NOTHING_EXPECTED = Canonical("bool", True)  # noqa: FBT003 - what a case without a matcher expects


class Outcome(enum.StrEnum):
    """How a case ended."""

    PASSED = "pass"
    REFUSED = "refused"
    """Not accepted by the check: outside the profile, and nothing was evaluated."""
    WRONG = "wrong"
    """Another value, a value for an error, an error for a value, another type, or paths that do not agree."""
    CRASH = "crash"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome of a case."""

    outcome: Outcome
    detail: str = ""


def examine(case: Case) -> Judged:
    """Checks and evaluates a case, by each path of the engine."""
    test = case.test
    if any(declared.HasField("function") for declared in test.type_env):
        return Judged(Outcome.REFUSED, "it declares functions of its own")
    declared = _declared(test)
    environment = _environment(tuple(sorted(declared.items())), test.container, macros=not test.disable_macros)
    try:
        expression = environment.check(test.expr, unchecked=test.disable_check)
    except RefusedError as error:
        return Judged(Outcome.REFUSED, error.issues[0].message)
    if test.HasField("typed_result"):
        due = parse_type(cel_values.type_text(test.typed_result.deduced_type))
        if str(expression.type) != str(due):
            return Judged(Outcome.WRONG, f"expected the type {due}, got {expression.type}")
    if test.check_only:
        return Judged(Outcome.PASSED)
    # What is bound and not declared is to be ignored; the engine refuses it, for it is a mistake of the caller.
    bindings = {name: cel_values.bound(bound.value) for name, bound in test.bindings.items() if name in declared}
    program = expression.program()
    found = {
        "evaluate": _outcome(lambda: program.evaluate(bindings)),
        "alone": _outcome(lambda: program.alone(*program._inputs.ordered(bindings))),
        "exact": _outcome(lambda: program.exact(bindings)),
        "trace": _outcome(lambda: _traced(program, bindings)),
    }
    return _judged(_due(test), found)


def _declared(test: Any) -> dict[str, str]:
    declared = {name.name: cel_values.type_text(name.ident.type) for name in test.type_env}
    if test.disable_check:
        # Unchecked cases need not say what their variables are.
        declared = dict.fromkeys(test.bindings, "dyn") | declared
    return declared


@functools.cache
def _environment(variables: tuple[tuple[str, str], ...], container: str, *, macros: bool) -> Environment:
    return Environment(variables=dict(variables), pool=spec.pool(), container=container, macros=macros)


def _traced(program: Any, bindings: Mapping[str, object]) -> object:
    trace = program.trace(bindings)
    if trace.error is not None:
        raise trace.error
    # Constants are not in it, so an expression that is one has no parts; the first part of any other is all of it.
    for whole in trace.nodes[:1]:
        if canonical.of(whole.value) != canonical.of(trace.value):
            raise AssertionError(f"the trace ends with {whole.value!r} and says {trace.value!r}")
    return trace.value


def _outcome(evaluate: Callable[[], object]) -> Canonical:
    try:
        return canonical.of(evaluate())
    except BudgetExceededError as error:
        return Canonical("stopped", str(error))
    except (EvaluationError, InputError) as error:
        return Canonical("error", str(error))


def _due(test: Any) -> Canonical | None:
    """What a case expects; None for an error."""
    match test.WhichOneof("result_matcher"):
        case "value":
            return cel_values.expected(test.value)
        case "typed_result":
            return cel_values.expected(test.typed_result.result)
        case None:
            return _NOTHING_EXPECTED
        case _:
            return None


def _judged(due: Canonical | None, found: Mapping[str, Canonical]) -> Judged:
    for path, value in found.items():
        fits = value.kind == "error" if due is None else value == due
        if not fits:
            others = "; ".join(f"{name}: {other}" for name, other in found.items())
            return Judged(Outcome.WRONG, f"expected {due or 'an error'}, got by {path} {value} ({others})")
    return Judged(Outcome.PASSED)
