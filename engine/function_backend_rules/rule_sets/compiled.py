"""A rule set that decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.program import Program, as_failure
from function_backend_rules.cel.types import Type
from function_backend_rules.problems import Problem
from function_backend_rules.results import OTHERWISE, Match, Result, RuleFailure, Status, failure_of
from function_backend_rules.rule_sets.code import RuleSetCode
from function_backend_rules.rule_sets.outcomes import CheckedRule, Outcome


class _Stop(Exception):  # noqa: N818 - it is how a failing rule ends the set, not an error
    """A rule has failed in a set that fails closed."""

    def __init__(self, failure: RuleFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(slots=True)
class CompiledRuleSet:
    """A rule set, checked and compiled. For any number of threads."""

    rules: tuple[CheckedRule, ...]
    """In the order in which they are tried."""
    otherwise: Outcome | None
    takes_all: bool
    skips_failures: bool
    value_type: Type
    """The type of one outcome."""
    result_type: Type
    warnings: tuple[Problem, ...]
    cost: int
    code: RuleSetCode
    _run: Callable[..., Any] = field(init=False)
    _results: list[Result | None] = field(init=False)
    _programs: dict[tuple[int, str], Program] = field(default_factory=dict)
    _otherwise: Program | None = field(init=False)

    def __post_init__(self) -> None:
        self._run = self.code.load("every" if self.takes_all else "first", self._recover)
        # A rule whose outcome is constant always gives the same answer.
        self._results = [
            Result(Status.MATCHED, rule.outcome.value, (self._match(number, rule.outcome.value),))
            if rule.outcome.constant and not self.takes_all
            else None
            for number, rule in enumerate(self.rules)
        ]
        self._otherwise = self.otherwise.expression.program() if self.otherwise is not None else None

    def _match(self, number: int, value: object) -> Match:
        rule = self.rules[number]
        return Match(rule.id, rule.reason_code, rule.reason, value)

    def evaluate(self, arguments: Sequence[object], budget: Budget) -> Result:
        """What the set decides for inputs in the order of their declaration. Never raises for what they are."""
        skipped: list[RuleFailure] = []
        budget.skipped = skipped
        try:
            found = self._run(budget, *arguments)
        except _Stop as stop:
            return Result(Status.FAILED, errors=(*skipped, stop.failure))
        if not found:
            return self._nothing(arguments, budget, tuple(skipped))
        if not self.takes_all:
            number, value = found
            ready: Result | None = self._results[number]
            if ready is not None and not skipped:
                return ready
            return Result(Status.MATCHED, value, (self._match(number, value),), tuple(skipped))
        matches = tuple(self._match(number, value) for number, value in found)
        return Result(Status.MATCHED, [match.value for match in matches], matches, tuple(skipped))

    def program(self, number: int, part: str) -> Program:
        """The program of a rule's `condition` or `outcome`, for what needs more than the answer."""
        found = self._programs.get((number, part))
        if found is None:
            rule = self.rules[number]
            expression = rule.condition if part == "condition" else rule.outcome.expression
            found = self._programs[number, part] = expression.program(eager=False)
        return found

    def _recover(self, number: int, error: Exception, budget: Budget, *arguments: object) -> tuple[int, object] | None:
        """The match of a rule whose fast code raised, by its exact code; None when it does not match."""
        rule = self.rules[number]
        if isinstance(error, BudgetExceededError):
            raise _Stop(failure_of(rule.id, "condition", as_failure(error, self.code.places))) from None
        part = "condition"
        try:
            if not self.program(number, part).exact_call(budget, *arguments):
                return None
            part = "outcome"
            return number, self.program(number, part).exact_call(budget, *arguments)
        except EvaluationError as exact:
            failure = failure_of(rule.id, part, exact)
        if not self.skips_failures or failure.code != "EVALUATION_FAILED":
            raise _Stop(failure)
        budget.skipped.append(failure)
        return None

    def _nothing(self, arguments: Sequence[object], budget: Budget, skipped: tuple[RuleFailure, ...]) -> Result:
        if self.otherwise is None or self._otherwise is None:
            return Result(Status.NO_MATCH, errors=skipped)
        try:
            value = self.otherwise.value if self.otherwise.constant else self._otherwise.call(budget, *arguments)
        except EvaluationError as error:
            return Result(Status.FAILED, errors=(*skipped, failure_of(OTHERWISE, "otherwise", error)))
        return Result(Status.MATCHED, [value] if self.takes_all else value, (), skipped, by_otherwise=True)
