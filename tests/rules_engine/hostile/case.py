"""A rule, or an input, that somebody made to do harm."""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from function_backend_rules.cel import (
    BudgetExceededError,
    Environment,
    EvaluationError,
    FunctionRegistry,
    InputError,
    RefusedError,
)
from tests.rules_engine import canonical


class End(enum.StrEnum):
    """How a hostile rule may end. Nothing else may happen: no other exception, no death of the process."""

    REFUSED = "refused"
    """By the check, before anything was evaluated."""
    STOPPED = "stopped"
    """By a budget, while it was evaluated."""
    ERROR = "error"
    """An error of this evaluation."""
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Found:
    """How it ended."""

    end: End
    detail: str
    seconds: float
    """Processor time of the evaluation; of the check where that refuses it."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One of them."""

    id: str
    """Of the list in the design, such as `H1`; what is new has a word."""
    title: str
    expression: str
    variables: Mapping[str, str] = field(default_factory=dict)
    bindings: Mapping[str, object] = field(default_factory=dict)
    ends: frozenset[End] = frozenset({End.REFUSED, End.STOPPED})
    value: str = ""
    """The canonical text of the value, where it has to have one."""
    functions: FunctionRegistry | None = None

    def found(self) -> Found:
        """Checks the expression and evaluates it."""
        started = time.process_time()
        try:
            program = Environment(self.variables, functions=self.functions).check(self.expression).program()
        except RefusedError as error:
            return Found(End.REFUSED, error.issues[0].message, time.process_time() - started)
        started = time.process_time()
        try:
            end, detail = End.VALUE, str(canonical.of(program.evaluate(self.bindings)))
        except BudgetExceededError as error:
            end, detail = End.STOPPED, str(error)
        except (EvaluationError, InputError) as error:
            end, detail = End.ERROR, str(error)
        return Found(end, detail[:200], time.process_time() - started)

    def objection(self, found: Found) -> str:
        """What is wrong about how it ended; empty when nothing is."""
        if found.end not in self.ends:
            return f"ended with {found.end} ({found.detail}), not with {' or '.join(sorted(self.ends))}"
        if self.value and found.end is End.VALUE and found.detail != self.value:
            return f"has the value {found.detail}, not {self.value}"
        return ""


HARMLESS = frozenset(End)
"""However it ends, as long as it ends."""
AN_ERROR = frozenset({End.REFUSED, End.ERROR, End.STOPPED})
"""It must have no value."""
A_VALUE = frozenset({End.VALUE})
