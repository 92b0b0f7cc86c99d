"""From the message of a decision graph to one that decides."""

from __future__ import annotations

from collections.abc import Mapping

from function.rules.v1 import definition_pb2
from function_backend_rules.cel.environment import Environment, Expression
from function_backend_rules.cel.names import nearest
from function_backend_rules.cel.nodes import Ident, Node
from function_backend_rules.cel.program import Program
from function_backend_rules.cel.source import RefusedError
from function_backend_rules.cel.types import Type, optional_of
from function_backend_rules.graphs.compiled import CalledDecision, CompiledCall, CompiledGraph, CompiledStep
from function_backend_rules.ordering import CycleError, in_order
from function_backend_rules.problems import Problem, of_issue

MAX_STEPS = 500


def compile_graph(
    graph: definition_pb2.DecisionGraph,
    environment: Environment,
    result_type: Type | None,
    called: Mapping[str, CalledDecision],
    problems: list[Problem],
) -> CompiledGraph | None:
    """The graph that decides; None when it is refused, with the reasons added to `problems`."""
    return _Compilation(graph, environment, called, problems).compiled(result_type)


def called_by(graph: definition_pb2.DecisionGraph) -> list[str]:
    """The names of the decisions that a graph calls."""
    return [step.call.decision for step in graph.steps if step.WhichOneof("work") == "call"]


