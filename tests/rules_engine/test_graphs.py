from typing import Any

import pytest

from function_backend_rules import Status, compile_definition
from function_backend_rules.explanation import explain
from function_backend_rules.ordering import CycleError, in_order
from tests.rules_engine.building import compiled, definition, problems, rule_set

X = [{"name": "x", "type": "int"}]
RISK = compiled(
    name="risk",
    inputs=X,
    rule_set=rule_set({"condition": "x > 10", "outcome": "'high'"}, {"condition": "x > 5", "outcome": "'low'"}),
)
CALLED = {"risk": RISK}


def graph(*steps: dict[str, Any], result: str, **fields: Any) -> dict[str, Any]:
    return {"steps": list(steps), "result": result, **fields}


class TestSteps:
    def test_steps_build_on_each_other_in_any_order(self) -> None:
        decision = compiled(
            inputs=X,
            graph=graph(
                {"name": "b", "expression": "a + 1"}, {"name": "a", "expression": "x * 2"}, result="a * 100 + b"
            ),
        )
        assert decision.evaluate({"x": 3}).value == 607

    def test_a_step_that_nothing_builds_on_is_not_worked_out(self) -> None:
        decision = compiled(inputs=X, graph=graph({"name": "a", "expression": "1 / x"}, result="x"))
        assert decision.evaluate({"x": 0}).value == 0
        assert "nothing builds on the step 'a'" in decision.warnings[0].message

    def test_a_step_that_fails_fails_the_decision(self) -> None:
        decision = compiled(inputs=X, graph=graph({"name": "a", "expression": "1 / x"}, result="a"))
        (failure,) = decision.evaluate({"x": 0}).errors
        assert (failure.rule_id, failure.message) == ("a", "division by zero")

    def test_circles_are_refused_by_name(self) -> None:
        (found,) = problems(
            inputs=X, graph=graph({"name": "a", "expression": "b"}, {"name": "b", "expression": "a"}, result="a")
        )
        assert "a → b → a" in found.message or "b → a → b" in found.message

    def test_names_are_unique(self) -> None:
        found = problems(
            inputs=X,
            graph=graph({"name": "x", "expression": "1"}, {"name": "a", "expression": "1"}, {"name": "a"}, result="a"),
        )
        assert [problem.path for problem in found] == ["graph.steps[0].name", "graph.steps[2].name", "graph.steps[2]"]

    def test_expressions_are_checked(self) -> None:
        (found,) = problems(inputs=X, graph=graph({"name": "a", "expression": "x +"}, result="a"))
        assert found.path == "graph.steps[0].expression"
        (found,) = problems(inputs=X, graph=graph({"name": "a", "expression": "x + 'a'"}, result="a"))
        assert found.path == "graph.steps[0].expression"
        (found,) = problems(inputs=X, graph=graph(result="x +"))
        assert found.path == "graph.result"


