"""Running the cases of a definition, and what they cover."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.protobuf import json_format

from function.rules.v1 import definition_pb2
from function_backend_rules.cel.nodes import Call, Conditional, Literal, Logic, Node
from function_backend_rules.cel.program import TracingBudget
from function_backend_rules.cel.runtime.json_form import json_form
from function_backend_rules.cel.runtime.operators import equal
from function_backend_rules.cel.source import Span
from function_backend_rules.decisions import Compiled, Inputs, to_timestamp
from function_backend_rules.input_values import InputRefusedError
from function_backend_rules.results import Result, Status
from function_backend_rules.rule_sets.compiled import CompiledRuleSet
from function_backend_rules.tables.compiled import CompiledTable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Verdict(enum.Enum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    """The case itself is not in order, such as an input of another type."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected."""

    what: str
    """`value`, `matches`, `reason_code`, `no_match`, `fails` or `inputs`."""
    expected: object
    """In its JSON form."""
    got: object


@dataclass(frozen=True, slots=True)
class CaseReport:
    """The outcome of one case."""

    name: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    result: Result | None = None
    message: str = ""
    """Why it is broken."""


@dataclass(frozen=True, slots=True)
class ConditionCoverage:
    """A part of a rule's condition, and whether it was seen true and seen false."""

    rule_id: str
    span: Span
    text: str
    seen_true: bool
    seen_false: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the cases reached."""

    rules: dict[str, int]
    """How many cases each rule or row decided, by its id."""
    conditions: tuple[ConditionCoverage, ...] = ()
    """The parts of the conditions of a rule set; empty for tables, whose rows are all that there is."""

    @property
    def rule_ratio(self) -> float:
        """The share of rules or rows that decided a case; 1 where there is none."""
        return sum(count > 0 for count in self.rules.values()) / len(self.rules) if self.rules else 1.0

    @property
    def condition_ratio(self) -> float:
        """The share of outcomes of conditions that were seen; 1 where there is none."""
        if not self.conditions:
            return 1.0
        return sum(part.seen_true + part.seen_false for part in self.conditions) / (2 * len(self.conditions))


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of all cases."""

    cases: tuple[CaseReport, ...]
    coverage: Coverage

    @property
    def passed(self) -> bool:
        """Whether every case passed."""
        return all(case.verdict is Verdict.PASSED for case in self.cases)


@dataclass(slots=True)
class _Seen:
    """What the cases have shown so far."""

    rules: dict[str, int]
    conditions: dict[tuple[int, int], set[bool]] = field(default_factory=dict)


def run_cases(compiled: Compiled, *, on_case: Callable[[CaseReport], None] | None = None) -> Report:
    """Runs the cases that are stored with a definition.

    Args:
        compiled: the definition.
        on_case: called after each, for progress.
    """
    seen = _Seen(dict.fromkeys(_ids(compiled), 0))
    reports = []
    for case in compiled.definition.tests:
        report = _run(compiled, case, seen)
        reports.append(report)
        if on_case is not None:
            on_case(report)
    conditions = tuple(_conditions(compiled.body, seen)) if isinstance(compiled.body, CompiledRuleSet) else ()
    return Report(tuple(reports), Coverage(seen.rules, conditions))


def _ids(compiled: Compiled) -> Iterator[str]:
    if isinstance(compiled.body, CompiledRuleSet):
        yield from (rule.id for rule in compiled.body.rules)
    elif isinstance(compiled.body, CompiledTable):
        yield from compiled.body.row_ids


def _run(compiled: Compiled, case: definition_pb2.TestCase, seen: _Seen) -> CaseReport:
    try:
        inputs = compiled.read_json(json_format.MessageToDict(case.inputs))
    except InputRefusedError as error:
        return CaseReport(case.name, Verdict.BROKEN, message=f"inputs: {error}")
    now = case.now.ToDatetime(tzinfo=UTC) if case.HasField("now") else _EPOCH
    result = compiled.evaluate(inputs, now=now)
    for match in result.matches:
        if match.rule_id in seen.rules:
            seen.rules[match.rule_id] += 1
    if isinstance(compiled.body, CompiledRuleSet):
        _look(compiled.body, inputs, now, seen)
    try:
        differences = tuple(_differences(compiled, case.expect, result))
    except InputRefusedError as error:
        return CaseReport(case.name, Verdict.BROKEN, result=result, message=f"expect.{error}")
    verdict = Verdict.FAILED if differences else Verdict.PASSED
    return CaseReport(case.name, verdict, differences, result)


def _differences(compiled: Compiled, expect: definition_pb2.Expectation, result: Result) -> Iterator[Difference]:
    failed = result.status is Status.FAILED
    if expect.fails != failed:
        got = result.errors[-1].message if failed else json_form(result.value)
        yield Difference("fails", expect.fails, got)
        return
    if expect.no_match != (result.status is Status.NO_MATCH) and (
        expect.no_match or expect.HasField("value") or expect.matches
    ):
        got = "nothing matched" if result.status is Status.NO_MATCH else json_form(result.value)
        yield Difference("no_match", expect.no_match, got)
        return
    if expect.HasField("value"):
        wanted = json_format.MessageToDict(expect.value)
        value = compiled.reader.json_value(wanted, compiled.result_type, "value")
        if not equal(value, result.value):
            yield Difference("value", wanted, json_form(result.value))
    ids = [match.rule_id for match in result.matches]
    if expect.matches and list(expect.matches) != ids:
        yield Difference("matches", list(expect.matches), ids)
    code = result.matches[0].reason_code if result.matches else ""
    if expect.reason_code and expect.reason_code != code:
        yield Difference("reason_code", expect.reason_code, code)


def _leaves(node: Node) -> Iterator[Node]:
    """The parts of a condition that logic puts together."""
    if isinstance(node, Logic):
        for term in node.terms:
            yield from _leaves(term)
    elif isinstance(node, Conditional):
        yield from _leaves(node.condition)
    elif isinstance(node, Call) and node.function == "!_":
        yield from _leaves(node.args[0])
    elif not isinstance(node, Literal):
        yield node


def _look(body: CompiledRuleSet, inputs: Inputs, now: datetime, seen: _Seen) -> None:
    """Notes what the parts of all conditions come to."""
    arguments = [*inputs.values, to_timestamp(now)]
    for number, rule in enumerate(body.rules):
        trace = body.program(number, "condition").trace_call(TracingBudget(), *arguments)
        for leaf in _leaves(rule.condition.root):
            value = trace.values.get(leaf.id)
            if isinstance(value, bool):
                seen.conditions.setdefault((number, leaf.id), set()).add(value)


def _conditions(body: CompiledRuleSet, seen: _Seen) -> Iterator[ConditionCoverage]:
    for number, rule in enumerate(body.rules):
        text = rule.condition.source
        for leaf in _leaves(rule.condition.root):
            values = seen.conditions.get((number, leaf.id), set())
            shown = text[leaf.span.start : leaf.span.end]
            yield ConditionCoverage(rule.id, leaf.span, shown, True in values, False in values)
