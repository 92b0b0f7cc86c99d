"""Answers that are put together from bytes are the messages that they stand for."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from function.rules.v1 import evaluation_service_pb2 as wire
from function_backend.services.rules.convert.answers import evaluated, evaluated_all
from function_backend.services.rules.convert.decision import taken
from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs, TakenDecision
from function_backend.services.rules.errors import DefinitionNotFoundError
from function_backend_rules.results import Match, Result, Status

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ROOT = UUID(int=0)


def decision(result: Result, *, version: int = 1) -> TakenDecision:
    return TakenDecision(
        id=uuid4(),
        tenant_id=_ROOT,
        definition_id=_ROOT,
        name="loan.approval",
        version=version,
        content_hash="0" * 64,
        status=DecisionStatus[result.status.name],
        result=result,
        explanation=None,
        decided_at=_NOW,
        effective_at=_NOW,
        caller="",
        given=GivenInputs(),
        inputs=None,
        by=None,
    )


def result(reason: str, *, shared: bool) -> Result:
    match = Match("small", "SMALL", reason, value=True)
    return Result(Status.MATCHED, value=True, matches=(match,), shared=shared)


@given(length=st.sampled_from([0, 10, 100, 127, 128, 200, 16_383, 16_384, 40_000]), shared=st.booleans())
def test_an_answer_is_the_message_whatever_its_length(length: int, *, shared: bool) -> None:
    said = result("x" * length, shared=shared)
    for _ in range(2):
        made = decision(said)
        assert wire.EvaluateResponse.FromString(evaluated(made)) == wire.EvaluateResponse(decision=taken(made))


def test_what_is_kept_of_a_result_is_not_told_of_another_version() -> None:
    said = result("same", shared=True)
    first, second = decision(said), decision(said, version=2)
    for made in (first, second, first):
        answer = wire.EvaluateResponse.FromString(evaluated(made))
        assert (answer.decision.version, answer.decision.id) == (made.version, str(made.id))


def test_a_batch_is_the_message() -> None:
    failure = DefinitionNotFoundError("loan.approval")
    made = [decision(result("same", shared=True)), decision(result("other", shared=False))]
    answer = wire.BatchEvaluateResponse.FromString(evaluated_all([made[0], failure, made[1]]))
    assert [each.WhichOneof("outcome") for each in answer.outcomes] == ["decision", "error", "decision"]
    assert [answer.outcomes[at].decision for at in (0, 2)] == [taken(each) for each in made]
    assert answer.outcomes[1].error.reason == failure.reason
