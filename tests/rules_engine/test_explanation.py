from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend_rules.explanation import explain
from tests.rules_engine.building import compiled, rule_set

INPUTS = [{"name": "x", "type": "int"}, {"name": "country", "type": "string"}]
DECISION = compiled(
    inputs=INPUTS,
    rule_set=rule_set(
        {"condition": "x > 100 && country == 'FR' && x % 2 == 0", "outcome": "'a'"},
        {"condition": "(x > 50 || country == 'DE') && !(country == 'US')", "outcome": "'b'"},
        {"condition": "x > 1000 ? country == 'CH' : x > 60", "outcome": "'c'"},
    ),
)


def test_a_match_says_what_every_part_came_to() -> None:
    explanation = explain(DECISION, {"x": 102, "country": "FR"})
    first = explanation.rules[0]
    assert (first.rule_id, first.outcome, first.failing) == ("r1", "matched", ())
    assert {node.text: node.value for node in first.nodes}["x % 2"] == 0
    assert [rule.outcome for rule in explanation.rules] == ["matched", "not reached", "not reached"]
    assert explanation.nearest is None


def test_the_nearest_rule_is_that_with_the_fewest_failing_parts() -> None:
    explanation = explain(DECISION, {"x": 40, "country": "FR"})
    assert explanation.nearest is not None
    assert explanation.nearest.rule_id == "r1"
    (failing,) = explanation.nearest.failing
    assert (failing.text, failing.operands, failing.error) == ("x > 100", (("x", 40),), False)


def test_what_was_not_needed_was_not_evaluated() -> None:
    explanation = explain(DECISION, {"x": 3, "country": "FR"})
    nodes = {node.text: node for node in explanation.rules[0].nodes}
    assert not nodes["country == 'FR'"].evaluated
    assert nodes["x > 100"].value is False


def test_of_an_or_the_nearer_side_is_told() -> None:
    explanation = explain(DECISION, {"x": 3, "country": "US"})
    texts = {rule.rule_id: [term.text for term in rule.failing] for rule in explanation.rules}
    assert texts["r2"] == ["x > 50", "country == 'US'"]


def test_a_failing_rule_tells_where() -> None:
    decision = compiled(inputs=INPUTS, rule_set=rule_set({"condition": "1 / x > 0 && country == 'FR'"}))
    (rule,) = explain(decision, {"x": 0, "country": "FR"}).rules
    assert (rule.outcome, rule.error, rule.span) == ("failed", "division by zero", (0, 5))


def test_an_outcome_without_a_value_is_told() -> None:
    decision = compiled(inputs=INPUTS, rule_set=rule_set({"condition": "true", "outcome": "1 / x"}))
    (rule,) = explain(decision, {"x": 0, "country": "FR"}).rules
    assert (rule.outcome, rule.error) == ("failed", "division by zero")


def test_a_table_explains_its_rows() -> None:
    decision = compiled(
        inputs=INPUTS,
        table={
            "hit_policy": "HIT_POLICY_FIRST",
            "input_columns": [{"name": "x"}, {"name": "country"}],
            "output_columns": [{"name": "rate"}],
            "rows": [{"cells": ["> 10", '"FR"'], "outputs": ["1"]}, {"cells": ["> 20", '"DE"'], "outputs": ["2"]}],
        },
    )
    explanation = explain(decision, {"x": 15, "country": "DE"})
    assert explanation.table is not None
    assert explanation.table.nearest is not None
    assert len(explanation.table.nearest.failing) == 1


@settings(deadline=None)
@given(st.integers(-200, 200), st.sampled_from(["FR", "DE", "US", "CH", ""]))
def test_an_explanation_has_the_result_of_the_evaluation(x: int, country: str) -> None:
    inputs = {"x": x, "country": country}
    explanation = explain(DECISION, inputs)
    assert explanation.result == DECISION.evaluate(inputs)
    matched = [rule.rule_id for rule in explanation.rules if rule.outcome == "matched"]
    assert matched == [match.rule_id for match in explanation.result.matches]
