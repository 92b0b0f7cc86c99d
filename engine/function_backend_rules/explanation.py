"""Why a decision came out as it did: what every condition came to, and which came nearest where none held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.nodes import Call, Literal, Logic, Node, TypeLiteral
from function_backend_rules.cel.program import Program, TracedNode, TracingBudget
from function_backend_rules.cel.source import Span
from function_backend_rules.decisions import Compiled, Inputs, to_timestamp
from function_backend_rules.graphs.compiled import CompiledCall, CompiledGraph, StepResult
from function_backend_rules.results import Result, Status
from function_backend_rules.rule_sets.compiled import CompiledRuleSet
from function_backend_rules.tables.compiled import CompiledTable
from function_backend_rules.tables.explanation import TableExplanation, explain_table

MATCHED, NOT_MATCHED, FAILED, NOT_REACHED = "matched", "not matched", "failed", "not reached"


@dataclass(frozen=True, slots=True)
class FailingTerm:
    """A part of a condition that stands between a rule and a match."""

    span: Span
    text: str
    operands: tuple[tuple[str, object], ...]
    """The parts of it that are not constants, with their values, such as `("amount", 5000.0)`."""
    error: bool = False
    """Whether it has no value, rather than being false."""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What became of one rule."""

    rule_id: str
    outcome: str
    """`matched`, `not matched`, `failed`, or `not reached` when an earlier rule decided."""
    condition: str
    """The source text."""
    nodes: tuple[TracedNode, ...]
    """The parts of the condition with their values; empty for rules that were not reached."""
    failing: tuple[FailingTerm, ...]
    """The fewest parts that would have to change for the condition to hold; empty when it does."""
    error: str = ""
    span: Span | None = None
    """Where the error is."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The result with its reasons; one of `rules`, `table` and `steps` by the kind of the definition."""

    result: Result
    rules: tuple[RuleOutcome, ...] = ()
    nearest: RuleOutcome | None = None
    """Of a rule set that matched nothing, the rule with the fewest failing parts."""
    table: TableExplanation | None = None
    steps: tuple[tuple[StepResult, Explanation | None], ...] = ()
    """The steps of a graph, those that call with the explanation of what they call."""


def explain(compiled: Compiled, inputs: Inputs | Mapping[str, object], now: datetime | None = None) -> Explanation:
    """Evaluates a decision and says why it came out so: the same result as `evaluate`.

    Raises:
        InputRefusedError: inputs that are not read yet are missing, unknown or of another type.
    """
    read = inputs if isinstance(inputs, Inputs) else compiled.read(inputs)
    moment = to_timestamp(now if now is not None else datetime.now(UTC))
    return explain_ordered(compiled, [*read.values, moment])


def explain_ordered(compiled: Compiled, arguments: Sequence[object]) -> Explanation:
    """`explain` for run-time values in the order of the inputs, `now` the last."""
    body = compiled.body
    if isinstance(body, CompiledRuleSet):
        return _of_rule_set(compiled, body, arguments)
    result = compiled.evaluate_ordered(arguments, compiled.budget())
    if isinstance(body, CompiledTable):
        bindings = dict(zip(compiled.inputs, arguments, strict=True))
        return Explanation(result, table=explain_table(body, bindings, compiled.budget()))
    return Explanation(result, steps=tuple(_steps(compiled, body, arguments)))


def _of_rule_set(compiled: Compiled, body: CompiledRuleSet, arguments: Sequence[object]) -> Explanation:
    result = compiled.evaluate_ordered(arguments, compiled.budget())
    decided = {match.rule_id for match in result.matches}
    failed = {failure.rule_id: failure for failure in result.errors}
    last = None if body.takes_all or not result.matches else result.matches[0].rule_id
    outcomes: list[RuleOutcome] = []
    reached = True
    for number, rule in enumerate(body.rules):
        if not reached:
            outcomes.append(RuleOutcome(rule.id, NOT_REACHED, rule.condition.source, (), ()))
            continue
        outcomes.append(_rule(compiled, body, number, arguments, matched=rule.id in decided))
        stopped = rule.id in failed and result.status is Status.FAILED
        reached = rule.id != last and not stopped
    missed = [outcome for outcome in outcomes if outcome.outcome == NOT_MATCHED]
    nearest = min(missed, key=lambda outcome: len(outcome.failing), default=None) if not decided else None
    return Explanation(result, tuple(outcomes), nearest)


