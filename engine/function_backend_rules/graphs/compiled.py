"""A decision graph that decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.program import Program
from function_backend_rules.cel.types import Type
from function_backend_rules.cel.values import NONE, OptionalValue
from function_backend_rules.problems import Problem
from function_backend_rules.results import Match, Result, RuleFailure, Status, failure_of

RESULT = "result"
"""What stands for a step's name where the result of the graph is meant."""


class CalledDecision(Protocol):
    """What a graph needs of a decision that it calls."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def inputs(self) -> Mapping[str, Type]:
        """The types of its inputs, in order."""

    @property
    def result_type(self) -> Type:
        """The type of its value."""

    @property
    def may_match_nothing(self) -> bool:
        """Whether there may be no value."""

    @property
    def cost(self) -> int:
        """Steps in the worst case."""

    def evaluate_ordered(self, arguments: Sequence[object], budget: Budget) -> Result:
        """What it decides for values in the order of the inputs."""


@dataclass(frozen=True, slots=True)
class CompiledCall:
    """The call of another decision."""

    decision: CalledDecision
    arguments: tuple[Program, ...]
    """In the order of that decision's inputs."""
    optional: bool
    """Whether the value is an optional, since the decision may match nothing."""


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """A step: its name, and the expression or the call that works it out."""

    name: str
    work: Program | CompiledCall


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step came to; `result` for those that call."""

    name: str
    value: object = None
    result: Result | None = None
    failure: RuleFailure | None = None


@dataclass(frozen=True, slots=True)
class CompiledGraph:
    """A decision graph, checked and compiled. For any number of threads."""

    steps: tuple[CompiledStep, ...]
    """Those that the result builds on, in an order in which they can be worked out."""
    result: Program
    skips_failures: bool
    result_type: Type
    warnings: tuple[Problem, ...]
    cost: int

    def evaluate(self, arguments: Sequence[object], budget: Budget) -> Result:
        """What the graph decides for inputs in the order of their declaration. Never raises for what they are."""
        return self.run(arguments, budget)[0]

    def run(self, arguments: Sequence[object], budget: Budget) -> tuple[Result, tuple[StepResult, ...]]:
        """The decision with what every step came to."""
        values = list(arguments)
        skipped: list[RuleFailure] = []
        told: list[StepResult] = []
        matches: list[Match] = []
        for step in self.steps:
            outcome = self._step(step, values, budget)
            told.append(outcome)
            if outcome.failure is not None:
                if not (self.skips_failures and outcome.result is not None):
                    return Result(Status.FAILED, errors=(*skipped, outcome.failure)), tuple(told)
                skipped.append(outcome.failure)
            elif outcome.result is not None:
                matches.extend(
                    Match(f"{step.name}/{match.rule_id}", match.reason_code, match.reason, match.value)
                    for match in outcome.result.matches
                )
            values.append(outcome.value)
        try:
            value = self.result.call(budget, *values)
        except EvaluationError as error:
            failure = failure_of(RESULT, "expression", error)
            return Result(Status.FAILED, errors=(*skipped, failure)), tuple(told)
        return Result(Status.MATCHED, value, tuple(matches), tuple(skipped)), tuple(told)

    def _step(self, step: CompiledStep, values: Sequence[object], budget: Budget) -> StepResult:
        work = step.work
        if isinstance(work, Program):
            try:
                return StepResult(step.name, work.call(budget, *values))
            except EvaluationError as error:
                return StepResult(step.name, failure=failure_of(step.name, "expression", error))
        try:
            inputs = [argument.call(budget, *values) for argument in work.arguments]
        except EvaluationError as error:
            return StepResult(step.name, failure=failure_of(step.name, "arguments", error))
        result = work.decision.evaluate_ordered(inputs, budget)
        if result.status is Status.FAILED:
            first = result.errors[-1]
            rule_id = f"{step.name}/{first.rule_id}"
            failure = RuleFailure(rule_id, first.code, first.message, first.field, first.span)
            return StepResult(step.name, NONE, result, failure)
        if not work.optional:
            return StepResult(step.name, result.value, result)
        present = result.status is Status.MATCHED
        return StepResult(step.name, OptionalValue(result.value) if present else NONE, result)
