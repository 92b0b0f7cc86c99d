"""The engine behind the port of the use cases."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from function.rules.v1 import definition_pb2
from function_backend.kernel.errors import FieldViolation
from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs
from function_backend.services.rules.domain.hook import ALLOW, DENY, ChangeVerdict
from function_backend.services.rules.domain.problem import (
    CaseOutcome,
    CaseReport,
    Coverage,
    DefinitionProblem,
    ProblemsFoundError,
)
from function_backend.services.rules.errors import DecisionInputInvalidError
from function_backend.services.rules.ports import CompiledDecision
from function_backend_rules.cel import RefusedError
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.program import Program
from function_backend_rules.decisions import (
    NOW,
    Compiled,
    DefinitionRefusedError,
    Inputs,
    compile_definition,
    to_timestamp,
)
from function_backend_rules.explanation import Explanation, explain
from function_backend_rules.input_values import InputRefusedError
from function_backend_rules.problems import Problem
from function_backend_rules.results import Result, Status
from function_backend_rules.testing import CaseReport as EngineCaseReport
from function_backend_rules.testing import Difference, Verdict, run_cases

_STATUSES = {status: DecisionStatus[status.name] for status in Status}
_KEY_TYPES = ("string", "int", "uint", "bool", "bytes")


class EngineDecision:
    """A compiled definition."""

    __slots__ = ("compiled", "warnings")

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.warnings: Sequence[DefinitionProblem] = tuple(map(_problem, compiled.warnings))

    @property
    def cost(self) -> int:
        """The estimate of what one evaluation costs at most, in steps."""
        return self.compiled.cost

    @property
    def inputs(self) -> Mapping[str, str]:
        """The types of the inputs by name, as CEL writes them."""
        declared = self.compiled.definition.inputs
        return {each.name: str(self.compiled.inputs[each.name]) for each in declared}

    @property
    def result_type(self) -> str:
        """The type of the result, as CEL writes it."""
        return str(self.compiled.result_type)

    def read_values(self, values: Mapping[str, Any]) -> Inputs:
        """Inputs as the engine sees them; DecisionInputInvalidError when they are not those declared."""
        try:
            return self.compiled.read(values)
        except InputRefusedError as error:
            raise _input_invalid(error) from error

    def verdict_of(self, result: Result) -> ChangeVerdict:
        """What the result says about a change: of several values one that denies is enough."""
        status = self.status_of(result)
        if status is DecisionStatus.FAILED:
            return ChangeVerdict(denied=False, failure=_failure(result))
        if status is DecisionStatus.NO_MATCH:
            return ChangeVerdict(denied=False)
        values: Sequence[object] = result.value if isinstance(result.value, list | tuple) else [result.value]
        for place, value in enumerate(values):
            if value is True or value == ALLOW:
                continue
            if value is not False and value != DENY:
                return ChangeVerdict(denied=False, failure=f"it gives {value!r}, which is neither 'allow' nor 'deny'")
            if result.by_otherwise or place >= len(result.matches):
                return ChangeVerdict(denied=True, rule_id="otherwise" if result.by_otherwise else "")
            match = result.matches[place]
            return ChangeVerdict(denied=True, rule_id=match.rule_id, reason_code=match.reason_code, reason=match.reason)
        return ChangeVerdict(denied=False)

    def read(self, given: GivenInputs) -> Inputs:
        """The inputs as the engine sees them; DecisionInputInvalidError when they are not those declared."""
        try:
            if not given.messages:
                return self.compiled.read_json(given.json)
            if not given.json:
                return self.compiled.read_any(given.messages)
            return Inputs(self.compiled.reader.from_sent(given.messages, given.json))
        except InputRefusedError as error:
            raise _input_invalid(error) from error

    def named(self, inputs: Inputs) -> Mapping[str, Any]:
        """The values of the inputs by name."""
        # The last of the engine's variables is `now`, which is no input.
        return dict(zip(self.compiled.inputs, inputs.values, strict=False))

    def decide(self, inputs: Inputs, *, now: datetime, deadline: float | None) -> Result:
        """The engine's result. The deadline is by `time.monotonic()`."""
        return self.compiled.evaluate(inputs, now, self.compiled.budget(deadline))

    def status_of(self, result: Result) -> DecisionStatus:
        """How the result came out."""
        return _STATUSES[result.status]

    def explain(self, inputs: Inputs, *, now: datetime) -> Explanation:
        """The engine's explanation, which holds the result as well."""
        return explain(self.compiled, inputs, now)

    def result_of(self, explanation: Explanation) -> Result:
        """The result that the explanation explains."""
        return explanation.result

    def run_cases(self) -> CaseReport:
        """What becomes of the cases that stand in the definition."""
        report = run_cases(self.compiled)
        decided = report.coverage.rules
        return CaseReport(
            outcomes=tuple(map(_outcome, report.cases)),
            coverage=Coverage(
                covered=tuple(rule for rule, count in decided.items() if count),
                uncovered=tuple(rule for rule, count in decided.items() if not count),
                condition_share=report.coverage.condition_ratio,
            ),
        )

    def inputs_of_type(self, message: str) -> Sequence[str]:
        """The names of the inputs that are messages of this type."""
        return [item.name for item in self.compiled.definition.inputs if item.type == message]

    def key(self, source: str) -> EngineKey:
        """The compiled expression over the inputs; ProblemsFoundError when it does not add up."""
        try:
            checked = self.compiled.environment.check(source)
        except RefusedError as error:
            raise ProblemsFoundError(
                [
                    DefinitionProblem(
                        path="key",
                        message=issue.message,
                        line=issue.line,
                        column=issue.column,
                        suggestion=issue.suggestion or "",
                    )
                    for issue in error.issues
                ]
            ) from error
        if str(checked.type) not in _KEY_TYPES:
            message = f"is of the type {checked.type}; a key is one of {', '.join(_KEY_TYPES)}"
            raise ProblemsFoundError([DefinitionProblem(path="key", message=message)])
        return EngineKey(self, checked.program())


