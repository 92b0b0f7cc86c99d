"""Tables and graphs over the wire, and what is hostile."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from function.rules.v1 import decision_pb2, definition_pb2
from tests.factories.rules import RulesCaller, given, loan
from tests.fixtures.server import RunningServer
from tests.services.rules.test_authoring_rpc import a_name, refused

FULL = decision_pb2.EXPLAIN_LEVEL_FULL


@pytest.fixture(scope="module")
def caller(server: RunningServer) -> RulesCaller:
    return RulesCaller(server)


def fees(name: str, rows: list[tuple[str, str]], **table: Any) -> definition_pb2.Definition:  # noqa: ANN401
    """A table from an amount to a fee."""
    described = {
        "name": name,
        "inputs": [{"name": "amount", "type": "int"}],
        "table": {
            "hit_policy": "HIT_POLICY_UNIQUE",
            "input_columns": [{"name": "amount"}],
            "output_columns": [{"name": "fee"}],
            "rows": [
                {"cells": [cell], "outputs": [fee], "reason_code": f"FEE_{fee}", "reason": "As the list says."}
                for cell, fee in rows
            ],
            **table,
        },
    }
    return ParseDict(described, definition_pb2.Definition())


class TestTables:
    def test_the_row_that_decides_is_named_with_its_reason(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(fees(name, [("< 100", "5"), ("[100..1000)", "7"), (">= 1000", "9")]))
        decision = caller.decide(name, amount=100)
        assert decision.value.number_value == 7
        assert [(each.rule_id, each.reason_code) for each in decision.matches] == [("row-2", "FEE_7")]

    def test_an_explanation_shows_which_cells_kept_the_nearest_row_from_matching(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(fees(name, [("< 100", "5"), ("[100..1000)", "7")], allow_gaps=True))
        answer = caller.decision("Evaluate", name=name, inputs=given(amount=5000), explain=FULL)
        assert answer.decision.status == decision_pb2.DECISION_STATUS_NO_MATCH
        explanation = answer.decision.explanation
        assert [(each.name, each.value) for each in explanation.columns] == [("amount", "5000")]
        assert explanation.nearest_rule_id in {"row-1", "row-2"}
        assert [each.column for each in explanation.nearest_failing] == ["amount"]

    def test_a_gap_and_an_overlap_among_a_thousand_rows_are_both_named(self, caller: RulesCaller) -> None:
        rows = [(f"[{10 * number}..{10 * number + 10})", str(number)) for number in range(1000)]
        rows[300] = ("[3000..3005)", "300")
        rows[700] = ("[7000..7015)", "700")
        made = caller.definition("CreateDefinition", definition=fees(a_name(), rows))
        said = " ".join(f"{each.message} {each.suggestion}" for each in made.problems)
        assert "3005" in said
        assert "row-701" in said
        assert "row-702" in said
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("SubmitForReview", name=made.version.name)
        assert refused(error.value)[0] == "DEFINITION_INVALID"


class TestGraphs:
    def test_the_steps_of_a_graph_are_explained_with_what_they_call(self, caller: RulesCaller) -> None:
        granted, name = a_name(), a_name()
        caller.published(loan(granted))
        graph = {
            "name": name,
            "inputs": [{"name": "amount", "type": "int"}],
            "graph": {
                "steps": [
                    {"name": "granted", "call": {"decision": granted}},
                    {"name": "half", "expression": "amount / 2"},
                ],
                "result": "granted ? half : 0",
            },
        }
        caller.published(ParseDict(graph, definition_pb2.Definition()))
        answer = caller.decision("Evaluate", name=name, inputs=given(amount=10), explain=FULL)
        assert answer.decision.value.number_value == 5
        steps = {each.name: each for each in answer.decision.explanation.steps}
        assert steps["half"].value == "5"
        assert [each.rule_id for each in steps["granted"].explanation.rules] == ["small"]


class TestAgreement:
    @given_by(amounts=st.lists(st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=20))
    @settings(max_examples=20, deadline=None)
    def test_a_batch_its_parts_and_their_explanations_come_to_the_same(
        self, caller: RulesCaller, agreeing: str, amounts: list[int]
    ) -> None:
        batch = caller.decision("BatchEvaluate", name=agreeing, inputs=[given(amount=each) for each in amounts])
        for amount, outcome in zip(amounts, batch.outcomes, strict=True):
            alone = caller.decide(agreeing, amount=amount)
            explained = caller.decision("Evaluate", name=agreeing, inputs=given(amount=amount), explain=FULL).decision
            found = [(each.status, each.value, list(each.matches)) for each in (outcome.decision, alone, explained)]
            assert found[0] == found[1] == found[2]


@pytest.fixture(scope="module")
def agreeing(caller: RulesCaller) -> str:
    """A decision with rules that match, do not match, and fail."""
    made = loan(a_name(), tests=[])
    made.rule_set.rules.add(id="fails", condition="100 / (amount - 2000) > 1", outcome="true")
    made.rule_set.rules.add(id="negative", condition="amount < -5", outcome="false")
    caller.published(made)
    return made.name


class TestHostileDefinitions:
    @pytest.mark.parametrize(
        "condition",
        [
            "(" * 5000 + "true" + ")" * 5000,
            " + ".join(["1"] * 3000) + " == 3000",
            "amount.__class__ == 1",
            "__import__('os').system('true') == 0",
            '"' + "x" * 15_000 + '" == "',
            "[1, 2, 3].all(a, [1, 2, 3].all(a, a",
            "amount == 99999999999999999999",
            "\ud7ff" + "\U0001f600" * 100,
        ],
        ids=["nested", "long chain", "dunder", "import", "open text", "open macro", "too large", "signs"],
    )
    def test_what_no_rule_should_say_is_refused_with_its_place_and_the_server_goes_on(
        self, caller: RulesCaller, condition: str
    ) -> None:
        made = loan(a_name(), tests=[])
        made.rule_set.rules[0].condition = condition
        found = caller.definition("CheckDefinition", definition=made)
        assert {each.path for each in found.problems} == {"rule_set.rules[0].condition"}
        assert found.problems[0].line == 1
        assert not caller.definition("CheckDefinition", definition=loan(a_name())).problems

    def test_a_rule_that_would_run_for_ever_is_refused(self, caller: RulesCaller) -> None:
        made = loan(a_name(), tests=[], inputs=[{"name": "items", "type": "list(int)"}])
        made.rule_set.rules[0].condition = "items.all(a, items.all(b, items.all(c, a + b + c >= 0)))"
        (problem,) = caller.definition("CheckDefinition", definition=made).problems
        assert "steps" in problem.message

    def test_a_rule_that_takes_more_than_it_may_is_stopped_and_the_decision_fails(self, caller: RulesCaller) -> None:
        made = loan(a_name(), tests=[], inputs=[{"name": "items", "type": "list(int)", "max_size": 1000}])
        made.rule_set.rules[0].condition = "items.all(a, items.all(b, a + b >= 0))"
        caller.published(made)
        answer = caller.decision("Evaluate", name=made.name, inputs=given(items=list(range(1000))))
        assert answer.decision.status == decision_pb2.DECISION_STATUS_FAILED
        assert [each.code for each in answer.decision.failures] == ["BUDGET_EXCEEDED"]
