"""Decisions in the client's process against the real service: the same answers, and the same log."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from function.auth.v1 import user_pb2
from function.company.v1 import company_pb2
from function.rules.v1 import definition_pb2, distribution_service_pb2
from function_backend_client import (
    Client,
    CompanyId,
    Decision,
    DecisionInputInvalidError,
    DefinitionNotFoundError,
    FunctionBackendError,
    NotInForceError,
    connect,
)
from function_backend_client.rules import (
    LocalRules,
    LocalSettings,
    NotReadyError,
    StaleRulesError,
    VersionRefusedError,
)
from tests.factories.rules import RulesCaller, graph, loan
from tests.fixtures.database_faults import eventually
from tests.fixtures.principals import make_key
from tests.fixtures.server import RunningServer
from tests.services.rules.test_authoring_rpc import a_name

QUICK = LocalSettings(heartbeat=0.25, flush_every=0.05)
COMPANY = "function.company.v1.Company"


def scoring(name: str) -> definition_pb2.Definition:
    """A rule set over a company, numbers, texts and a list, whose value is a map."""
    described: dict[str, Any] = {
        "name": name,
        "inputs": [
            {"name": "company", "type": COMPANY},
            {"name": "amount", "type": "double"},
            {"name": "tags", "type": "list(string)"},
            {"name": "count", "type": "int"},
        ],
        "rule_set": {
            "policy": "RULE_POLICY_ALL_MATCHES",
            "rules": [
                {"id": "german", "condition": "company.jurisdiction == 'DE'", "outcome": "{'points': amount / 2.0}"},
                {"id": "tagged", "condition": "tags.exists(t, t.startsWith('a'))", "outcome": "{'points': 1.0}"},
                {"id": "shares", "condition": "100 / count > 3", "outcome": "{'points': double(count)}"},
                {"id": "named", "condition": "company.legal_name.size() > count", "outcome": "{'points': -0.0}"},
            ],
        },
    }
    return ParseDict(described, definition_pb2.Definition())


def pricing(name: str) -> definition_pb2.Definition:
    """A table."""
    described: dict[str, Any] = {
        "name": name,
        "inputs": [{"name": "amount", "type": "double"}, {"name": "country", "type": "string"}],
        "table": {
            "hit_policy": "HIT_POLICY_FIRST",
            "input_columns": [{"name": "amount"}, {"name": "country"}],
            "output_columns": [{"name": "rate", "type": "double"}],
            "rows": [
                {"id": "small", "cells": ["< 100.0", "'DE', 'AT'"], "outputs": ["0.5"]},
                {"id": "middle", "cells": ["[100.0..1000.0)", "-"], "outputs": ["1.5"]},
                {"id": "rest", "cells": ["-", "-"], "outputs": ["2.5"]},
            ],
        },
    }
    return ParseDict(described, definition_pb2.Definition())


@pytest.fixture(scope="module")
def author(server: RunningServer) -> RulesCaller:
    return RulesCaller(server)


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Client]:
    key = make_key(server, "rules.evaluate", "rules.published.read", "rules.decisions.*", "company.read")
    with connect(server.target, api_key=key) as client:
        yield client


@pytest.fixture
def local(client: Client) -> Iterator[Callable[..., LocalRules]]:
    opened: list[LocalRules] = []

    def start(*names: str, **fields: Any) -> LocalRules:
        rules = LocalRules(client, names=names, **{"settings": QUICK, **fields})
        opened.append(rules)
        return rules

    yield start
    for rules in opened:
        rules.close()


Local = Callable[..., LocalRules]


def shown(decide: Callable[[], Decision]) -> object:
    """What came out, to be compared."""
    try:
        made = decide()
    except FunctionBackendError as error:
        return type(error), [str(each) for each in error.violations]
    message = type(made.message)()
    message.CopyFrom(made.message)
    message.ClearField("id")
    return message, made.status, made.rule_ids, made.reason, made.by_otherwise


@pytest.fixture(scope="module")
def names(author: RulesCaller) -> dict[str, str]:
    """One of each kind, by kind."""
    loans, scores, prices, calls = (a_name() for _ in range(4))
    for made in (loan(loans), scoring(scores), pricing(prices), graph(calls, loans)):
        author.published(made)
    return {"loan": loans, "score": scores, "price": prices, "graph": calls}


@pytest.fixture(scope="module")
def rules(client: Client, names: dict[str, str]) -> Iterator[LocalRules]:
    with LocalRules(client, names=list(names.values()), settings=LocalSettings(record=False)) as rules:
        yield rules


# The service takes no text with U+0000, whatever the rules say.
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
_AMOUNTS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(), _TEXTS, st.none(), st.booleans())
_INPUTS = st.fixed_dictionaries(
    {
        "amount": _AMOUNTS,
        "tags": st.one_of(st.lists(st.text("abc", max_size=3), max_size=3), st.just("a"), st.just([1])),
        "count": st.one_of(st.integers(-3, 40), st.just(2.5), st.just(7.0)),
        "country": st.sampled_from(["DE", "AT", "FR", "", 5]),
        "company": st.builds(company_pb2.Company, legal_name=_TEXTS, jurisdiction=st.sampled_from(["DE", "FR"])),
    }
)
_TAKES = {
    "loan": ["amount"],
    "graph": ["amount"],
    "price": ["amount", "country"],
    "score": ["company", "amount", "tags", "count"],
}


class TestTheSameAnswers:
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(kind=st.sampled_from(sorted(_TAKES)), drawn=_INPUTS, as_dict=st.booleans())
    @example(kind="graph", drawn={"amount": math.inf}, as_dict=False)
    @example(kind="graph", drawn={"amount": math.nan}, as_dict=False)
    def test_local_equals_server(
        self,
        client: Client,
        names: dict[str, str],
        rules: LocalRules,
        *,
        kind: str,
        drawn: dict[str, Any],
        as_dict: bool,
    ) -> None:
        inputs = {name: drawn[name] for name in _TAKES[kind]}
        if as_dict and "company" in inputs:
            inputs["company"] = MessageToDict(inputs["company"])
        here = shown(lambda: rules.evaluate(names[kind], inputs))
        there = shown(lambda: client.rules.evaluate(names[kind], inputs))
        assert here == there

    def test_the_values_are_the_same_in_python(self, client: Client, names: dict[str, str], rules: LocalRules) -> None:
        company = company_pb2.Company(legal_name="Nord", jurisdiction="DE")
        inputs = {"company": company, "amount": 5.0, "tags": ["a"], "count": 3}
        here, there = rules.evaluate(names["score"], inputs), client.rules.evaluate(names["score"], inputs)
        assert here.value == there.value
        assert [type(each["points"]) for each in here.value] == [type(each["points"]) for each in there.value]
        assert repr(here).replace("LocalDecision", "Decision") == repr(there)

    def test_inputs_that_do_not_fit_are_the_same_failure(
        self, client: Client, names: dict[str, str], rules: LocalRules
    ) -> None:
        for evaluate in (rules.evaluate, client.rules.evaluate):
            with pytest.raises(DecisionInputInvalidError) as error:
                evaluate(names["loan"], amuont=5)
            assert [each.field for each in error.value.violations] == ["inputs.amount"]

    def test_what_does_not_exist_is_the_same_failure(self, client: Client, rules: LocalRules) -> None:
        for evaluate in (rules.evaluate, client.rules.evaluate):
            with pytest.raises(DefinitionNotFoundError):
                evaluate("loan.of_nobody", amount=5)

    def test_companies_by_id_are_for_the_service(self, names: dict[str, str], rules: LocalRules) -> None:
        with pytest.raises(TypeError, match="only the service reads companies"):
            rules.evaluate(names["score"], company=CompanyId("x"), amount=1.0, tags=[], count=1)

    def test_it_says_why(self, names: dict[str, str], rules: LocalRules) -> None:
        explanation = rules.explain(names["loan"], amount=5000)
        assert [rule.outcome for rule in explanation.rules] == ["not matched"]


class TestChanges:
    def test_a_publication_a_rollback_and_a_retirement_arrive(self, author: RulesCaller, local: Local) -> None:
        name = a_name()
        heard = threading.Semaphore(0)
        rules = local(name, settings=LocalSettings(heartbeat=60), changed=lambda _: heard.release())
        rules.wait_until_ready()
        with pytest.raises(DefinitionNotFoundError):
            rules.evaluate(name, amount=500)
        author.published(loan(name))
        assert heard.acquire(timeout=20)
        assert eventually(lambda: rules.version(name) == 1)
        assert rules.evaluate(name, amount=500).value is True
        author.published(loan(name, limit=5))
        assert heard.acquire(timeout=20)
        assert eventually(lambda: rules.version(name) == 2)
        assert rules.evaluate(name, amount=500).value is False
        author.definition("RollbackDefinition", name=name, comment="back")
        assert heard.acquire(timeout=20)
        assert eventually(lambda: rules.version(name) == 1)
        assert rules.evaluate(name, amount=500).value is True
        author.definition("RetireVersion", name=name, comment="over")
        assert eventually(lambda: rules.version(name) == 0)
        with pytest.raises(NotInForceError):
            rules.evaluate(name, amount=500)

    def test_what_is_planned_takes_effect_without_the_service(self, author: RulesCaller, local: Local) -> None:
        name = a_name()
        author.published(loan(name))
        soon = Timestamp()
        soon.FromDatetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3))
        author.published(loan(name, limit=5), valid_from=soon)
        rules = local(name)
        rules.wait_until_ready()
        # Nothing is heard from here on.
        rules._follower.close()
        assert eventually(lambda: rules.version(name) == 2)
        assert not rules.evaluate(name, amount=500).value
        at = soon.ToDatetime(tzinfo=dt.UTC)
        assert rules.evaluate(name, amount=500, effective_time=at - dt.timedelta(milliseconds=1)).value
        assert not rules.evaluate(name, amount=500, effective_time=at).value

    def test_a_broken_stream_is_mended(self, author: RulesCaller, local: Local) -> None:
        name = a_name()
        author.published(loan(name))
        rules = local(name)
        assert rules.evaluate(name, amount=500).value
        rules._follower._stream.cancel()
        author.published(loan(name, limit=5))
        assert eventually(lambda: rules.version(name) == 2)

    def test_it_decides_by_what_it_holds_while_the_service_is_away(
        self, server: RunningServer, author: RulesCaller
    ) -> None:
        name = a_name()
        author.published(loan(name))
        key = make_key(server, "rules.*")
        with connect(server.target, api_key=key) as client:
            rules = LocalRules(
                client, names=[name], settings=LocalSettings(heartbeat=0.25, refuse_after=1, record=False)
            )
            rules.wait_until_ready()
            rules._follower._stub = _Away()  # type: ignore[assignment]
            rules._follower._stream.cancel()
            assert eventually(lambda: rules.failure is not None)
            assert eventually(lambda: rules.age > 0.3)
            with pytest.raises(StaleRulesError, match="not heard of"):
                eventually(lambda: rules.evaluate(name, amount=500) is None)
            rules.close()

    def test_decisions_by_a_refused_version_fail_rather_than_use_another(
        self, local: Local, author: RulesCaller
    ) -> None:
        name = a_name()
        author.published(loan(name))
        rules = local(name)
        assert rules.evaluate(name, amount=5).value
        altered = distribution_service_pb2.PublishedVersion(name=name, version=2, content=b"x", content_hash="0" * 64)
        period = distribution_service_pb2.PublishedPeriod(version=2, valid_from=Timestamp(seconds=1))
        message = distribution_service_pb2.WatchPublishedResponse(
            definitions=[distribution_service_pb2.PublishedDefinition(name=name, periods=[period])],
            versions=[altered],
            complete=True,
        )
        message.as_of.GetCurrentTime()
        rules._follower.close()
        rules._follower._take(message)
        with pytest.raises(VersionRefusedError, match="version 2"):
            rules.evaluate(name, amount=5)

    def test_it_says_when_the_service_never_answered(self) -> None:
        with connect("127.0.0.1:1", api_key="fbk_none") as client, pytest.raises(NotReadyError):
            LocalRules(client, names=["loan.approval"], settings=LocalSettings(ready_within=0.3)).__enter__()

    def test_names_are_needed(self, client: Client) -> None:
        for wrong in ({}, {"names": "loan.approval"}):
            with pytest.raises(ValueError, match="name the decisions"):
                LocalRules(client, **wrong)  # type: ignore[arg-type]


class _Away:
    """A service that cannot be reached."""

    def WatchPublished(self, *_: object, **__: object) -> None:  # noqa: N802
        raise FunctionBackendError("connection refused", code=grpc.StatusCode.UNAVAILABLE)


class TestReporting:
    def test_decisions_are_in_the_log_of_the_service_and_can_be_explained(
        self, client: Client, author: RulesCaller, local: Local
    ) -> None:
        made = scoring(a_name())
        author.published(made)
        rules = local(made.name)
        company = company_pb2.Company(legal_name="Nord", jurisdiction="DE")
        decision = rules.evaluate(made.name, company=company, amount=5, tags=("b", "a"), count=3)
        company.jurisdiction = "FR"  # The decision was taken before.
        assert rules.flush()
        logged = client.rules.get(decision.decision_id)
        assert logged.local
        assert logged.decision == decision.message
        explained = client.rules.explain(decision.decision_id)
        assert explained.reproduced
        assert (rules.reported, rules.lost) == (1, 0)
        assert [each.decision.id for each in client.rules.list(made.name)] == [decision.decision_id]

    def test_what_is_sensitive_does_not_leave_the_process(self, author: RulesCaller, local: Local) -> None:
        made = loan(a_name(), inputs=[{"name": "it", "type": "function.auth.v1.User"}], tests=[])
        made.rule_set.rules[0].condition = "it.email == 'ada@company.example'"
        author.published(made)
        rules = local(made.name)
        sent: list[bytes] = []
        shipping = rules._shipping
        assert shipping is not None
        record = shipping._stub.RecordDecisions

        class _Listening:
            def RecordDecisions(self, request: Any, **options: Any) -> Any:  # noqa: N802
                sent.append(request.SerializeToString())
                return record(request, **options)

        shipping._stub = _Listening()  # type: ignore[assignment]
        decision = rules.evaluate(made.name, it=user_pb2.User(user_name="ada", email="ada@company.example"))
        assert decision.value is True
        assert rules.flush()
        assert rules.reported == 1
        assert sent
        assert not any(b"company.example" in each for each in sent)

    def test_many_decisions_of_many_threads_are_all_reported(self, author: RulesCaller, local: Local) -> None:
        name = a_name()
        author.published(loan(name))
        rules = local(name)
        rules.wait_until_ready()
        threads = [
            threading.Thread(target=lambda: [rules.evaluate(name, amount=number) for number in range(300)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert rules.flush(30)
        assert (rules.reported, rules.lost) == (1200, 0)

    def test_a_full_queue_loses_what_comes_and_counts_it(self, author: RulesCaller, local: Local) -> None:
        name = a_name()
        author.published(loan(name))
        rules = local(name, settings=LocalSettings(queue=5, flush_every=30))
        for number in range(9):
            rules.evaluate(name, amount=number)
        assert rules.lost == 4
        assert rules.flush()
        assert rules.reported == 5

    def test_closing_reports_what_waits(self, client: Client, author: RulesCaller) -> None:
        name = a_name()
        author.published(loan(name))
        with LocalRules(client, names=[name], settings=LocalSettings(flush_every=30)) as rules:
            decision = rules.evaluate(name, amount=5)
        assert client.rules.get(decision.decision_id).decision.value.bool_value

    def test_without_the_permission_decisions_go_on_and_are_counted(
        self, server: RunningServer, author: RulesCaller
    ) -> None:
        name = a_name()
        author.published(loan(name))
        key = make_key(server, "rules.published.read")
        with connect(server.target, api_key=key) as client, LocalRules(client, names=[name], settings=QUICK) as rules:
            assert rules.evaluate(name, amount=5).value
            assert rules.flush()
            assert (rules.reported, rules.lost) == (0, 1)

    def test_a_sample_may_be_reported(self, author: RulesCaller, local: Local) -> None:
        name = a_name()
        author.published(loan(name))
        rules = local(name, settings=LocalSettings(sample_rate=0))
        rules.evaluate(name, amount=5)
        assert rules.flush()
        assert rules.reported == 0
