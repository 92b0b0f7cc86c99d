from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function.company.v1 import company_pb2
from function_backend_rules import Compiled, Status
from function_backend_rules.cel import Budget
from tests.rules_engine.building import AMOUNT, COMPANY, compiled, problems, rule_set

X = [{"name": "x", "type": "int"}]


def decide(decision: Compiled, **inputs: Any) -> Any:
    return decision.evaluate(inputs)


class TestPolicies:
    RULES = (
        {"condition": "x > 10", "outcome": "'large'", "reason_code": "LARGE", "reason": "It is large."},
        {"condition": "x > 5", "outcome": "'medium'", "priority": 9},
        {"condition": "x > 0", "outcome": "'small'"},
    )

    def test_the_first_that_matches_decides(self) -> None:
        result = decide(compiled(inputs=X, rule_set=rule_set(*self.RULES)), x=20)
        assert (result.status, result.value) == (Status.MATCHED, "large")
        assert [(match.rule_id, match.reason_code, match.reason) for match in result.matches] == [
            ("r1", "LARGE", "It is large.")
        ]

    def test_all_that_match_are_given_in_order(self) -> None:
        result = decide(compiled(inputs=X, rule_set=rule_set(*self.RULES, policy="ALL_MATCHES")), x=7)
        assert result.value == ["medium", "small"]
        assert [match.rule_id for match in result.matches] == ["r2", "r3"]

    def test_the_highest_priority_decides(self) -> None:
        assert decide(compiled(inputs=X, rule_set=rule_set(*self.RULES, policy="PRIORITY")), x=20).value == "medium"

    def test_without_a_match_the_answer_says_so(self) -> None:
        assert decide(compiled(inputs=X, rule_set=rule_set(*self.RULES)), x=0).status is Status.NO_MATCH

    def test_otherwise_decides_when_nothing_matches(self) -> None:
        decision = compiled(inputs=X, rule_set=rule_set(*self.RULES, otherwise="'none'"))
        result = decide(decision, x=0)
        assert (result.value, result.by_otherwise, result.matches) == ("none", True, ())
        assert not decision.may_match_nothing

    def test_a_disabled_rule_is_not_there(self) -> None:
        rules = ({**self.RULES[0], "disabled": True}, *self.RULES[1:])
        assert decide(compiled(inputs=X, rule_set=rule_set(*rules)), x=20).value == "medium"

    def test_a_rule_without_an_outcome_gives_true(self) -> None:
        assert decide(compiled(inputs=X, rule_set=rule_set({"condition": "x > 1"})), x=2).value is True


class TestOutcomes:
    def test_an_outcome_is_worked_out_from_the_inputs(self) -> None:
        assert decide(compiled(inputs=X, rule_set=rule_set({"condition": "true", "outcome": "x * 2"})), x=4).value == 8

    def test_an_outcome_may_be_a_message(self) -> None:
        rules = rule_set({"condition": "true", "outcome": "Company{legal_name: company.legal_name + '!'}"})
        value = decide(compiled(inputs=[COMPANY], rule_set=rules), company=company_pb2.Company(legal_name="A")).value
        assert value == company_pb2.Company(legal_name="A!")

    def test_who_changes_an_outcome_changes_no_later_one(self) -> None:
        decision = compiled(inputs=X, rule_set=rule_set({"condition": "true", "outcome": "[1, 2]"}))
        decide(decision, x=1).value.append(3)
        assert decide(decision, x=1).value == [1, 2]

    def test_outcomes_of_different_types_are_refused(self) -> None:
        found = problems(
            inputs=X, rule_set=rule_set({"condition": "true", "outcome": "1"}, {"condition": "true", "outcome": "'a'"})
        )
        assert [problem.path for problem in found] == ["rule_set.rules[1].outcome"]
        assert "int" in found[0].message

    def test_an_outcome_that_never_has_a_value_is_refused(self) -> None:
        (found,) = problems(inputs=X, rule_set=rule_set({"condition": "true", "outcome": "1 / 0"}))
        assert "division by zero" in found.message

    def test_the_declared_type_is_asked_for(self) -> None:
        (found,) = problems(inputs=X, result_type="double", rule_set=rule_set({"condition": "true", "outcome": "1"}))
        assert "double" in found.message

    def test_a_missing_outcome_is_refused_where_the_result_is_no_bool(self) -> None:
        (found,) = problems(inputs=X, result_type="string", rule_set=rule_set({"condition": "true"}))
        assert found.path == "rule_set.rules[0].outcome"