class EngineKey:
    """An expression whose value tells keys apart."""

    __slots__ = ("_decision", "_program")

    def __init__(self, decision: EngineDecision, program: Program) -> None:
        self._decision = decision
        self._program = program

    def of(self, inputs: Inputs, *, now: datetime) -> str | None:
        """The key as a text, equal for equal values; None when the expression has no value."""
        values = {**self._decision.named(inputs), NOW: to_timestamp(now)}
        try:
            found = self._program.evaluate(values)
        except EvaluationError:
            return None
        return found if isinstance(found, str) else repr(found)


class EngineCompiler:
    """Compiles with the engine."""

    def compile(self, body: bytes, called: Mapping[str, CompiledDecision]) -> EngineDecision:
        """The compiled definition; ProblemsFoundError says everything that is wrong with it."""
        definition = definition_pb2.Definition.FromString(body)
        others = {name: each.compiled for name, each in called.items() if isinstance(each, EngineDecision)}
        try:
            return EngineDecision(compile_definition(definition, called=others))
        except DefinitionRefusedError as error:
            raise ProblemsFoundError(list(map(_problem, error.problems))) from error


def _outcome(case: EngineCaseReport) -> CaseOutcome:
    failures = tuple(map(_sentence, case.differences))
    return CaseOutcome(
        name=case.name,
        passed=case.verdict is Verdict.PASSED,
        failures=(case.message, *failures) if case.message else failures,
    )


def _sentence(difference: Difference) -> str:
    got, expected = (_shown(each) for each in (difference.got, difference.expected))
    if difference.what == "fails":
        return f"it was to fail, and came to {got}" if difference.expected else f"it failed: {difference.got}"
    if difference.what == "no_match":
        return f"nothing was to match, and it came to {got}" if difference.expected else "nothing matched"
    return f"the {difference.what.replace('_', ' ')} is {got}, not {expected}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _problem(found: Problem) -> DefinitionProblem:
    return DefinitionProblem(
        path=found.path,
        message=f"{found.subject}: {found.message}" if found.subject else found.message,
        line=found.line,
        column=found.column,
        excerpt=found.excerpt,
        suggestion=found.suggestion or "",
    )


def _failure(result: Result) -> str:
    if not result.errors:
        return "the decision failed"
    first = result.errors[0]
    return f"the rule '{first.rule_id}' failed: {first.message}" if first.rule_id else str(first.message)


def _input_invalid(error: InputRefusedError) -> DecisionInputInvalidError:
    path = f"inputs.{error.path}" if error.path else "inputs"
    return DecisionInputInvalidError(FieldViolation(path, error.message))
