from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from function.rules.v1 import decision_pb2, definition_pb2, evaluation_service_pb2, rollout_pb2
from function.rules.v1 import rollout_service_pb2 as wire
from function_backend.interceptors.consistency import CONSISTENCY_TOKEN
from tests.factories.rules import SECONDS, RulesCaller, given, loan
from tests.fixtures.database_faults import as_owner, eventually
from tests.fixtures.postgres import Database
from tests.fixtures.server import StartServer, running_server
from tests.services.rules.test_authoring_rpc import a_name, refused

SHADOW = rollout_pb2.ROLLOUT_MODE_SHADOW
PERCENTAGE = rollout_pb2.ROLLOUT_MODE_PERCENTAGE
AMOUNTS = range(400, 600)
_COUNTRY = {"name": "country", "type": "string"}


@pytest.fixture(scope="module")
def caller(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RulesCaller]:
    settings = {"rules.decision_log": "synchronous"}
    with running_server(database, tmp_path_factory.mktemp("server") / "log", settings=settings) as server:
        yield RulesCaller(server)


def with_candidate(caller: RulesCaller, candidate: definition_pb2.Definition | None = None) -> str:
    """The name of a decision with version 1 in force and an approved version 2, by default with half the limit."""
    name = a_name()
    caller.published(loan(name))
    if candidate is None:
        candidate = loan(limit=500)
    candidate.name = name
    caller.approved(candidate)
    return name


def begun(caller: RulesCaller, name: str, **fields: object) -> rollout_pb2.Rollout:
    """The rollout, which the caller's further decisions are sure to know of."""
    request = wire.SetRolloutRequest(name=name, candidate_version=2, **fields)  # type: ignore[arg-type]
    answer, called = caller.rollouts.SetRollout.with_call(request, metadata=caller.metadata, timeout=SECONDS)
    token = next(str(value) for key, value in called.trailing_metadata() if key == CONSISTENCY_TOKEN)
    caller._seen = ((CONSISTENCY_TOKEN, token),)
    return answer.rollout


def taken(caller: RulesCaller, decision_id: str) -> decision_pb2.DecisionRollout:
    """What the log says of the rollout in a decision."""
    found: decision_pb2.DecisionRollout = caller.decision("GetDecision", id=decision_id).decision.rollout
    return found


def decided(caller: RulesCaller, name: str, amounts: range = AMOUNTS) -> dict[int, decision_pb2.Decision]:
    inputs = [given(amount=amount) for amount in amounts]
    answer: evaluation_service_pb2.BatchEvaluateResponse = caller.decision("BatchEvaluate", name=name, inputs=inputs)
    return {amount: each.decision for amount, each in zip(amounts, answer.outcomes, strict=True)}


def _version(caller: RulesCaller, name: str) -> int:
    """The version that decides; 0 where the database would have been needed."""
    try:
        return caller.decide(name, amount=600).version
    except grpc.RpcError:
        return 0