class _Compilation:
    def __init__(
        self,
        graph: definition_pb2.DecisionGraph,
        environment: Environment,
        called: Mapping[str, CalledDecision],
        problems: list[Problem],
    ) -> None:
        self._graph = graph
        self._inputs = environment
        self._called = called
        self._problems = problems
        self._steps: dict[str, tuple[int, definition_pb2.Step]] = {}
        self._cost = 0

    def compiled(self, result_type: Type | None) -> CompiledGraph | None:
        before = len(self._problems)
        self._name_steps()
        if len(self._problems) > before:
            return None
        order = self._order()
        if order is None:
            return None
        environment, steps = self._inputs, []
        for name in order:
            made = self._step(name, environment)
            if made is None:
                return None
            step, kind = made
            steps.append(step)
            environment = environment.extended({name: kind})
        result = self._check(self._graph.result, environment, result_type, "graph.result", "the result")
        if result is None:
            return None
        return CompiledGraph(
            steps=tuple(steps),
            result=result.program(),
            skips_failures=self._graph.on_error == definition_pb2.ERROR_POLICY_SKIP,
            result_type=result.type,
            warnings=tuple(self._unused(order)),
            cost=self._cost,
        )

    def _refuse(self, path: str, message: str, suggestion: str | None = None, subject: str = "") -> None:
        self._problems.append(Problem(path, message, suggestion=suggestion, subject=subject))

    def _name_steps(self) -> None:
        if len(self._graph.steps) > MAX_STEPS:
            self._refuse("graph.steps", f"a graph has {MAX_STEPS} steps at most")
        for number, step in enumerate(self._graph.steps):
            path = f"graph.steps[{number}]"
            if step.name in self._inputs.variables:
                self._refuse(f"{path}.name", f"{step.name!r} is the name of an input")
            if step.name in self._steps:
                self._refuse(f"{path}.name", f"two steps are called {step.name!r}")
            if not step.WhichOneof("work"):
                self._refuse(path, "the step has neither an expression nor a call", subject=f"step {step.name}")
            self._steps[step.name] = (number, step)

    def _texts(self, step: definition_pb2.Step) -> dict[str, str]:
        """The expressions of a step, by the path inside of it."""
        if step.WhichOneof("work") == "expression":
            return {"expression": step.expression}
        texts = {f"call.arguments[{name!r}]": text for name, text in step.call.arguments.items()}
        decision = self._called.get(step.call.decision)
        for name in decision.inputs if decision is not None else ():
            if name not in step.call.arguments and name != "now":
                texts[f"call.arguments[{name!r}]"] = name
        return texts

    def _order(self) -> list[str] | None:
        """The steps that the result builds on, in order."""
        needs: dict[str, set[str]] = {}
        for name, (number, step) in self._steps.items():
            found: set[str] = set()
            for path, text in self._texts(step).items():
                root = self._parse(text, f"graph.steps[{number}].{path}", f"step {name}")
                if root is None:
                    return None
                found |= self._names(root)
            needs[name] = found
        root = self._parse(self._graph.result, "graph.result", "the result")
        if root is None:
            return None
        try:
            order = in_order(needs)
        except CycleError as error:
            number = self._steps[error.cycle[0]][0]
            self._refuse(f"graph.steps[{number}]", f"steps build on each other in a circle: {error}")
            return None
        wanted = self._reached(self._names(root), needs)
        return [name for name in order if name in wanted]

    @staticmethod
    def _reached(start: set[str], needs: Mapping[str, set[str]]) -> set[str]:
        reached, pending = set(start), list(start)
        while pending:
            for name in needs.get(pending.pop(), ()):
                if name not in reached:
                    reached.add(name)
                    pending.append(name)
        return reached

    @staticmethod
    def _names(root: Node) -> set[str]:
        return {node.name.removeprefix(".") for node in root.walk() if isinstance(node, Ident)}

    def _parse(self, text: str, path: str, subject: str) -> Node | None:
        try:
            return self._inputs.parse(text)
        except RefusedError as error:
            self._problems.extend(of_issue(path, issue, subject) for issue in error.issues)
            return None

    def _check(
        self, text: str, environment: Environment, expect: Type | None, path: str, subject: str
    ) -> Expression | None:
        try:
            expression = environment.check(text, expect=expect)
        except RefusedError as error:
            self._problems.extend(of_issue(path, issue, subject) for issue in error.issues)
            return None
        self._cost += expression.cost
        return expression

    def _step(self, name: str, environment: Environment) -> tuple[CompiledStep, Type] | None:
        number, step = self._steps[name]
        path, subject = f"graph.steps[{number}]", f"step {name}"
        if step.WhichOneof("work") == "expression":
            expression = self._check(step.expression, environment, None, f"{path}.expression", subject)
            return (CompiledStep(name, expression.program()), expression.type) if expression is not None else None
        decision = self._called.get(step.call.decision)
        if decision is None:
            self._refuse(
                f"{path}.call.decision",
                f"there is no decision {step.call.decision!r} to call",
                nearest(step.call.decision, self._called),
                subject,
            )
            return None
        arguments = self._arguments(step, decision, environment, path, subject)
        if arguments is None:
            return None
        self._cost += decision.cost
        optional = decision.may_match_nothing
        kind = optional_of(decision.result_type) if optional else decision.result_type
        return CompiledStep(name, CompiledCall(decision, tuple(arguments), optional)), kind

    def _arguments(
        self, step: definition_pb2.Step, decision: CalledDecision, environment: Environment, path: str, subject: str
    ) -> list[Program] | None:
        before = len(self._problems)
        for name in step.call.arguments:
            if name not in decision.inputs or name == "now":
                self._refuse(
                    f"{path}.call.arguments[{name!r}]",
                    f"{decision.name} has no input {name!r}",
                    nearest(name, decision.inputs),
                    subject,
                )
        programs = []
        for name, kind in decision.inputs.items():
            text = step.call.arguments.get(name, name)
            where = f"{path}.call.arguments[{name!r}]"
            if name not in step.call.arguments and name not in environment.variables:
                self._refuse(where, f"the input {name!r} of {decision.name} is not given", None, subject)
                continue
            expression = self._check(text, environment, kind, where, subject)
            if expression is not None:
                programs.append(expression.program())
        return programs if len(self._problems) == before else None

    def _unused(self, order: list[str]) -> list[Problem]:
        return [
            Problem(f"graph.steps[{number}]", f"nothing builds on the step {name!r}, so it is not worked out")
            for name, (number, _) in self._steps.items()
            if name not in order
        ]
