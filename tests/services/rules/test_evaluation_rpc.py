from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import Int64Value

from function.auth.v1 import role_binding_pb2, user_pb2
from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function.rules.v1 import decision_pb2, definition_pb2, evaluation_service_pb2
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.repository.decision import DecisionRepository, purge_decisions
from tests.factories.auth import a_principal, calling
from tests.factories.rules import SECONDS, RulesCaller, given, loan
from tests.fixtures.accounts import tenant_of
from tests.fixtures.clock import SetClock
from tests.fixtures.database_faults import eventually
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer, running_server
from tests.fixtures.subjects import Grants
from tests.services.rules.test_authoring_rpc import a_name, refused

FULL = decision_pb2.EXPLAIN_LEVEL_FULL


@pytest.fixture(scope="module")
def caller(server: RunningServer) -> RulesCaller:
    return RulesCaller(server)


@pytest.fixture(scope="module")
def granting(caller: RulesCaller) -> str:
    """The name of a decision over an amount."""
    return caller.published(loan(a_name())).version.name


def logged(caller: RulesCaller, decision_id: str) -> decision_pb2.LoggedDecision:
    """The decision of the log, which takes a moment to arrive there."""

    def find() -> decision_pb2.LoggedDecision | None:
        try:
            found: decision_pb2.LoggedDecision = caller.decision("GetDecision", id=decision_id).decision
        except grpc.RpcError:
            return None
        return found

    return eventually(find)


def about(name: str, kind: str, condition: str) -> definition_pb2.Definition:
    """A decision over a message called `it`."""
    made = loan(name, inputs=[{"name": "it", "type": kind}], tests=[])
    made.rule_set.rules[0].condition = condition
    return made


def packed(message: Message) -> AnyMessage:
    made = AnyMessage()
    made.Pack(message)
    return made