class TestShadow:
    def test_the_candidate_decides_as_well_and_nobody_acts_upon_it(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        rollout = begun(caller, name, mode=SHADOW, comment="careful")
        assert (rollout.active, rollout.comment, rollout.candidate_version) == (True, "careful", 2)
        same, other = (caller.decide(name, amount=amount) for amount in (400, 600))
        assert (other.version, other.value.bool_value) == (1, True)
        assert [taken(caller, each.id).agreement for each in (same, other)] == ["agreed", "differed"]
        found = taken(caller, other.id)
        assert (found.candidate_version, found.other_version, found.answered_by_candidate) == (2, 2, False)

    def test_the_comparison_shows_where_they_part(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        begun(caller, name, mode=SHADOW)
        *_, last = [caller.decide(name, amount=amount) for amount in (1, 2, 600)]
        found = caller.rollout("GetRolloutComparison", name=name)
        assert (found.agreed, found.differed, found.failed, found.not_compared) == (2, 1, 0, 0)
        (example,) = found.examples
        assert (example.decision_id, example.agreement) == (last.id, rollout_pb2.ROLLOUT_AGREEMENT_DIFFERED)
        assert (example.answer.version, example.other.version) == (1, 2)
        assert (example.answer.value.bool_value, example.other.value.bool_value) == (True, False)

    @pytest.mark.parametrize(
        ("inputs", "condition"),
        [([{"name": "amount", "type": "int"}], "10 / (amount - amount) > 1"), ([_COUNTRY], "country == 'CH'")],
        ids=["fails", "takes other inputs"],
    )
    def test_a_candidate_that_fails_harms_nobody(
        self, caller: RulesCaller, inputs: list[dict[str, str]], condition: str
    ) -> None:
        candidate = loan(inputs=inputs, tests=[])
        candidate.rule_set.rules[0].condition = condition
        name = with_candidate(caller, candidate)
        begun(caller, name, mode=SHADOW)
        decision = caller.decide(name, amount=5)
        assert (decision.version, decision.value.bool_value) == (1, True)
        assert taken(caller, decision.id).agreement == "failed"
        assert caller.rollout("GetRolloutComparison", name=name).failed == 1

    def test_a_candidate_that_is_slow_is_left_alone_for_a_while(self, caller: RulesCaller) -> None:
        numbers = ", ".join(map(str, range(80)))
        slow = loan(tests=[])
        slow.rule_set.rules[
            0
        ].condition = f"[{numbers}].all(a, [{numbers}].all(b, [{numbers}].all(c, a + b + c + amount > -1)))"
        name = with_candidate(caller, slow)
        begun(caller, name, mode=SHADOW)
        decisions = decided(caller, name, range(1, 20))
        assert all(each.version == 1 for each in decisions.values())
        found = caller.rollout("GetRolloutComparison", name=name)
        assert found.failed >= 1
        assert found.not_compared >= 1

    def test_a_certain_version_or_an_earlier_time_has_nothing_to_do_with_it(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        before = caller.decide(name, amount=5)
        logged = caller.decision("GetDecision", id=before.id).decision
        begun(caller, name, mode=SHADOW)
        for fields in ({"version": 1}, {"effective_time": logged.effective_time}):
            answer = caller.decision("Evaluate", name=name, inputs=given(amount=600), **fields)
            assert not caller.decision("GetDecision", id=answer.decision.id).decision.HasField("rollout")


class TestPercentage:
    def test_a_share_of_the_keys_is_answered_by_the_candidate_and_always_the_same(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        begun(caller, name, mode=PERCENTAGE, percent=30, key="amount")
        first, second = (decided(caller, name) for _ in range(2))
        by_candidate = {amount for amount, each in first.items() if each.version == 2}
        assert 0.1 < len(by_candidate) / len(AMOUNTS) < 0.5
        assert by_candidate == {amount for amount, each in second.items() if each.version == 2}
        assert all(each.value.bool_value == (amount <= 500) for amount, each in first.items() if each.version == 2)
        found = caller.rollout("GetRolloutComparison", name=name)
        assert found.answered_by_candidate == 2 * len(by_candidate)
        assert found.agreed + found.differed + found.not_compared == 2 * len(AMOUNTS)

    def test_a_larger_share_keeps_those_of_the_smaller_one(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        shares = []
        for percent in (0, 20, 60, 100):
            rollout = begun(caller, name, mode=PERCENTAGE, percent=percent, key="string(amount)")
            assert rollout.percent == percent
            shares.append({amount for amount, each in decided(caller, name).items() if each.version == 2})
        assert shares[0] == set()
        assert shares[1] < shares[2] < shares[3] == set(AMOUNTS)

    def test_what_the_candidate_answered_is_explained(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        begun(caller, name, mode=PERCENTAGE, percent=100, key="amount")
        decision = caller.decide(name, amount=600)
        answer = caller.decision("ExplainDecision", id=decision.id)
        assert (answer.reproduced, answer.decision.decision.version) == (True, 2)

    def test_a_key_without_a_value_is_answered_by_the_version_in_force(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        begun(caller, name, mode=PERCENTAGE, percent=100, key="10 / amount")
        assert [caller.decide(name, amount=amount).version for amount in (0, 5)] == [1, 2]

    def test_inputs_that_the_candidate_does_not_take_are_answered_by_the_version_in_force(
        self, caller: RulesCaller
    ) -> None:
        inputs = [{"name": "amount", "type": "int"}, {"name": "country", "type": "string"}]
        name = with_candidate(caller, loan(inputs=inputs, tests=[]))
        begun(caller, name, mode=PERCENTAGE, percent=100, key="amount")
        decision = caller.decide(name, amount=5)
        assert decision.version == 1
        assert taken(caller, decision.id).agreement == "failed"

    def test_a_worker_hears_of_a_rollout_of_another(self, start_server: StartServer) -> None:
        settings = {"rules.cached_for": "1h"}
        first, second = (RulesCaller(start_server(settings=settings)) for _ in range(2))
        name = with_candidate(first)
        assert second.decide(name, amount=600).version == 1
        begun(first, name, mode=PERCENTAGE, percent=100, key="amount")
        assert eventually(lambda: second.decide(name, amount=600).version == 2 or None)
        first.rollout("EndRollout", name=name, end=rollout_pb2.ROLLOUT_END_DROP)
        assert eventually(lambda: second.decide(name, amount=600).version == 1 or None)

    def test_no_decision_asks_the_database_for_it(self, start_server: StartServer) -> None:
        server = start_server(settings={"rules.cached_for": "1h", "rules.decision_log": "off"})
        caller = RulesCaller(server)
        name = with_candidate(caller)
        begun(caller, name, mode=PERCENTAGE, percent=100, key="amount")
        caller.metadata = server.metadata()
        for _ in range(3):
            assert eventually(lambda: caller.decide(name, amount=600).version == 2 or None)
        with as_owner(server.database) as owner:
            owner.execute("alter table rules_rollout rename to taken_away")
            owner.execute("alter table rules_version rename to taken_away_too")
        # Not the first time where the worker has just lost touch with the database, and so trusts nothing it knows.
        assert eventually(lambda: _version(caller, name)) == 2


class TestSetting:
    def test_a_change_keeps_the_beginning(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        first = begun(caller, name, mode=SHADOW)
        second = begun(caller, name, mode=PERCENTAGE, percent=12.34, key="amount")
        assert (second.start_time, second.percent) == (first.start_time, 12.34)
        assert second.update_time.ToNanoseconds() > first.update_time.ToNanoseconds()
        assert caller.rollout("GetRollout", name=name).rollout == second

    @pytest.mark.parametrize(
        ("fields", "field", "said"),
        [
            ({"mode": PERCENTAGE, "percent": 5}, "key", "is needed"),
            ({"mode": SHADOW, "percent": 5}, "percent", "alone"),
            ({"mode": SHADOW, "key": "amount"}, "key", "alone"),
            ({"mode": PERCENTAGE, "percent": 5, "key": "amuont"}, "key", "line 1, column 1"),
            ({"mode": PERCENTAGE, "percent": 5, "key": "[amount]"}, "key", "a key is one of"),
        ],
        ids=["no key", "share in the shadow", "key in the shadow", "unknown name", "a list"],
    )
    def test_what_does_not_add_up_is_refused_with_its_place(
        self, caller: RulesCaller, fields: dict[str, object], field: str, said: str
    ) -> None:
        name = with_candidate(caller)
        with pytest.raises(grpc.RpcError) as error:
            begun(caller, name, **fields)
        reason, _, violations = refused(error.value)
        assert (reason, list(violations)) == ("ROLLOUT_INVALID", [field])
        assert said in violations[field]

    def test_the_version_in_force_is_no_candidate(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        with pytest.raises(grpc.RpcError) as error:
            caller.rollout("SetRollout", name=name, candidate_version=1, mode=SHADOW)
        assert list(refused(error.value)[2]) == ["candidate_version"]

    def test_a_draft_is_no_candidate_and_something_must_be_in_force(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        caller.definition("UpdateDraft", definition=loan(name, limit=5))
        with pytest.raises(grpc.RpcError) as error:
            begun(caller, name, mode=SHADOW)
        assert refused(error.value)[0] == "VERSION_STATE"
        approved = caller.approved(loan(a_name()))
        with pytest.raises(grpc.RpcError) as error:
            caller.rollout("SetRollout", name=approved.name, candidate_version=1, mode=SHADOW)
        assert refused(error.value)[0] == "NOT_IN_FORCE"

    def test_a_candidate_passes_its_cases(self, caller: RulesCaller) -> None:
        candidate = loan(limit=500)
        candidate.tests[0].expect.value.bool_value = False
        name = with_candidate(caller, candidate)
        with pytest.raises(grpc.RpcError) as error:
            begun(caller, name, mode=SHADOW)
        assert refused(error.value)[0] == "TESTS_FAILED"

    def test_a_rehearsal_changes_nothing(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        caller.rollout("SetRollout", name=name, candidate_version=2, mode=SHADOW, validate_only=True)
        with pytest.raises(grpc.RpcError) as error:
            caller.rollout("GetRollout", name=name)
        assert refused(error.value)[0] == "ROLLOUT_NOT_FOUND"

    def test_a_candidate_that_is_sent_back_rests(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        begun(caller, name, mode=PERCENTAGE, percent=100, key="amount")
        caller.definition("RejectVersion", name=name, version=2, comment="too strict")
        assert not caller.rollout("GetRollout", name=name).rollout.active
        assert eventually(lambda: caller.decide(name, amount=600).version == 1 or None)
        with pytest.raises(grpc.RpcError) as error:
            caller.rollout("EndRollout", name=name, end=rollout_pb2.ROLLOUT_END_PROMOTE)
        assert refused(error.value)[0] == "VERSION_STATE"


class TestEnding:
    def test_promoting_publishes_the_candidate(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        begun(caller, name, mode=SHADOW)
        answer = caller.rollout("EndRollout", name=name, end=rollout_pb2.ROLLOUT_END_PROMOTE, comment="it is good")
        assert (answer.publication.version, answer.rollout.candidate_version) == (2, 2)
        decision = eventually(
            lambda: next((each for each in [caller.decide(name, amount=600)] if each.version == 2), None)
        )
        assert not caller.decision("GetDecision", id=decision.id).decision.HasField("rollout")
        with pytest.raises(grpc.RpcError) as error:
            caller.rollout("EndRollout", name=name, end=rollout_pb2.ROLLOUT_END_DROP)
        assert refused(error.value)[0] == "ROLLOUT_NOT_FOUND"

    def test_what_was_compared_stays_to_be_seen(self, caller: RulesCaller) -> None:
        name = with_candidate(caller)
        begun(caller, name, mode=SHADOW)
        caller.decide(name, amount=600)
        caller.rollout("EndRollout", name=name, end=rollout_pb2.ROLLOUT_END_DROP)
        with pytest.raises(grpc.RpcError) as error:
            caller.rollout("GetRolloutComparison", name=name)
        assert refused(error.value)[0] == "ROLLOUT_NOT_FOUND"
        assert caller.rollout("GetRolloutComparison", name=name, candidate_version=2).differed == 1


class TestExport:
    def test_decisions_come_with_their_inputs_in_order(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        made = decided(caller, name)
        batches = list(caller.decision("ExportDecisions", name=name, batch_size=70))
        found = [each for batch in batches for each in batch.decisions]
        assert len(batches) == 3
        assert [each.decision.id for each in found] == sorted(each.id for each in made.values())
        assert {each.inputs.json.fields["amount"].number_value for each in found} == set(AMOUNTS)
        rest = list(caller.decision("ExportDecisions", name=name, resume_token=batches[0].resume_token))
        assert [each.decision.id for batch in rest for each in batch.decisions] == [
            each.decision.id for each in found[70:]
        ]

    def test_a_token_goes_with_its_filter(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        caller.decide(name, amount=5)
        (batch,) = caller.decision("ExportDecisions", name=name)
        with pytest.raises(grpc.RpcError) as error:
            list(caller.decision("ExportDecisions", name="other", resume_token=batch.resume_token))
        assert refused(error.value)[0] == "INVALID_PAGE_TOKEN"