class TestErrors:
    RULES = ({"condition": "10 / x > 3", "outcome": "'a'"}, {"condition": "true", "outcome": "'b'"})

    def test_a_set_fails_closed(self) -> None:
        result = decide(compiled(inputs=X, rule_set=rule_set(*self.RULES)), x=0)
        assert result.status is Status.FAILED
        (failure,) = result.errors
        assert (failure.rule_id, failure.field, failure.message) == ("r1", "condition", "division by zero")
        assert failure.span == (0, 6)

    def test_a_set_may_skip_what_fails(self) -> None:
        result = decide(compiled(inputs=X, rule_set=rule_set(*self.RULES, on_error="ERROR_POLICY_SKIP")), x=0)
        assert (result.value, [failure.rule_id for failure in result.errors]) == ("b", ["r1"])

    def test_an_error_that_an_or_absorbs_is_none(self) -> None:
        rules = rule_set({"condition": "10 / x > 3 || x == 0", "outcome": "'a'"})
        assert decide(compiled(inputs=X, rule_set=rules), x=0).value == "a"

    def test_an_outcome_that_fails_is_the_failure_of_its_rule(self) -> None:
        rules = rule_set({"condition": "true", "outcome": "10 / x"}, {"condition": "true", "outcome": "1"})
        (failure,) = decide(compiled(inputs=X, rule_set=rules), x=0).errors
        assert (failure.rule_id, failure.field) == ("r1", "outcome")

    def test_a_rule_that_is_skipped_for_its_outcome_does_not_match(self) -> None:
        rules = rule_set(
            {"condition": "true", "outcome": "10 / x"},
            {"condition": "true", "outcome": "1"},
            policy="ALL_MATCHES",
            on_error="ERROR_POLICY_SKIP",
        )
        assert decide(compiled(inputs=X, rule_set=rules), x=0).value == [1]

    def test_a_budget_that_is_used_up_ends_the_decision_even_when_failures_are_skipped(self) -> None:
        rules = rule_set(
            {"condition": "lists.range(200).all(a, lists.range(200).all(b, a + b + x >= 0))"},
            {"condition": "true"},
            on_error="ERROR_POLICY_SKIP",
        )
        result = compiled(inputs=X, rule_set=rules).evaluate({"x": 0}, budget=Budget.of(steps=1000))
        assert (result.status, result.errors[0].code) == (Status.FAILED, "BUDGET_EXCEEDED")

    def test_otherwise_may_fail_too(self) -> None:
        rules = rule_set({"condition": "x > 5", "outcome": "1"}, otherwise="10 / x")
        (failure,) = decide(compiled(inputs=X, rule_set=rules), x=0).errors
        assert failure.rule_id == "otherwise"


class TestRefusals:
    def test_every_problem_is_told_with_its_place(self) -> None:
        found = problems(
            inputs=[COMPANY, AMOUNT],
            rule_set=rule_set(
                {"condition": "company.legl_name == 'a'"}, {"condition": "amount >"}, {"condition": " "}, {"id": "r1"}
            ),
        )
        told = {problem.path: problem for problem in found}
        assert told["rule_set.rules[0].condition"].suggestion == "did you mean legal_name"
        assert (told["rule_set.rules[0].condition"].line, told["rule_set.rules[0].condition"].column) == (1, 9)
        assert told["rule_set.rules[1].condition"].column == 9
        assert told["rule_set.rules[2].condition"].suggestion == "`true` always holds"
        assert "rule number 1 too" in told["rule_set.rules[3].id"].message

    def test_a_condition_is_a_bool(self) -> None:
        (found,) = problems(inputs=X, rule_set=rule_set({"condition": "x + 1"}))
        assert "bool is asked for" in found.message

    def test_a_set_without_rules_or_policy_is_refused(self) -> None:
        assert [problem.path for problem in problems(rule_set={})] == ["rule_set.policy", "rule_set.rules"]

    def test_a_definition_without_logic_is_refused(self) -> None:
        assert [problem.path for problem in problems(inputs=X)] == ["body"]

    @pytest.mark.parametrize("name", ["now", "in", "for", "_x"])
    def test_names_of_the_language_are_no_inputs(self, name: str) -> None:
        found = problems(inputs=[{"name": name, "type": "int"}], rule_set=rule_set({"condition": "true"}))
        assert found[0].path == "inputs[0].name"

    def test_an_unknown_type_is_refused_with_the_nearest(self) -> None:
        found = problems(
            inputs=[{"name": "x", "type": "function.company.v1.Compny"}], rule_set=rule_set({"condition": "true"})
        )
        assert found[0].suggestion == "did you mean function.company.v1.Company"

    def test_two_inputs_of_one_name_are_refused(self) -> None:
        found = problems(inputs=[*X, *X], rule_set=rule_set({"condition": "true"}))
        assert [problem.path for problem in found] == ["inputs[1].name"]

    def test_rules_that_are_never_reached_are_warned_of(self) -> None:
        decision = compiled(inputs=X, rule_set=rule_set({"condition": "true"}, {"condition": "x > 1"}))
        assert "never" in decision.warnings[0].message

    def test_priorities_without_their_policy_are_warned_of(self) -> None:
        decision = compiled(inputs=X, rule_set=rule_set({"condition": "x > 1", "priority": 3}))
        assert decision.warnings[0].path == "rule_set.rules[0].priority"


