"""The expressions of rules, checked."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.environment import Environment, Expression
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.nodes import Ident, Literal, MessageLiteral
from function_backend_rules.cel.source import RefusedError
from function_backend_rules.cel.types import BOOL, Type
from function_backend_rules.problems import Problem, of_issue

_SHARED = (bool, int, float, str, bytes, type(None))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule gives."""

    expression: Expression
    constant: bool
    """Whether it is the same for all inputs, and may be handed out again and again."""
    value: object = None
    """The constant."""


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule whose expressions are in order."""

    number: int
    """Its place in the list, from 0."""
    id: str
    condition: Expression
    outcome: Outcome
    reason_code: str
    reason: str


class OutcomeReader:
    """Checks outcomes; the first gives the type of all, where none is declared."""

    def __init__(self, environment: Environment, declared: Type | None, problems: list[Problem]) -> None:
        self._environment = environment
        self._problems = problems
        self.type = declared

    def read(self, text: str, path: str, subject: str) -> Outcome | None:
        """The outcome of a text; None when it is refused. No text is `true`, where the result is a bool."""
        if not text:
            if self.type is not None and self.type != BOOL:
                message = f"the result is of type {self.type}, so the rule has to say its outcome"
                self._problems.append(Problem(path, message, subject=subject))
                return None
            text = "true"
        try:
            expression = self._environment.check(text, expect=self.type)
        except RefusedError as error:
            self._problems.extend(of_issue(path, issue, subject) for issue in error.issues)
            return None
        if self.type is None:
            self.type = expression.type
        return self._folded(expression, path, subject)

    def _folded(self, expression: Expression, path: str, subject: str) -> Outcome | None:
        """The outcome, worked out now when it does not depend on the inputs."""
        if isinstance(expression.root, Literal):
            return Outcome(expression, constant=True, value=expression.root.value)
        if any(isinstance(node, Ident) and not node.name.startswith("@") for node in expression.root.walk()):
            return Outcome(expression, constant=False)
        if any(isinstance(node, MessageLiteral) for node in expression.root.walk()):
            return Outcome(expression, constant=False)
        try:
            value = expression.program(eager=False).exact_call(Budget(), *(None for _ in self._environment.variables))
        except EvaluationError as error:
            message = f"the outcome never has a value: {error.message}"
            self._problems.append(Problem(path, message, subject=subject))
            return None
        return Outcome(expression, isinstance(value, _SHARED), value)
