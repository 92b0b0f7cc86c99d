"""A compiled expression."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.code_cache import CODE, code_key
from function_backend_rules.cel.codegen import Generator, Places
from function_backend_rules.cel.descriptors import Contract
from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.functions import FunctionRegistry
from function_backend_rules.cel.inputs import InputRules
from function_backend_rules.cel.modules import FILENAME, GeneratedModule
from function_backend_rules.cel.nodes import Literal, Node, TypeLiteral
from function_backend_rules.cel.source import Source, Span
from function_backend_rules.cel.types import Type


@dataclass(frozen=True, slots=True)
class TracedNode:
    """What one part of an expression came to."""

    span: Span
    text: str
    evaluated: bool
    """False where `&&`, `||` or `?:` made it needless, or an error came first."""
    value: object = None
    """The last one, for parts inside a loop."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One evaluation with the value of every part."""

    value: object
    error: EvaluationError | None
    values: Mapping[int, object]
    """The values of the parts that were evaluated, by the ids of their nodes."""
    parts: tuple[tuple[int, Span, str], ...]
    """The parts of the expression: id, place and text; parents first, without constants."""

    @property
    def nodes(self) -> tuple[TracedNode, ...]:
        """The parts with their values."""
        values = self.values
        return tuple(TracedNode(span, text, number in values, values.get(number)) for number, span, text in self.parts)


class TracingBudget(Budget):
    """A budget that notes the value of every node."""

    def __init__(self) -> None:
        self.values: dict[int, object] = {}

    def record(self, node: int, value: Any) -> Any:
        """Notes the value and gives it back."""
        self.values[node] = value
        return value


@dataclass(frozen=True, slots=True)
class Checked:
    """What a program is compiled from."""

    source: Source
    root: Node
    type: Type
    contract: Contract
    variables: Mapping[str, Type]
    functions: FunctionRegistry
    container: str = ""