class TestEvaluating:
    def test_the_answer_says_what_decided_and_why(self, caller: RulesCaller, granting: str) -> None:
        decision = caller.decide(granting, amount=5)
        assert decision.status == decision_pb2.DECISION_STATUS_MATCHED
        (match,) = decision.matches
        assert (match.rule_id, match.reason_code, match.reason) == ("small", "SMALL", "Small loans are granted.")
        assert UUID(decision.id).version == 7
        assert not decision.HasField("explanation")

    def test_nothing_may_match(self, caller: RulesCaller) -> None:
        wanted = loan(a_name(), tests=[])
        wanted.rule_set.otherwise = ""
        caller.published(wanted)
        decision = caller.decide(wanted.name, amount=5000)
        assert decision.status == decision_pb2.DECISION_STATUS_NO_MATCH
        assert not decision.HasField("value")

    def test_a_rule_that_fails_fails_the_decision_and_is_named(self, caller: RulesCaller) -> None:
        wanted = loan(a_name(), tests=[])
        wanted.rule_set.rules[0].condition = "10 / amount > 1"
        caller.published(wanted)
        decision = caller.decide(wanted.name, amount=0)
        assert decision.status == decision_pb2.DECISION_STATUS_FAILED
        assert [each.rule_id for each in decision.failures] == ["small"]
        assert not decision.HasField("value")

    def test_inputs_come_as_messages_as_well(self, caller: RulesCaller, granting: str) -> None:
        inputs = decision_pb2.DecisionInputs(messages={"amount": packed(Int64Value(value=5))})
        answer = caller.decision("Evaluate", name=granting, inputs=inputs)
        assert answer.decision.value.bool_value

    def test_a_full_explanation_shows_the_conditions(self, caller: RulesCaller, granting: str) -> None:
        answer = caller.decision("Evaluate", name=granting, inputs=given(amount=5), explain=FULL)
        (rule,) = answer.decision.explanation.rules
        assert (rule.rule_id, rule.outcome) == ("small", decision_pb2.RULE_OUTCOME_MATCHED)
        assert {each.span.text: each.value for each in rule.parts} == {"amount <= 1000": "true", "amount": "5"}

    def test_for_a_non_match_the_nearest_condition_is_named(self, caller: RulesCaller, granting: str) -> None:
        answer = caller.decision("Evaluate", name=granting, inputs=given(amount=5000), explain=FULL)
        explanation = answer.decision.explanation
        assert explanation.nearest_rule_id == "small"
        (failing,) = explanation.nearest_failing
        assert failing.span.text == "amount <= 1000"
        assert [(each.text, each.value) for each in failing.operands] == [("amount", "5000")]

    @pytest.mark.parametrize(
        ("json", "field"),
        [({}, "inputs.amount"), ({"amount": "five"}, "inputs.amount"), ({"amount": 5, "amuont": 5}, "inputs.amuont")],
        ids=["missing", "wrong type", "not declared"],
    )
    def test_inputs_that_do_not_fit_are_refused_with_their_place(
        self, caller: RulesCaller, granting: str, json: dict[str, object], field: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as error:
            caller.decide(granting, **json)
        reason, _, violations = refused(error.value)
        assert (reason, list(violations)) == ("DECISION_INPUT_INVALID", [field])

    def test_an_input_is_given_in_one_way(self, caller: RulesCaller, granting: str) -> None:
        inputs = given(amount=5)
        inputs.messages["amount"].Pack(Int64Value(value=5))
        with pytest.raises(grpc.RpcError) as error:
            caller.decision("Evaluate", name=granting, inputs=inputs)
        assert refused(error.value)[2] == {"inputs.amount": "is given in two ways; give it in one"}

    def test_a_version_that_was_never_published_does_not_decide(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        caller.definition("UpdateDraft", definition=loan(name, limit=2))
        for number, reason in ((2, "VERSION_STATE"), (7, "VERSION_NOT_FOUND")):
            with pytest.raises(grpc.RpcError) as error:
                caller.decision("Evaluate", name=name, version=number, inputs=given(amount=1))
            assert refused(error.value)[0] == reason

    def test_what_does_not_exist_is_not_found(self, server: RunningServer, granting: str) -> None:
        stranger = RulesCaller(server, make_tenant(server))
        with pytest.raises(grpc.RpcError) as error:
            stranger.decide(granting, amount=5)
        assert refused(error.value)[0] == "DEFINITION_NOT_FOUND"

    def test_which_version_is_in_force_is_known_without_the_database(self, start_server: StartServer) -> None:
        server = start_server(settings={"rules.cached_for": "1h", "rules.decision_log": "off"})
        caller = RulesCaller(server)
        caller.published(loan("loan.approval"))
        (rules,) = [each for each in server.backend._slices if each.name == "rules"]

        def asked_for_nothing() -> bool:
            misses = {name: cache.misses for name, cache in rules.caches.items()}
            for _ in range(5):
                caller.decide("loan.approval", amount=5)
            return {name: cache.misses for name, cache in rules.caches.items()} == misses

        # Not at once: the worker begins to listen, and then hears of the publication itself.
        assert eventually(lambda: asked_for_nothing() or None)

    def test_a_worker_hears_of_a_new_version_of_another(self, start_server: StartServer) -> None:
        settings = {"rules.cached_for": "1h"}
        first, second = (RulesCaller(start_server(settings=settings)) for _ in range(2))
        name = a_name()
        first.published(loan(name))
        assert second.decide(name, amount=10).version == 1
        first.published(loan(name, limit=5))
        assert eventually(lambda: second.decide(name, amount=10).version == 2 or None)


class TestBatches:
    def test_each_has_its_own_outcome(self, caller: RulesCaller, granting: str) -> None:
        inputs = [given(amount=5), given(amount="five"), given(amount=5000)]
        answer = caller.decision("BatchEvaluate", name=granting, inputs=inputs)
        kinds = [each.WhichOneof("outcome") for each in answer.outcomes]
        assert kinds == ["decision", "error", "decision"]
        assert [answer.outcomes[place].decision.value.bool_value for place in (0, 2)] == [True, False]
        error = answer.outcomes[1].error
        assert (error.reason, error.field) == ("DECISION_INPUT_INVALID", "inputs.amount")

    def test_a_batch_comes_to_the_same_as_its_parts(self, caller: RulesCaller, granting: str) -> None:
        amounts = [-5, 0, 999, 1000, 1001, 2**52]
        answer = caller.decision("BatchEvaluate", name=granting, inputs=[given(amount=each) for each in amounts])
        together = [each.decision.value for each in answer.outcomes]
        assert together == [caller.decide(granting, amount=each).value for each in amounts]

    def test_a_decision_that_does_not_exist_fails_the_batch(self, caller: RulesCaller) -> None:
        with pytest.raises(grpc.RpcError) as error:
            caller.decision("BatchEvaluate", name=a_name(), inputs=[given(amount=5)])
        assert refused(error.value)[0] == "DEFINITION_NOT_FOUND"


class TestStreams:
    def test_each_question_has_its_answer_and_a_bad_one_does_not_end_the_stream(
        self, caller: RulesCaller, granting: str
    ) -> None:
        questions = [
            evaluation_service_pb2.EvaluateStreamRequest(
                correlation=str(amount), name=name, inputs=given(amount=amount)
            )
            for name, amount in ((granting, 5), ("loan.nowhere", 6), (granting, "seven"), (granting, 5000))
        ]
        answers = list(caller.evaluation.EvaluateStream(iter(questions), metadata=caller.metadata, timeout=SECONDS))
        assert [each.correlation for each in answers] == ["5", "6", "seven", "5000"]
        assert [each.error.reason for each in answers[1:3]] == ["DEFINITION_NOT_FOUND", "DECISION_INPUT_INVALID"]
        assert [answers[place].decision.value.bool_value for place in (0, 3)] == [True, False]


class TestLog:
    def test_a_decision_is_found_again_with_its_inputs(self, caller: RulesCaller, granting: str) -> None:
        decision = caller.decide(granting, amount=5)
        found = logged(caller, decision.id)
        assert found.decision == decision
        assert found.inputs == given(amount=5)
        assert not found.redacted
        assert found.caller.startswith("api_key:")
        assert found.decide_time == found.effective_time

    def test_decisions_are_listed_the_latest_first_by_what_they_came_to(self, server: RunningServer) -> None:
        caller = RulesCaller(server, make_tenant(server))
        strict = loan(a_name(), tests=[])
        strict.rule_set.otherwise = ""
        caller.published(strict)
        caller.published(loan("loan.other"))
        taken = [caller.decide(strict.name, amount=amount).id for amount in (1, 2, 5000)]
        taken.append(caller.decide("loan.other", amount=1).id)
        logged(caller, taken[-1])
        first = caller.decision("ListDecisions", page_size=3)
        assert [each.decision.id for each in first.decisions] == taken[:0:-1]
        assert not first.decisions[0].HasField("inputs")
        second = caller.decision("ListDecisions", page_size=3, page_token=first.next_page_token)
        assert [each.decision.id for each in second.decisions] == taken[:1]
        of_one = caller.decision("ListDecisions", name="loan.other")
        assert [each.decision.id for each in of_one.decisions] == taken[3:]
        unmatched = caller.decision("ListDecisions", status=decision_pb2.DECISION_STATUS_NO_MATCH)
        assert [each.decision.id for each in unmatched.decisions] == [taken[2]]

    def test_a_decision_is_explained_later_by_the_version_that_took_it(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        decision = caller.decide(name, amount=10)
        caller.published(loan(name, limit=5))
        caller.definition("RetireVersion", name=name, version=1, comment="wrong")
        logged(caller, decision.id)
        answer = caller.decision("ExplainDecision", id=decision.id)
        assert answer.reproduced
        assert answer.decision.decision.version == 1
        assert answer.decision.decision.explanation.rules[0].rule_id == "small"

    def test_another_tenant_does_not_see_it(self, server: RunningServer, caller: RulesCaller, granting: str) -> None:
        decision = caller.decide(granting, amount=5)
        logged(caller, decision.id)
        other = RulesCaller(server, make_tenant(server))
        for method in ("GetDecision", "ExplainDecision"):
            with pytest.raises(grpc.RpcError) as error:
                other.decision(method, id=decision.id)
            assert refused(error.value)[0] == "LOGGED_DECISION_NOT_FOUND"

    def test_sensitive_fields_are_not_kept(self, server: RunningServer, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(about(name, "function.auth.v1.User", 'it.email == "ann@example.org"'))
        user = user_pb2.User(id="number-7", email="ann@example.org")
        ways = {
            "message": decision_pb2.DecisionInputs(messages={"it": packed(user)}),
            "json": given(it={"id": "number-7", "email": "ann@example.org"}),
        }
        for inputs in ways.values():
            decision = caller.decision("Evaluate", name=name, inputs=inputs).decision
            assert decision.value.bool_value
            found = logged(caller, decision.id)
            kept = user_pb2.User()
            assert found.inputs.messages["it"].Unpack(kept)
            assert (kept.id, kept.email, found.redacted) == ("number-7", "", True)
            answer = caller.decision("ExplainDecision", id=decision.id)
            assert not answer.reproduced
        with psycopg.connect(server.database.superuser_url) as connection:
            rows = connection.execute("select inputs from rules_decision where name = %s", (name,)).fetchall()
        assert rows
        assert not any(b"ann@example.org" in stored for (stored,) in rows)

    def test_synchronously_the_decision_is_there_before_its_answer(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server(settings={"rules.decision_log": "synchronous"}))
        caller.published(loan("loan.approval"))
        for _ in range(3):
            decision = caller.decide("loan.approval", amount=5)
            assert caller.decision("GetDecision", id=decision.id).decision.decision == decision
        batch = caller.decision("BatchEvaluate", name="loan.approval", inputs=[given(amount=5)] * 20)
        ids = {each.decision.id for each in batch.outcomes}
        assert {each.decision.id for each in caller.decision("ListDecisions").decisions} >= ids

    def test_only_digests_are_kept_where_that_is_set(self, start_server: StartServer) -> None:
        settings = {"rules.decision_log": "synchronous", "rules.decision_inputs": "digest"}
        caller = RulesCaller(start_server(settings=settings))
        caller.published(loan("loan.approval"))
        first, second = (caller.decide("loan.approval", amount=5) for _ in range(2))
        found = [caller.decision("GetDecision", id=each.id).decision for each in (first, second)]
        assert not found[0].HasField("inputs")
        assert found[0].inputs_digest == found[1].inputs_digest != ""
        with pytest.raises(grpc.RpcError) as error:
            caller.decision("ExplainDecision", id=first.id)
        assert refused(error.value)[0] == "DECISION_NOT_REPLAYABLE"

    @pytest.mark.parametrize("setting", ["decision_log", "decision_sample_rate"])
    def test_nothing_is_kept_where_that_is_set(self, fresh_database: Database, tmp_path: Path, setting: str) -> None:
        settings = {f"rules.{setting}": "off" if setting == "decision_log" else 0}
        with running_server(fresh_database, tmp_path / "log", settings=settings) as server:
            caller = RulesCaller(server)
            caller.published(loan("loan.approval"))
            caller.decide("loan.approval", amount=5)
        assert _count(fresh_database) == 0

    def test_what_waits_is_written_before_the_worker_ends(self, fresh_database: Database, tmp_path: Path) -> None:
        with running_server(fresh_database, tmp_path / "log") as server:
            caller = RulesCaller(server)
            caller.published(loan("loan.approval"))
            for _ in range(3):
                caller.decision("BatchEvaluate", name="loan.approval", inputs=[given(amount=5)] * 1000)
        assert _count(fresh_database) == 3000

    def test_a_full_queue_loses_decisions_and_says_so(
        self, fresh_database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings = {"rules.decision_queue": 10}
        with running_server(fresh_database, tmp_path / "log", settings=settings) as server:
            caller = RulesCaller(server)
            caller.published(loan("loan.approval"))
            answer = caller.decision("BatchEvaluate", name="loan.approval", inputs=[given(amount=5)] * 100)
            assert all(each.decision.id for each in answer.outcomes)
        assert _count(fresh_database) == 10
        assert "90 decisions were not logged" in caplog.text

    def test_a_decision_that_is_written_twice_is_there_once(
        self, caller: RulesCaller, granting: str, transactions: Transactions
    ) -> None:
        decision = logged(caller, caller.decide(granting, amount=5).id).decision
        tenant_id = tenant_of(caller.server)
        with calling(a_principal(tenant_id=UUID(tenant_id))), transactions() as work:
            found = DecisionRepository(work).find(UUID(decision.id), now=datetime.now(UTC))
            assert found is not None
            DecisionRepository(work).add([found, found])
        listed = caller.decision("ListDecisions", name=granting, page_size=1000).decisions
        assert [each.decision.id for each in listed].count(decision.id) == 1

    def test_decisions_are_removed_when_their_time_is_over(self, start_server: StartServer) -> None:
        clock = SetClock()
        server = start_server(
            clock=clock, settings={"rules.decision_log": "synchronous", "rules.decisions_kept_for": "1h"}
        )
        caller = RulesCaller(server)
        caller.published(loan("loan.approval"))
        decision = caller.decide("loan.approval", amount=5)
        clock.advance(timedelta(hours=1))
        with pytest.raises(grpc.RpcError):
            caller.decision("GetDecision", id=decision.id)
        with psycopg.connect(server.database.app_url, autocommit=True) as connection:
            assert purge_decisions(connection, clock.now()) == 1


def _count(database: Database) -> int:
    """How many decisions are in the log."""
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute("select count(*) from rules_decision").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def northern(caller: RulesCaller) -> str:
    """The name of a decision over a company."""
    name = a_name()
    caller.published(about(name, "function.company.v1.Company", 'it.legal_name == "Northern Ltd"'))
    return name


@pytest.fixture(scope="module")
def company(server: RunningServer) -> str:
    stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
    request = company_service_pb2.CreateCompanyRequest(
        company=company_pb2.Company(legal_name="Northern Ltd", labels={"team": "north"})
    )
    return stub.CreateCompany(request, metadata=server.metadata()).company.id


class TestCompaniesByReference:
    def test_the_company_is_read_and_kept_as_it_was(
        self, server: RunningServer, caller: RulesCaller, northern: str, company: str
    ) -> None:
        inputs = decision_pb2.DecisionInputs(company_ids={"it": company})
        decision = caller.decision("Evaluate", name=northern, inputs=inputs).decision
        assert decision.value.bool_value
        stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
        renamed = company_pb2.Company(id=company, legal_name="Southern Ltd")
        stub.UpdateCompany(company_service_pb2.UpdateCompanyRequest(company=renamed), metadata=server.metadata())
        found = logged(caller, decision.id)
        assert dict(found.inputs.company_ids) == {"it": company}
        assert caller.decision("ExplainDecision", id=decision.id).reproduced

    def test_a_company_that_does_not_exist_is_not_found(self, caller: RulesCaller, northern: str) -> None:
        inputs = decision_pb2.DecisionInputs(company_ids={"it": str(uuid4())})
        with pytest.raises(grpc.RpcError) as error:
            caller.decision("Evaluate", name=northern, inputs=inputs)
        assert refused(error.value)[0] == "COMPANY_NOT_FOUND"

    def test_it_takes_the_permission_to_read_companies(
        self, server: RunningServer, northern: str, company: str
    ) -> None:
        caller = RulesCaller(server, make_key(server, "rules.evaluate"))
        inputs = decision_pb2.DecisionInputs(company_ids={"it": company})
        with pytest.raises(grpc.RpcError) as error:
            caller.decision("Evaluate", name=northern, inputs=inputs)
        assert refused(error.value)[:2] == ("DECISION_REFERENCE_DENIED", {"permission": "company.read"})

    def test_the_caller_sees_the_companies_alone_that_its_role_is_for(self, server: RunningServer) -> None:
        grants = Grants.of_new_tenant(server)
        admin = RulesCaller(server, grants.key)
        admin.published(about("loan.company", "function.company.v1.Company", 'it.legal_name == "Northern Ltd"'))
        stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
        north, south = (
            stub.CreateCompany(
                company_service_pb2.CreateCompanyRequest(
                    company=company_pb2.Company(legal_name="Northern Ltd", labels={"team": team})
                ),
                metadata=admin.metadata,
            ).company.id
            for team in ("north", "south")
        )
        somebody = grants.somebody(grants.role("decides", "rules.evaluate"))
        scope = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "north"})
        grants.bind(somebody, grants.role("reads", "company.read"), scope=scope)
        caller = RulesCaller(server, somebody.credential(server))

        def decide(company_id: str) -> decision_pb2.Decision:
            inputs = decision_pb2.DecisionInputs(company_ids={"it": company_id})
            answer: evaluation_service_pb2.EvaluateResponse = caller.decision(
                "Evaluate", name="loan.company", inputs=inputs
            )
            return answer.decision

        assert decide(north).value.bool_value
        with pytest.raises(grpc.RpcError) as error:
            decide(south)
        assert refused(error.value)[0] == "COMPANY_NOT_FOUND"

    def test_a_company_and_a_number_make_one_decision(self, caller: RulesCaller, company: str) -> None:
        made = loan(
            a_name(),
            inputs=[{"name": "it", "type": "function.company.v1.Company"}, {"name": "amount", "type": "int"}],
            tests=[],
        )
        made.rule_set.rules[0].condition = 'it.labels["team"] == "north" && amount < 10'
        caller.published(made)
        inputs = given(amount=5)
        inputs.company_ids["it"] = company
        decision = caller.decision("Evaluate", name=made.name, inputs=inputs).decision
        assert decision.value.bool_value
        logged(caller, decision.id)
        assert caller.decision("ExplainDecision", id=decision.id).reproduced