def _rule(
    compiled: Compiled, body: CompiledRuleSet, number: int, arguments: Sequence[object], *, matched: bool
) -> RuleOutcome:
    rule, program = body.rules[number], body.program(number, "condition")
    trace = program.trace_call(_recorder(compiled), *arguments)
    if trace.error is not None:
        error = trace.error
        return RuleOutcome(rule.id, FAILED, rule.condition.source, trace.nodes, (), error.message, error.span)
    if matched:
        return RuleOutcome(rule.id, MATCHED, rule.condition.source, trace.nodes, ())
    if trace.value is True:  # The condition holds and the outcome has no value.
        failed = _outcome_error(compiled, body.program(number, "outcome"), arguments)
        text = failed.message if failed is not None else ""
        return RuleOutcome(rule.id, FAILED, rule.condition.source, trace.nodes, (), text)
    return RuleOutcome(
        rule.id, NOT_MATCHED, rule.condition.source, trace.nodes, failing_terms(compiled, program, arguments)
    )


def _recorder(compiled: Compiled) -> TracingBudget:
    recorder = TracingBudget()
    recorder.steps, recorder.bytes = compiled.limits.steps, compiled.limits.size
    return recorder


def _outcome_error(compiled: Compiled, program: Program, arguments: Sequence[object]) -> EvaluationError | None:
    try:
        program.exact_call(compiled.budget(), *arguments)
    except EvaluationError as error:
        return error
    return None


def failing_terms(compiled: Compiled, program: Program, arguments: Sequence[object]) -> tuple[FailingTerm, ...]:
    """The fewest parts of a condition that would have to change for it to hold."""
    try:
        values = program.complete_values(_recorder(compiled), *arguments)
    except BudgetExceededError:
        return ()
    root, text = program.checked.root, program.checked.source.text
    return tuple(_term(node, text, values) for node in _against(root, values, wanted=True))


def _against(node: Node, values: Mapping[int, object], *, wanted: bool) -> list[Node]:
    """The fewest leaves of a condition that keep it from being `wanted`."""
    if isinstance(node, Logic):
        parts = [_against(term, values, wanted=wanted) for term in node.terms]
        # All terms of `&&` have to hold, one of `||`; for the opposite it is the other way round.
        if node.conjunction == wanted:
            return [leaf for part in parts for leaf in part]
        return min(parts, key=len)
    if isinstance(node, Call) and node.function == "!_":
        return _against(node.args[0], values, wanted=not wanted)
    if isinstance(node, Literal):
        return [] if node.value is wanted else [node]
    return [] if values.get(node.id) is wanted else [node]


def _term(node: Node, text: str, values: Mapping[int, object]) -> FailingTerm:
    operands = tuple(
        (_bare(text[child.span.start : child.span.end]), values[child.id])
        for child in node.children()
        if not isinstance(child, Literal | TypeLiteral) and child.id in values
    )
    return FailingTerm(
        node.span,
        _bare(text[node.span.start : node.span.end]),
        operands,
        error=node.id not in values and not isinstance(node, Literal),
    )


def _bare(text: str) -> str:
    """The text without the parentheses that are around all of it."""
    while text.startswith("(") and text.endswith(")"):
        depth = 0
        for at, char in enumerate(text):
            depth += (char == "(") - (char == ")")
            if depth == 0 and at < len(text) - 1:
                return text
        text = text[1:-1].strip()
    return text


def _steps(
    compiled: Compiled, body: CompiledGraph, arguments: Sequence[object]
) -> list[tuple[StepResult, Explanation | None]]:
    _, told = body.run(arguments, compiled.budget())
    values = list(arguments)
    found: list[tuple[StepResult, Explanation | None]] = []
    for step, outcome in zip(body.steps, told, strict=False):
        explanation = None
        work = step.work
        if outcome.result is not None and isinstance(work, CompiledCall) and isinstance(work.decision, Compiled):
            inputs = [argument.call(compiled.budget(), *values) for argument in work.arguments]
            explanation = explain_ordered(work.decision, inputs)
        found.append((outcome, explanation))
        values.append(outcome.value)
    return found
