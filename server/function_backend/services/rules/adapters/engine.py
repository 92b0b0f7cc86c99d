"""The engine behind the port of the use cases."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.protobuf import json_format, symbol_database
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message

from function.rules.v1 import definition_pb2
from function_backend.kernel.errors import FieldViolation
from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs
from function_backend.services.rules.domain.hook import ALLOW, DENY, Verdict
from function_backend.services.rules.domain.problem import (
    CaseOutcome,
    CaseReport,
    Coverage,
    DefinitionProblem,
    ProblemsFoundError,
)
from function_backend.services.rules.errors import DecisionInputInvalidError
from function_backend.services.rules.ports import CompiledDecision
from function_backend_rules.cel.budget import Budget


class EngineDecision:
    """A compiled definition."""

    __slots__ = ("compiled", "warnings")

    def __init__(self, compiled: Any) -> None:  # noqa: ANN401  the engine's compiled definition
        self.compiled = compiled
        self.warnings: Sequence[DefinitionProblem] = tuple(map(_problem, compiled.warnings))

    @property
    def cost(self) -> int:
        """The estimate of what one evaluation costs at most, in steps."""
        return int(self.compiled.cost)

    @property
    def inputs(self) -> Mapping[str, str]:
        """The types of the inputs by name, as CEL writes them."""
        declared = self.compiled.definition.inputs
        return {each.name: str(self.compiled.inputs[each.name]) for each in declared}

    @property
    def result_type(self) -> str:
        """The type of the result, as CEL writes it."""
        return str(self.compiled.result_type)

    def read_values(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Inputs as the engine sees them; DecisionInputInvalidError when they are not those declared."""
        try:
            found: Mapping[str, Any] = self.compiled.read(values)
        except _engine("decisions").InputRefusedError as error:
            raise _input_invalid(error) from error
        return found

    def verdict_of(self, result: Any) -> Verdict:  # noqa: ANN401  the engine's result
        """What the result says about a change: of several values one that denies is enough."""
        status = self.status_of(result)
        if status is DecisionStatus.FAILED:
            return Verdict(denied=False, failure=_failure(result))
        if status is DecisionStatus.NO_MATCH:
            return Verdict(denied=False)
        several = isinstance(result.value, list | tuple)
        for place, value in enumerate(result.value if several else [result.value]):
            if value is True or value == ALLOW:
                continue
            if value is not False and value != DENY:
                return Verdict(denied=False, failure=f"it gives {value!r}, which is neither 'allow' nor 'deny'")
            if result.by_otherwise or place >= len(result.matches):
                return Verdict(denied=True, rule_id="otherwise" if result.by_otherwise else "")
            match = result.matches[place]
            return Verdict(denied=True, rule_id=match.rule_id, reason_code=match.reason_code, reason=match.reason)
        return Verdict(denied=False)

    def read(self, given: GivenInputs) -> Mapping[str, Any]:
        """The inputs as the engine sees them; DecisionInputInvalidError when they are not those declared."""
        refused = _engine("decisions").InputRefusedError
        try:
            if not given.json:
                found: Mapping[str, Any] = self.compiled.read_any(given.messages)
            else:
                found = self.compiled.read_json({**given.json, **_as_json(given.messages)})
        except refused as error:
            raise _input_invalid(error) from error
        return found

    def decide(self, values: Mapping[str, Any], *, now: datetime, deadline: float | None) -> Any:  # noqa: ANN401
        """The engine's result. The deadline is by `time.monotonic()`."""
        return self.compiled.evaluate(values, now=now, budget=Budget.of(deadline=deadline))

    def status_of(self, result: Any) -> DecisionStatus:  # noqa: ANN401  the engine's result
        """How the result came out."""
        return DecisionStatus[result.status.name]

    def explain(self, values: Mapping[str, Any], *, now: datetime) -> Any:  # noqa: ANN401
        """The engine's explanation, which holds the result as well."""
        return self.compiled.explain(values, now=now)

    def result_of(self, explanation: Any) -> Any:  # noqa: ANN401  the engine's explanation
        """The result that the explanation explains."""
        return explanation.result

    def run_cases(self) -> CaseReport:
        """What becomes of the cases that stand in the definition."""
        report = _engine("testing").run_cases(self.compiled)
        return CaseReport(
            outcomes=tuple(
                CaseOutcome(name=each.name, passed=each.passed, failures=tuple(each.failures)) for each in report.cases
            ),
            coverage=Coverage(
                covered=tuple(report.coverage.covered),
                uncovered=tuple(report.coverage.uncovered),
                condition_share=report.coverage.condition_share,
            ),
        )


class EngineCompiler:
    """Compiles with the engine."""

    def compile(self, body: bytes, called: Mapping[str, CompiledDecision]) -> EngineDecision:
        """The compiled definition; ProblemsFoundError says everything that is wrong with it."""
        engine = _engine("decisions")
        definition = definition_pb2.Definition.FromString(body)
        others = {name: each.compiled for name, each in called.items() if isinstance(each, EngineDecision)}
        try:
            return EngineDecision(engine.compile_definition(definition, called=others))
        except engine.DefinitionRefusedError as error:
            raise ProblemsFoundError(list(map(_problem, error.problems))) from error


def _engine(module: str) -> Any:  # noqa: ANN401  a module
    return importlib.import_module(f"function_backend_rules.{module}")


def _problem(found: Any) -> DefinitionProblem:  # noqa: ANN401  the engine's problem
    return DefinitionProblem(
        path=found.path,
        message=f"{found.subject}: {found.message}" if found.subject else found.message,
        line=found.line,
        column=found.column,
        excerpt=found.excerpt,
        suggestion=found.suggestion or "",
    )


def _failure(result: Any) -> str:  # noqa: ANN401  the engine's result
    if not result.errors:
        return "the decision failed"
    first = result.errors[0]
    return f"the rule '{first.rule_id}' failed: {first.message}" if first.rule_id else str(first.message)


def _input_invalid(error: Any) -> DecisionInputInvalidError:  # noqa: ANN401  the engine's refusal
    path = f"inputs.{error.path}" if error.path else "inputs"
    return DecisionInputInvalidError(FieldViolation(path, error.message))


def _as_json(messages: Mapping[str, AnyMessage]) -> dict[str, Any]:
    """The messages in their JSON form, for inputs that come in both forms."""
    return {name: json_format.MessageToDict(_unpacked(name, packed)) for name, packed in messages.items()}


def _unpacked(name: str, packed: AnyMessage) -> Message:
    try:
        message: Message = symbol_database.Default().GetSymbol(packed.TypeName())()
        message.ParseFromString(packed.value)
    except KeyError:
        violation = FieldViolation(f"inputs.{name}", f"holds a message of the unknown type '{packed.TypeName()}'")
        raise DecisionInputInvalidError(violation) from None
    except DecodeError:
        violation = FieldViolation(f"inputs.{name}", f"is not a valid {packed.TypeName()}")
        raise DecisionInputInvalidError(violation) from None
    return message
