"""Decisions through the client, against the real service."""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.wrappers_pb2 import Int64Value

from function.company.v1 import company_pb2
from function.rules.v1 import decision_pb2, definition_pb2
from function_backend_client import (
    Client,
    Company,
    CompanyId,
    Decision,
    DecisionFailedError,
    DecisionInputInvalidError,
    DecisionStatus,
    NotInForceError,
    VersionNotFoundError,
    connect,
    connect_async,
)
from function_backend_client.decisions import decision_inputs
from tests.factories.rules import RulesCaller, loan
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer


class Grade(enum.IntEnum):
    GOOD = 2


@pytest.fixture(scope="module")
def key(server: RunningServer) -> str:
    return make_tenant(server)


@pytest.fixture(scope="module")
def client(server: RunningServer, key: str) -> Iterator[Client]:
    author = RulesCaller(server, key)
    author.published(loan())
    wide = {
        "name": "credit.approval",
        "inputs": [
            {"name": "company", "type": "function.company.v1.Company"},
            {"name": "amount", "type": "double"},
            {"name": "since", "type": "timestamp"},
            {"name": "terms", "type": "map(string, int)"},
            {"name": "timeout", "type": "duration"},
        ],
        "rule_set": {
            "policy": "RULE_POLICY_FIRST_MATCH",
            "rules": [
                {
                    "id": "known",
                    "condition": "company.jurisdiction == 'DE' && since < now && timeout > duration('1s')",
                    "outcome": "{'limit': amount * 2.0, 'rate': double(terms['grade'])}",
                },
                {"id": "divided", "condition": "1 / terms['grade'] > 0", "outcome": "{'limit': 0.0, 'rate': 0.0}"},
            ],
        },
    }
    author.published(ParseDict(wide, definition_pb2.Definition()))
    with connect(server.target, api_key=key) as client:
        yield client


WIDE = {
    "company": Company(jurisdiction="DE"),
    "amount": 5000,
    "since": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    "terms": {"grade": Grade.GOOD},
    "timeout": dt.timedelta(seconds=5),
}


def test_a_decision_says_what_and_why(client: Client) -> None:
    decision = client.rules.evaluate("loan.approval", amount=5)
    assert (decision.value, decision.matched, decision.status) == (True, True, DecisionStatus.MATCHED)
    assert (decision.rule_ids, decision.reason_code) == (("small",), "SMALL")
    assert UUID(decision.decision_id).version == 7
    expected = "<Decision 'loan.approval' v1 · MATCHED · True · small · 'Small loans are granted.'>"
    assert repr(decision) == expected
    assert repr(client.rules.evaluate("loan.approval", amount=5000)).endswith("MATCHED · False · otherwise>")


def test_inputs_of_every_kind_are_packed(client: Client) -> None:
    # `timeout` is an argument of the method as well.
    decision = client.rules.evaluate("credit.approval", WIDE)
    assert decision.value == {"limit": 10_000, "rate": 2}
    assert client.rules.evaluate("loan.approval", amount=Int64Value(value=5)).value is True


def test_a_company_may_be_named_by_its_id(client: Client) -> None:
    created = client.companies.create(Company(legal_name="Nordlicht GmbH", jurisdiction="DE"))
    decision = client.rules.evaluate("credit.approval", {**WIDE, "company": CompanyId(created.id)})
    assert decision.rule_ids == ("known",)


def test_a_failed_decision_has_no_value(client: Client) -> None:
    failing = {**WIDE, "company": Company(jurisdiction="FR"), "terms": {"grade": 0}}
    decision = client.rules.evaluate("credit.approval", failing)
    assert (decision.status, decision.matched) == (DecisionStatus.FAILED, False)
    with pytest.raises(DecisionFailedError, match="divided"):
        _ = decision.value
    assert "divided" in repr(decision)


def test_many_decisions_have_an_outcome_each(client: Client) -> None:
    first, second, third = client.rules.evaluate_many("loan.approval", [{"amount": 5}, {}, {"amount": 5000}])
    assert isinstance(first, Decision)
    assert isinstance(third, Decision)
    assert (first.value, third.value) == (True, False)
    assert isinstance(second, DecisionInputInvalidError)
    assert [each.field for each in second.violations] == ["inputs.amount"]


def test_failures_are_exceptions_by_reason(client: Client) -> None:
    with pytest.raises(VersionNotFoundError):
        client.rules.evaluate("loan.approval", amount=5, version=7)
    with pytest.raises(NotInForceError):
        client.rules.evaluate("loan.approval", amount=5, effective_time=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))


def test_an_explanation_comes_where_it_is_asked_for(client: Client) -> None:
    decision = client.rules.evaluate("loan.approval", amount=5, explain=True)
    assert decision.message.explanation.rules[0].rule_id == "small"


def test_asynchronously_it_is_the_same(server: RunningServer, key: str, client: Client) -> None:
    del client  # It has put the rules in force.

    async def decide() -> tuple[object, int]:
        async with connect_async(server.target, api_key=key) as other:
            decision = await other.rules.evaluate("loan.approval", amount=5)
            outcomes = await other.rules.evaluate_many("loan.approval", [{"amount": 5}])
            return decision.value, len(outcomes)

    assert asyncio.run(decide()) == (True, 1)


def test_what_cannot_be_an_input_is_named_with_its_place() -> None:
    with pytest.raises(TypeError, match=r"terms\['rate'\]\[1\]: a Decimal"):
        decision_inputs({"terms": {"rate": [1, Decimal(1)]}})
    with pytest.raises(ValueError, match="has no time zone"):
        decision_inputs({"since": dt.datetime(2020, 1, 1)})  # noqa: DTZ001


def test_numbers_that_json_cannot_hold_travel_as_texts() -> None:
    inputs = decision_inputs({"big": 2**60, "whole": 5.0, "none": None, "company": company_pb2.Company()})
    fields = inputs.json.fields
    assert (fields["big"].string_value, fields["whole"].number_value) == (str(2**60), 5)
    assert fields["none"].WhichOneof("kind") == "null_value"
    assert inputs.messages["company"].Is(company_pb2.Company.DESCRIPTOR)
    assert decision_pb2.DecisionInputs.FromString(inputs.SerializeToString()) == inputs


def test_an_input_is_given_once(client: Client) -> None:
    with pytest.raises(TypeError, match="given twice"):
        client.rules.evaluate("loan.approval", {"amount": 5}, amount=5)