def line_of(traceback: TracebackType | None) -> int | None:
    """The line of generated code that an exception came from last."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILENAME:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def as_failure(error: Exception, places: Places) -> EvaluationError:
    """The error with the place it came from; what is not an error of the language becomes one."""
    if isinstance(error, EvaluationError):
        failure = error
    elif isinstance(error, MemoryError | RecursionError):
        failure = BudgetExceededError("bytes", "the evaluation needs more memory than it may")
    else:
        failure = EvaluationError(f"the expression has no value: {type(error).__name__}")
    if failure.span is None:
        line = line_of(error.__traceback__)
        found = places.find(line) if line is not None else None
        failure.span = found[1] if found is not None else None
    return failure


def _is_charged(code: ast.expr) -> bool:
    """Whether code asks its budget for anything."""
    return any(isinstance(node, ast.Name) and node.id == "_c" for node in ast.walk(code))


@dataclass(slots=True)
class Program:
    """An expression that can be evaluated, by several threads at once.

    `evaluate` is the way in that checks the inputs; `call` is the bare function for those that have checked them.
    """

    checked: Checked
    eager: bool = True
    """Whether the fast code is compiled at once; without, `call` may not be asked for."""
    _functions: dict[tuple[bool, bool, bool], Any] = field(default_factory=dict)
    _places: Places = field(default_factory=Places)
    _inputs: InputRules = field(init=False)
    _alone: Any = None
    _texts: tuple[tuple[int, Span, str], ...] | None = None

    def __post_init__(self) -> None:
        self._places.add(self.checked.root)
        self._inputs = InputRules(self.checked.variables, self.checked.contract)
        if self.eager:
            self._functions[True, False, False] = self._compile(fast=True, traced=False)

    def _compile(self, *, fast: bool, traced: bool, complete: bool = False, alone: bool = False) -> Any:
        checked = self.checked
        variables = " ".join(f"{name}:{kind}" for name, kind in checked.variables.items())
        flavour = f"{fast} {traced} {complete} {alone}"
        key = code_key(checked.contract, [checked.root], checked.source.text, checked.container, variables, flavour)
        module = CODE.get(key, lambda: self._generate(fast=fast, traced=traced, complete=complete, alone=alone))
        names = module.load(
            checked.contract.pool, checked.functions.implementations, {"_recover": self._recover, "_budget": Budget}
        )
        return names["run"]

    def _generate(self, *, fast: bool, traced: bool, complete: bool, alone: bool) -> GeneratedModule:
        checked = self.checked
        generator = Generator(checked.contract, list(checked.variables), fast=fast, traced=traced, complete=complete)
        value = generator.expression(checked.root, 0)
        body = returned = [generator.returns(value)]
        recover = generator.call("_recover", generator.name("_e"), *map(generator.name, generator.parameters))
        recovered = [generator.returns(recover)]
        if fast and not traced:
            # The exact code takes over in the same call, and at no cost until something raises.
            body = [generator.try_(body, "_e", recovered)]
        parameters = generator.parameters
        if alone:
            parameters = parameters[1:]
            made = generator.assign("_c", generator.call("_budget"))
            # Where nothing is charged, a budget is needed only when something raises.
            body = [made, *body] if _is_charged(value) else [generator.try_(returned, "_e", [made, *recovered])]
        function = generator.function("run", parameters, body)
        return GeneratedModule.of(generator.module([function]), generator.constants)

    def _function(self, *, fast: bool, traced: bool, complete: bool = False) -> Any:
        found = self._functions.get((fast, traced, complete))
        if found is None:
            found = self._compile(fast=fast, traced=traced, complete=complete)
            self._functions[fast, traced, complete] = found
        return found

    def _recover(self, error: Exception, *arguments: Any) -> Any:
        if isinstance(error, BudgetExceededError):
            raise as_failure(error, self._places)
        try:
            return self._function(fast=False, traced=False)(*arguments)
        except Exception as exact:
            failure = as_failure(exact, self._places)
            if failure is exact:
                raise
            raise failure from exact

    @property
    def alone(self) -> Any:
        """`call` without a budget: the usual one is made, where the expression needs one. Compiled when asked for."""
        if self._alone is None:
            self._alone = self._compile(fast=True, traced=False, alone=True)
        return self._alone

    @property
    def call(self) -> Any:
        """The function itself: budget first, then the variables in the order they are declared in."""
        return self._functions[True, False, False]

    def evaluate(self, bindings: Mapping[str, object], budget: Budget | None = None) -> Any:
        """The value for these inputs.

        Raises:
            EvaluationError: there is none. `BudgetExceededError` when it was stopped.
            InputError: an input is missing or of another type.
        """
        return self.call(budget if budget is not None else Budget(), *self._inputs.ordered(bindings))

    def exact(self, bindings: Mapping[str, object], budget: Budget | None = None) -> Any:
        """`evaluate` by the exact code alone."""
        return self.exact_call(budget if budget is not None else Budget(), *self._inputs.ordered(bindings))

    def exact_call(self, budget: Budget, *arguments: Any) -> Any:
        """`call` by the exact code alone.

        Raises:
            EvaluationError: there is no value.
        """
        try:
            return self._function(fast=False, traced=False)(budget, *arguments)
        except Exception as error:
            failure = as_failure(error, self._places)
            if failure is error:
                raise
            raise failure from error

    def trace(self, bindings: Mapping[str, object], budget: TracingBudget | None = None) -> Trace:
        """The value, or the error, with the value of every part."""
        return self.trace_call(budget if budget is not None else TracingBudget(), *self._inputs.ordered(bindings))

    def trace_call(self, recorder: TracingBudget, *arguments: Any) -> Trace:
        """`trace` of arguments in order. The values are those of this expression alone."""
        recorder.values.clear()
        value, failure = self._traced(recorder, arguments)
        return Trace(value, failure, dict(recorder.values), self._parts())

    def _parts(self) -> tuple[tuple[int, Span, str], ...]:
        if self._texts is None:
            text = self.checked.source.text
            self._texts = tuple(
                (node.id, node.span, text[node.span.start : node.span.end])
                for node in self.checked.root.walk()
                if not isinstance(node, Literal | TypeLiteral)
            )
        return self._texts

    def complete_values(self, recorder: TracingBudget, *arguments: Any) -> Mapping[int, object]:
        """The values of the nodes by their ids, where `&&` and `||` look at all their terms whatever the first is."""
        recorder.values.clear()
        try:
            self._function(fast=False, traced=True, complete=True)(recorder, *arguments)
        except Exception as error:
            if isinstance(error, BudgetExceededError):
                raise
        return recorder.values

    def _traced(self, recorder: TracingBudget, arguments: tuple[Any, ...]) -> tuple[Any, EvaluationError | None]:
        try:
            return self._function(fast=True, traced=True)(recorder, *arguments), None
        except BudgetExceededError as error:
            return None, as_failure(error, self._places)
        except Exception:  # noqa: BLE001 - whatever the fast code raises, the exact code decides
            recorder.values.clear()
        try:
            return self._function(fast=False, traced=True)(recorder, *arguments), None
        except Exception as error:  # noqa: BLE001 - as_failure says what it is
            return None, as_failure(error, self._places)
