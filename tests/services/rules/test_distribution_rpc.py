from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
import uuid_utils.compat
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import user_pb2
from function.rules.v1 import decision_pb2, definition_pb2, distribution_service_pb2
from function_backend_rules.recording.inputs import packed
from tests.factories.rules import RulesCaller, given, graph, loan
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer
from tests.services.rules.test_authoring_rpc import a_name, refused

QUICK = Duration(nanos=250_000_000)


@pytest.fixture(scope="module")
def caller(server: RunningServer) -> RulesCaller:
    return RulesCaller(server)


class Told:
    """What a stream has told so far."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401  grpcio's own
        self._stream = stream
        self.periods: dict[str, list[int]] = {}
        self.versions: list[distribution_service_pb2.PublishedVersion] = []

    def until_complete(self) -> distribution_service_pb2.WatchPublishedResponse:
        for message in self._stream:
            self.versions += message.versions
            for definition in message.definitions:
                self.periods[definition.name] = [period.version for period in definition.periods]
            if message.complete:
                found: distribution_service_pb2.WatchPublishedResponse = message
                return found
        raise AssertionError("the stream ended")

    def until(self, name: str, *versions: int) -> None:
        while self.periods.get(name) != list(versions):
            self.until_complete()


@contextmanager
def following(caller: RulesCaller, *names: str, **fields: object) -> Iterator[Told]:
    stream = caller.watch(*names, **fields)
    try:
        yield Told(stream)
    finally:
        stream.cancel()


def reported(definition: definition_pb2.Definition, **fields: object) -> distribution_service_pb2.ReportedDecision:
    """A decision of version 1, just taken."""
    now = Timestamp()
    now.GetCurrentTime()
    values: dict[str, Any] = {
        "id": str(uuid_utils.compat.uuid7()),
        "name": definition.name,
        "version": 1,
        "content_hash": hashlib.sha256(definition.SerializeToString(deterministic=True)).hexdigest(),
        "decide_time": now,
        "status": decision_pb2.DECISION_STATUS_MATCHED,
        "inputs": given(amount=5),
    }
    made = distribution_service_pb2.ReportedDecision(**{**values, **fields})
    made.value.bool_value = True
    made.matches.add(rule_id="small", reason_code="SMALL", reason="Small loans are granted.")
    return made


class TestFollowing:
    def test_what_is_in_force_comes_with_its_content_and_hash(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        with following(caller, wanted.name) as told:
            assert told.until_complete().HasField("as_of")
        assert told.periods == {wanted.name: [1]}
        (version,) = told.versions
        assert definition_pb2.Definition.FromString(version.content) == wanted
        assert hashlib.sha256(version.content).hexdigest() == version.content_hash

    def test_changes_come_as_they_happen(self, caller: RulesCaller) -> None:
        name = a_name()
        with following(caller, name, heartbeat=Duration(seconds=60)) as told:
            told.until_complete()
            assert told.periods == {}
            caller.published(loan(name))
            told.until(name, 1)
            caller.published(loan(name, limit=5))
            told.until(name, 2)
            caller.definition("RollbackDefinition", name=name, comment="back")
            told.until(name, 1)
            caller.definition("RetireVersion", name=name, comment="over")
            told.until(name)
        assert [version.version for version in told.versions] == [1, 2]

    def test_what_is_planned_comes_before_its_time(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        later = Timestamp()
        later.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
        caller.published(loan(name, limit=5), valid_from=later)
        with following(caller, name) as told:
            message = told.until_complete()
        assert told.periods == {name: [1, 2]}
        assert message.definitions[0].periods[1].valid_from == later
        assert [version.version for version in told.versions] == [1, 2]

    def test_what_a_graph_calls_comes_before_it(self, caller: RulesCaller) -> None:
        inner, outer = loan(a_name()), graph(a_name(), "")
        outer.graph.steps[0].call.decision = inner.name
        caller.published(inner)
        caller.published(outer)
        caller.published(loan(inner.name, limit=5))
        with following(caller, outer.name) as told:
            told.until_complete()
        assert [(each.name, each.version) for each in told.versions] == [(inner.name, 1), (outer.name, 1)]
        assert [(each.name, each.version) for each in told.versions[1].calls] == [(inner.name, 1)]

    def test_names_may_be_followed_by_their_beginning(self, server: RunningServer) -> None:
        caller = RulesCaller(server, make_tenant(server))
        for name in ("credit.approval", "credit.limit", "pricing.list"):
            caller.published(loan(name))
        with following(caller, name_prefix="credit.") as told:
            told.until_complete()
            assert sorted(told.periods) == ["credit.approval", "credit.limit"]
        with following(caller, "pricing.list", name_prefix="credit.l") as told:
            told.until_complete()
            assert sorted(told.periods) == ["credit.limit", "pricing.list"]
        with following(caller, name_prefix="*") as told:
            told.until_complete()
            assert len(told.periods) == 3

    def test_contents_that_are_known_do_not_come_again(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        known = reported(wanted).content_hash
        with following(caller, wanted.name, known=[known]) as told:
            told.until_complete()
        assert [(each.content_hash, each.content) for each in told.versions] == [(known, b"")]

    def test_a_message_comes_as_often_as_asked_though_nothing_happens(self, caller: RulesCaller) -> None:
        with following(caller, a_name(), heartbeat=QUICK) as told:
            first, second = told.until_complete(), told.until_complete()
        assert second.as_of.ToNanoseconds() > first.as_of.ToNanoseconds()
        assert not second.definitions

    def test_nothing_of_other_tenants_is_told(self, server: RunningServer, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        stranger = RulesCaller(server, make_tenant(server))
        with following(stranger, wanted.name, name_prefix="*") as told:
            told.until_complete()
        assert (told.periods, told.versions) == ({}, [])

    def test_many_idle_streams_leave_the_threads_to_others(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        streams = [caller.watch(wanted.name) for _ in range(60)]
        try:
            for stream in streams:
                Told(stream).until_complete()
            assert caller.decide(wanted.name, amount=5).value.bool_value
        finally:
            for stream in streams:
                stream.cancel()

    def test_whoever_may_only_decide_does_not_read_the_rules(self, server: RunningServer) -> None:
        caller = RulesCaller(server, make_key(server, "rules.evaluate"))
        with pytest.raises(grpc.RpcError) as error:
            next(caller.watch("loan.approval"))
        assert refused(error.value)[0] == "PERMISSION_MISSING"

    def test_something_has_to_be_followed(self, caller: RulesCaller) -> None:
        with pytest.raises(grpc.RpcError) as error:
            next(caller.watch())
        assert refused(error.value)[0] == "INVALID_REQUEST"


class TestRecording:
    def test_a_report_is_in_the_log_and_can_be_explained(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        report = reported(wanted)
        assert caller.record(report).recorded == 1
        found = caller.decision("GetDecision", id=report.id).decision
        assert found.local
        assert (found.decision.name, found.decision.version, found.decision.value.bool_value) == (wanted.name, 1, True)
        assert found.inputs == report.inputs
        explained = caller.decision("ExplainDecision", id=report.id)
        assert explained.reproduced
        assert explained.decision.decision.explanation.rules[0].rule_id == "small"

    def test_a_report_that_lies_is_found_out_by_its_explanation(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        report = reported(wanted, inputs=given(amount=5000))
        caller.record(report)
        assert not caller.decision("ExplainDecision", id=report.id).reproduced

    def test_reporting_again_changes_nothing(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        report = reported(wanted)
        caller.record(report)
        report.matches[0].reason = "Somebody changed it."
        assert caller.record(report).recorded == 1
        found = caller.decision("GetDecision", id=report.id).decision
        assert found.decision.matches[0].reason == "Small loans are granted."

    def test_versions_that_are_retired_by_now_may_be_reported(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        report = reported(wanted)
        caller.definition("RetireVersion", name=wanted.name, comment="over")
        assert caller.record(report).recorded == 1

    def test_each_report_is_refused_for_itself(self, caller: RulesCaller) -> None:
        wanted, draft = loan(a_name()), loan(a_name())
        caller.published(wanted)
        caller.definition("CreateDefinition", definition=draft)
        soon, long_ago = Timestamp(seconds=int(time.time()) + 3600), Timestamp(seconds=1)
        wrong = {
            "DEFINITION_NOT_FOUND": [reported(loan(a_name()))],
            "VERSION_NOT_FOUND": [reported(wanted, version=7)],
            "VERSION_STATE": [reported(draft)],
            "DECISION_INPUT_INVALID": [reported(wanted, inputs=given(amuont=5))],
            "DECISION_RECORD_INVALID": [
                reported(wanted, content_hash="0" * 64),
                reported(wanted, id=str(uuid4())),
                # The latest time that fits, in the year 10889.
                reported(wanted, id="ffffffff-ffff-7000-8000-000000000000"),
                reported(wanted, decide_time=soon),
                reported(wanted, decide_time=long_ago),
            ],
        }
        reports = [report for each in wrong.values() for report in each]
        answer = caller.record(*reports, reported(wanted))
        assert answer.recorded == 1
        assert [each.reason for each in answer.refused] == [reason for reason, each in wrong.items() for _ in each]
        assert [each.index for each in answer.refused] == list(range(len(reports)))

    def test_an_id_comes_once(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        report = reported(wanted)
        with pytest.raises(grpc.RpcError) as error:
            caller.record(report, report)
        assert refused(error.value)[0] == "DECISION_RECORD_INVALID"

    def test_what_is_sensitive_is_emptied_though_the_caller_did_not(self, caller: RulesCaller) -> None:
        wanted = loan(a_name(), inputs=[{"name": "it", "type": "function.auth.v1.User"}], tests=[])
        wanted.rule_set.rules[0].condition = "it.user_name != ''"
        caller.published(wanted)
        inputs = decision_pb2.DecisionInputs()
        inputs.messages["it"].CopyFrom(packed(user_pb2.User(user_name="ada", email="ada@company.example")))
        report = reported(wanted, inputs=inputs)
        caller.record(report)
        found = caller.decision("GetDecision", id=report.id).decision
        assert found.redacted
        assert b"company.example" not in found.SerializeToString()

    def test_inputs_may_stay_with_the_caller(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        report = reported(wanted, inputs=None, inputs_digest="ab" * 32)
        caller.record(report)
        found = caller.decision("GetDecision", id=report.id).decision
        assert (found.HasField("inputs"), found.inputs_digest) == (False, "ab" * 32)
        with pytest.raises(grpc.RpcError) as error:
            caller.decision("ExplainDecision", id=report.id)
        assert refused(error.value)[0] == "DECISION_NOT_REPLAYABLE"

    def test_other_tenants_have_other_decisions(self, server: RunningServer, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.published(wanted)
        stranger = RulesCaller(server, make_tenant(server))
        report = reported(wanted)
        assert [each.reason for each in stranger.record(report).refused] == ["DEFINITION_NOT_FOUND"]
        assert UUID(report.id).version == 7
