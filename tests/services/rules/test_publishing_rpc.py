from __future__ import annotations

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from function.rules.v1 import definition_pb2
from function.rules.v1 import definition_version_pb2 as versions
from tests.factories.rules import RulesCaller, given, loan
from tests.fixtures.clock import SetClock
from tests.fixtures.server import RunningServer, StartServer
from tests.services.rules.test_authoring_rpc import a_name, refused

NOON = datetime(2020, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def caller(server: RunningServer) -> RulesCaller:
    return RulesCaller(server)


def at(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def in_force(caller: RulesCaller, name: str) -> int:
    number: int = caller.definition("GetDefinition", name=name).definition.version_in_force
    return number


class TestPublishing:
    def test_a_published_version_decides(self, caller: RulesCaller) -> None:
        name = a_name()
        published = caller.published(loan(name), comment="go live")
        assert published.version.state == versions.VERSION_STATE_PUBLISHED
        assert [(each.name, each.passed) for each in published.tests] == [("small", True), ("large", True)]
        assert published.publication.comment == "go live"
        assert in_force(caller, name) == 1
        decision = caller.decide(name, amount=5)
        assert (decision.version, decision.content_hash) == (1, published.version.content_hash)
        assert decision.value.bool_value

    def test_a_draft_is_not_published_before_it_is_approved(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("PublishVersion", name=name, version=1)
        reason, metadata, _ = refused(error.value)
        assert (reason, metadata["wanted"]) == ("VERSION_STATE", "approved,published")

    def test_a_failing_case_keeps_it_from_being_published(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        wanted.tests[1].expect.value.bool_value = True
        number = caller.approved(wanted).version
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("PublishVersion", name=wanted.name, version=number)
        reason, metadata, violations = refused(error.value)
        assert (reason, metadata) == ("TESTS_FAILED", {"failed": "1", "cases": "2", "first": "large"})
        assert list(violations) == ["tests[large]"]
        assert in_force(caller, wanted.name) == 0

    def test_a_period_that_is_over_or_backward_is_refused(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.approved(loan(name))
        for start, end in ((NOON, NOON), (NOON - 2 * HOUR, NOON - HOUR)):
            with pytest.raises(grpc.RpcError) as error:
                caller.definition("PublishVersion", name=name, version=1, valid_from=at(start), valid_until=at(end))
            assert list(refused(error.value)[2]) == ["valid_until"]

    def test_a_planned_version_takes_over_at_its_time_and_gives_way_after_it(self, start_server: StartServer) -> None:
        clock = SetClock()
        caller, now, name = RulesCaller(start_server(clock=clock)), clock.now(), a_name()
        caller.published(loan(name))
        caller.published(loan(name, limit=5), valid_from=at(now + HOUR), valid_until=at(now + 2 * HOUR))
        found = []
        for _ in range(3):
            found.append(caller.decide(name, amount=10).version)
            clock.advance(HOUR)
        assert found == [1, 2, 1]

    def test_the_version_in_force_at_another_time_can_be_asked(self, start_server: StartServer) -> None:
        clock = SetClock()
        caller, now, name = RulesCaller(start_server(clock=clock)), clock.now(), a_name()
        caller.published(loan(name))
        caller.published(loan(name, limit=5), valid_from=at(now + HOUR))

        def version_at(moment: datetime) -> int:
            answer = caller.decision("Evaluate", name=name, effective_time=at(moment), inputs=given(amount=10))
            number: int = answer.decision.version
            return number

        assert (version_at(now), version_at(now + HOUR)) == (1, 2)
        with pytest.raises(grpc.RpcError) as error:
            version_at(NOON)
        assert refused(error.value)[:2] == (
            "NOT_IN_FORCE",
            {"name": name, "effective_time": "2020-05-01T12:00:00Z"},
        )

    def test_the_history_says_when_a_version_is_in_force(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name), comment="first")
        until = datetime(2100, 1, 1, tzinfo=UTC)
        caller.definition("PublishVersion", name=name, version=1, valid_until=at(until), comment="second")
        publications = caller.definition("GetVersion", name=name, version=1).version.publications
        assert [each.comment for each in publications] == ["second", "first"]
        assert publications[0].valid_until == at(until)


class TestRollingBack:
    def test_the_version_before_is_in_force_again_at_once(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        caller.published(loan(name, limit=5))
        assert not caller.decide(name, amount=10).value.bool_value
        done = caller.definition("RollbackDefinition", name=name, comment="too strict")
        assert (done.version.version, done.replaced_version) == (1, 2)
        assert caller.decide(name, amount=10).value.bool_value
        history = caller.definition("GetVersion", name=name, version=1).version.history
        assert (history[-1].action, history[-1].comment) == (versions.VERSION_ACTION_RESTORED, "too strict")

    def test_a_certain_version_can_be_asked_for(self, caller: RulesCaller) -> None:
        name = a_name()
        for limit in (1, 2, 3):
            caller.published(loan(name, limit=limit))
        caller.definition("RollbackDefinition", name=name, version=1, comment="back to the start")
        assert in_force(caller, name) == 1

    def test_without_an_earlier_version_there_is_nothing_to_go_back_to(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("RollbackDefinition", name=name, comment="why not")
        assert refused(error.value)[0] == "NOTHING_TO_ROLL_BACK_TO"

    def test_a_retired_version_does_not_come_back(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        caller.published(loan(name, limit=5))
        caller.definition("RetireVersion", name=name, version=1, comment="wrong")
        for number in (0, 1):
            with pytest.raises(grpc.RpcError) as error:
                caller.definition("RollbackDefinition", name=name, version=number, comment="back")
            assert refused(error.value)[0] == ("VERSION_STATE" if number else "NOTHING_TO_ROLL_BACK_TO")


class TestRetiring:
    def test_a_retired_version_gives_way_to_what_else_is_published(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        caller.published(loan(name, limit=5))
        done = caller.definition("RetireVersion", name=name, version=2, comment="wrong")
        assert ([each.version for each in done.versions], done.version_in_force) == ([2], 1)
        assert caller.decide(name, amount=10).version == 1
        with pytest.raises(grpc.RpcError) as error:
            caller.decision("Evaluate", name=name, version=2, inputs=given(amount=1))
        assert refused(error.value)[0] == "VERSION_STATE"

    def test_retiring_all_leaves_nothing_in_force(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        caller.published(loan(name, limit=5))
        done = caller.definition("RetireVersion", name=name, comment="obsolete")
        assert ([each.version for each in done.versions], done.version_in_force) == ([1, 2], 0)
        with pytest.raises(grpc.RpcError) as error:
            caller.decide(name, amount=10)
        assert refused(error.value)[0] == "NOT_IN_FORCE"

    def test_what_was_never_published_is_not_retired(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        for number in (0, 1):
            with pytest.raises(grpc.RpcError) as error:
                caller.definition("RetireVersion", name=name, version=number, comment="no")
            assert refused(error.value)[0] == "VERSION_STATE"

    def test_the_next_draft_begins_a_new_version(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        caller.definition("RetireVersion", name=name, comment="obsolete")
        assert caller.published(loan(name)).version.version == 2
        assert in_force(caller, name) == 2


class TestCalls:
    def test_a_graph_keeps_to_the_versions_it_was_published_with(self, caller: RulesCaller) -> None:
        called, name = a_name(), a_name()
        caller.published(loan(called))
        published = caller.published(_graph(name, called))
        assert [(each.name, each.version) for each in published.version.calls] == [(called, 1)]
        caller.published(loan(called, limit=5))
        assert caller.decide(name, amount=10).value.bool_value
        assert not caller.decide(called, amount=10).value.bool_value

    def test_a_called_decision_must_be_in_force(self, caller: RulesCaller) -> None:
        missing = a_name()
        made = caller.definition("CreateDefinition", definition=_graph(a_name(), missing))
        assert [(each.path, missing in each.message) for each in made.problems] == [
            ("graph.steps[0].call.decision", True)
        ]

    def test_no_decision_calls_itself_through_others(self, caller: RulesCaller) -> None:
        first, second = a_name(), a_name()
        caller.published(loan(first))
        caller.published(_graph(second, first))
        made = caller.definition("UpdateDraft", definition=_graph(first, second))
        assert [each.path for each in made.problems] == ["graph.steps"]
        assert second in made.problems[0].message


def _graph(name: str, called: str) -> definition_pb2.Definition:
    made = loan(name, rule_set=None, result_type="bool", tests=[])
    made.ClearField("rule_set")
    step = made.graph.steps.add(name="granted")
    step.call.decision = called
    made.graph.result = "granted"
    return made