class TestTime:
    def test_now_is_the_time_of_the_evaluation(self) -> None:
        decision = compiled(rule_set=rule_set({"condition": "now < timestamp('2026-01-01T00:00:00Z')"}))
        assert decision.evaluate({}, now=datetime(2025, 12, 31, 23, 59, 59, 999_999, UTC)).status is Status.MATCHED
        assert decision.evaluate({}, now=datetime(2026, 1, 1, tzinfo=UTC)).status is Status.NO_MATCH


class TestHashes:
    def test_the_same_text_has_the_same_hash(self) -> None:
        one = compiled(inputs=X, rule_set=rule_set({"condition": "x > 1"}), labels={"b": "1", "a": "2"})
        other = compiled(inputs=X, rule_set=rule_set({"condition": "x > 1"}), labels={"a": "2", "b": "1"})
        assert one.content_hash == other.content_hash
        assert one.closure_hash == one.content_hash

    def test_another_text_has_another(self) -> None:
        one = compiled(inputs=X, rule_set=rule_set({"condition": "x > 1"}))
        assert one.content_hash != compiled(inputs=X, rule_set=rule_set({"condition": "x > 2"})).content_hash


CONDITIONS = st.sampled_from(
    [
        "x > 3",
        "x < -1",
        "10 / x > 2",
        "company.legal_name == 'a'",
        "company.legal_name.size() > x",
        "x % 2 == 0",
        "true",
    ]
)


@settings(deadline=None)
@given(
    st.lists(CONDITIONS, min_size=1, max_size=12),
    st.sampled_from(["FIRST_MATCH", "ALL_MATCHES"]),
    st.sampled_from(["ERROR_POLICY_SKIP", "ERROR_POLICY_FAIL_CLOSED"]),
    st.integers(-5, 5),
    st.sampled_from(["", "a", "abcdef"]),
)
def test_a_set_decides_as_its_rules_one_by_one(
    conditions: list[str], policy: str, on_error: str, x: int, name: str
) -> None:
    rules = [{"condition": condition, "outcome": str(number)} for number, condition in enumerate(conditions)]
    inputs = {"company": company_pb2.Company(legal_name=name), "x": x}
    decision = compiled(inputs=[COMPANY, *X], rule_set=rule_set(*rules, policy=policy, on_error=on_error))
    expected: list[int] = []
    failed = False
    for number, rule in enumerate(rules):
        alone = compiled(inputs=[COMPANY, *X], rule_set=rule_set(rule)).evaluate(inputs)
        failed = failed or (alone.status is Status.FAILED and on_error == "ERROR_POLICY_FAIL_CLOSED")
        if failed:
            break
        if alone.status is Status.MATCHED:
            expected.append(number)
            if policy == "FIRST_MATCH":
                break
    result = decision.evaluate(inputs)
    if failed:
        assert result.status is Status.FAILED
    elif not expected:
        assert result.status is Status.NO_MATCH
    else:
        assert result.value == (expected if policy == "ALL_MATCHES" else expected[0])