class TestCalls:
    GRAPH = graph({"name": "risk", "call": {"decision": "risk"}}, result="risk.orValue('none')")

    def test_a_decision_that_may_match_nothing_gives_an_optional(self) -> None:
        decision = compiled(CALLED, inputs=X, graph=self.GRAPH)
        assert [decision.evaluate({"x": x}).value for x in (20, 7, 1)] == ["high", "low", "none"]
        assert decision.calls == ("risk",)
        assert not decision.may_match_nothing

    def test_the_matches_of_what_is_called_are_told(self) -> None:
        result = compiled(CALLED, inputs=X, graph=self.GRAPH).evaluate({"x": 20})
        assert [match.rule_id for match in result.matches] == ["risk/r1"]

    def test_a_decision_that_always_answers_gives_the_value(self) -> None:
        always = compiled(name="always", inputs=X, rule_set=rule_set({"condition": "x > 1"}, otherwise="false"))
        decision = compiled(
            {"always": always}, inputs=X, graph=graph({"name": "a", "call": {"decision": "always"}}, result="!a")
        )
        assert decision.evaluate({"x": 0}).value is True

    def test_arguments_are_expressions(self) -> None:
        call = {"decision": "risk", "arguments": {"x": "x * 10"}}
        decision = compiled(CALLED, inputs=X, graph=graph({"name": "r", "call": call}, result="r.orValue('none')"))
        assert decision.evaluate({"x": 2}).value == "high"

    def test_what_cannot_be_called_is_refused(self) -> None:
        def refusal(call: dict[str, Any], inputs: list[dict[str, str]] = X) -> tuple[str, str | None]:
            (found,) = problems(CALLED, inputs=inputs, graph=graph({"name": "r", "call": call}, result="r"))
            return found.path, found.suggestion

        assert refusal({"decision": "rsk"}) == ("graph.steps[0].call.decision", "did you mean risk")
        arguments = {"decision": "risk", "arguments": {"y": "1"}}
        assert refusal(arguments)[0] == "graph.steps[0].call.arguments['y']"
        arguments = {"decision": "risk", "arguments": {"x": "'a'"}}
        assert refusal(arguments)[0] == "graph.steps[0].call.arguments['x']"
        assert refusal({"decision": "risk"}, [])[0] == "graph.steps[0].call.arguments['x']"

    def test_a_failed_call_fails_or_counts_as_no_match(self) -> None:
        failing = compiled(name="failing", inputs=X, rule_set=rule_set({"condition": "1 / x > 0"}))
        steps = graph({"name": "f", "call": {"decision": "failing"}}, result="f.orValue(true)")
        result = compiled({"failing": failing}, inputs=X, graph=steps).evaluate({"x": 0})
        assert (result.status, result.errors[0].rule_id) == (Status.FAILED, "f/r1")
        steps["on_error"] = "ERROR_POLICY_SKIP"
        result = compiled({"failing": failing}, inputs=X, graph=steps).evaluate({"x": 0})
        assert (result.value, result.errors[0].rule_id) == (True, "f/r1")

    def test_an_argument_that_fails_fails_the_decision(self) -> None:
        call = {"decision": "risk", "arguments": {"x": "1 / x"}}
        decision = compiled(CALLED, inputs=X, graph=graph({"name": "r", "call": call}, result="r.hasValue()"))
        assert decision.evaluate({"x": 0}).errors[0].field == "arguments"

    def test_another_callee_is_another_closure(self) -> None:
        source = definition(inputs=X, graph=self.GRAPH)
        other = compiled(name="risk", inputs=X, rule_set=rule_set({"condition": "x > 99", "outcome": "'high'"}))
        one, two = compile_definition(source, called=CALLED), compile_definition(source, called={"risk": other})
        assert one.content_hash == two.content_hash
        assert one.closure_hash != two.closure_hash

    def test_an_explanation_goes_into_what_is_called(self) -> None:
        explanation = explain(compiled(CALLED, inputs=X, graph=self.GRAPH), {"x": 7})
        ((step, inside),) = explanation.steps
        assert step.name == "risk"
        assert inside is not None
        assert [rule.outcome for rule in inside.rules] == ["not matched", "matched"]


class TestOrder:
    def test_what_is_needed_comes_first(self) -> None:
        order = in_order({"c": ["b", "elsewhere"], "b": ["a"], "a": []})
        assert order == ["a", "b", "c"]

    def test_a_long_chain_is_no_deep_stack(self) -> None:
        needs = {str(number): [str(number + 1)] for number in range(50_000)}
        assert in_order({**needs, "50000": []})[0] == "50000"

    def test_a_circle_is_named(self) -> None:
        with pytest.raises(CycleError) as circle:
            in_order({"a": ["b"], "b": ["c"], "c": ["b"]})
        assert set(circle.value.cycle) == {"b", "c"}
        assert circle.value.cycle[0] == circle.value.cycle[-1]
