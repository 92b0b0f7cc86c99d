from typing import Any

import pytest

from function_backend_rules.testing import CaseReport, Report, Verdict, run_cases
from tests.rules_engine.building import compiled, rule_set

INPUTS = [{"name": "x", "type": "int"}]
RULES = rule_set(
    {"condition": "x > 10 && x < 100", "outcome": "'a'", "reason_code": "BIG"},
    {"condition": "x == 5 || x == 6", "outcome": "'b'"},
    {"condition": "10 / (x - 1) > 100", "outcome": "'c'"},
)


def run(*cases: dict[str, Any]) -> Report:
    tests = [{"name": f"case {number}", **case} for number, case in enumerate(cases)]
    return run_cases(compiled(inputs=INPUTS, rule_set=RULES, tests=tests))


def case(x: object, **expect: Any) -> dict[str, Any]:
    return {"inputs": {"x": x}, "expect": expect}


def test_cases_that_hold_pass() -> None:
    report = run(
        case(20, value="a", matches=["r1"], reason_code="BIG"),
        case(5, value="b"),
        case(7, no_match=True),
        case(1, fails=True),
    )
    assert report.passed
    assert [found.verdict for found in report.cases] == [Verdict.PASSED] * 4


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (case(20, value="b"), "value"),
        (case(20, matches=["r2"]), "matches"),
        (case(20, reason_code="SMALL"), "reason_code"),
        (case(20, no_match=True), "no_match"),
        (case(7, value="a"), "no_match"),
        (case(20, fails=True), "fails"),
        (case(1, value="a"), "fails"),
    ],
)
def test_a_case_that_does_not_hold_says_what_differs(wrong: dict[str, Any], what: str) -> None:
    (found,) = run(wrong).cases
    assert (found.verdict, found.differences[0].what) == (Verdict.FAILED, what)


def test_a_case_of_another_type_is_broken() -> None:
    (inputs,) = run(case("many", value="a")).cases
    assert (inputs.verdict, "x" in inputs.message) == (Verdict.BROKEN, True)
    (value,) = run(case(20, value=5)).cases
    assert (value.verdict, value.message.startswith("expect.value")) == (Verdict.BROKEN, True)


def test_coverage_counts_rules_and_both_outcomes_of_conditions() -> None:
    report = run(case(20, value="a"), case(5, value="b"))
    assert report.coverage.rules == {"r1": 1, "r2": 1, "r3": 0}
    assert report.coverage.rule_ratio == pytest.approx(2 / 3)
    seen = {(part.rule_id, part.text): (part.seen_true, part.seen_false) for part in report.coverage.conditions}
    assert seen["r1", "x > 10"] == (True, True)
    assert seen["r1", "x < 100"] == (True, False)
    assert seen["r2", "x == 6"] == (False, True)
    assert 0 < report.coverage.condition_ratio < 1


def test_progress_is_told() -> None:
    told: list[CaseReport] = []
    tests = [{"name": "one", **case(20, value="a")}]
    run_cases(compiled(inputs=INPUTS, rule_set=RULES, tests=tests), on_case=told.append)
    assert [found.name for found in told] == ["one"]


def test_a_definition_without_cases_covers_nothing_and_passes() -> None:
    report = run_cases(compiled(inputs=INPUTS, rule_set=RULES))
    assert report.passed
    assert report.coverage.rule_ratio == 0.0


def test_now_is_what_the_case_says() -> None:
    rules = rule_set({"condition": "now > timestamp('2026-01-01T00:00:00Z')"})
    tests = [
        {"name": "a", "now": "2026-06-01T00:00:00Z", "expect": {"value": True}},
        {"name": "b", "expect": {"no_match": True}},
    ]
    assert run_cases(compiled(rule_set=rules, tests=tests)).passed
