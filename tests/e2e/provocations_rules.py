"""How a caller meets the reasons of rules."""

from __future__ import annotations

import secrets

import psycopg
from google.protobuf.timestamp_pb2 import Timestamp

from function.rules.v1 import (
    decision_pb2,
    distribution_service_pb2,
    evaluation_service_pb2,
    rollout_pb2,
    rollout_service_pb2,
    simulation_pb2,
    simulation_service_pb2,
)
from function.rules.v1 import definition_service_pb2 as wire
from function_backend.services.rules.adapters import publication_feed
from tests.e2e.provocations import NOBODY, provokes
from tests.e2e.scene import Scene
from tests.factories.rules import RulesCaller, given, loan
from tests.fixtures.methods import Answer
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer


def _name() -> str:
    return f"loan.n{secrets.token_hex(6)}"


def _draft(scene: Scene) -> str:
    """The name of a decision with a draft."""
    return _drafted(scene.usual)


def _drafted(server: RunningServer, key: str | None = None) -> str:
    made = loan(_name())
    RulesCaller(server, key).definition("CreateDefinition", definition=made)
    return made.name


def _published(scene: Scene) -> str:
    """The name of a decision that is in force."""
    made = loan(_name())
    RulesCaller(scene.usual).published(made)
    return made.name


def _evaluate(name: str, **json: object) -> evaluation_service_pb2.EvaluateRequest:
    return evaluation_service_pb2.EvaluateRequest(name=name, inputs=given(**json))


@provokes("DEFINITION_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetDefinition", wire.GetDefinitionRequest(name=_name()))


@provokes("DEFINITION_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    return scene.send("CreateDefinition", wire.CreateDefinitionRequest(definition=loan(_draft(scene))))


@provokes("DEFINITION_INVALID")
def _(scene: Scene) -> Answer:
    made = loan(_name())
    made.rule_set.rules[0].condition = "amuont < 5"
    scene.send("CreateDefinition", wire.CreateDefinitionRequest(definition=made))
    return scene.send("SubmitForReview", wire.SubmitForReviewRequest(name=made.name))


@provokes("DEFINITION_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    key = make_tenant(scene.narrow)
    _drafted(scene.narrow, key)
    request = wire.CreateDefinitionRequest(definition=loan(_name()))
    return scene.send("CreateDefinition", request, on=scene.narrow, key=key)


@provokes("VERSION_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetVersion", wire.GetVersionRequest(name=_draft(scene), version=7))


@provokes("VERSION_STATE")
def _(scene: Scene) -> Answer:
    return scene.send("PublishVersion", wire.PublishVersionRequest(name=_draft(scene), version=1))


@provokes("VERSION_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    return scene.send("UpdateDraft", wire.UpdateDraftRequest(definition=loan(_draft(scene), limit=5), etag="old"))


@provokes("APPROVAL_BY_AUTHOR")
def _(scene: Scene) -> Answer:
    key = make_tenant(scene.narrow)
    name = _drafted(scene.narrow, key)
    scene.send("SubmitForReview", wire.SubmitForReviewRequest(name=name), on=scene.narrow, key=key)
    request = wire.ApproveVersionRequest(name=name, version=1)
    return scene.send("ApproveVersion", request, on=scene.narrow, key=key)


@provokes("TESTS_FAILED")
def _(scene: Scene) -> Answer:
    made = loan(_name())
    made.tests[0].expect.value.bool_value = False
    version = RulesCaller(scene.usual).approved(made)
    return scene.send("PublishVersion", wire.PublishVersionRequest(name=made.name, version=version.version))


@provokes("NOTHING_TO_ROLL_BACK_TO")
def _(scene: Scene) -> Answer:
    return scene.send("RollbackDefinition", wire.RollbackDefinitionRequest(name=_published(scene), comment="back"))


@provokes("NOT_IN_FORCE")
def _(scene: Scene) -> Answer:
    return scene.send("Evaluate", _evaluate(_draft(scene), amount=5))


@provokes("DECISION_INPUT_INVALID")
def _(scene: Scene) -> Answer:
    return scene.send("Evaluate", _evaluate(_published(scene)))


@provokes("LOGGED_DECISION_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetDecision", evaluation_service_pb2.GetDecisionRequest(id=NOBODY))


@provokes("DECISION_NOT_REPLAYABLE")
def _(scene: Scene) -> Answer:
    key = make_tenant(scene.narrow)
    name = _drafted(scene.narrow, key)
    other = make_key(scene.narrow, "rules.*", by=key)
    scene.send("SubmitForReview", wire.SubmitForReviewRequest(name=name), on=scene.narrow, key=key)
    scene.send("ApproveVersion", wire.ApproveVersionRequest(name=name, version=1), on=scene.narrow, key=other)
    scene.send("PublishVersion", wire.PublishVersionRequest(name=name, version=1), on=scene.narrow, key=key)
    answer = scene.send("Evaluate", _evaluate(name, amount=5), on=scene.narrow, key=key)
    taken = evaluation_service_pb2.EvaluateResponse.FromString(answer.responses[0]).decision
    request = evaluation_service_pb2.ExplainDecisionRequest(id=taken.id)
    return scene.send("ExplainDecision", request, on=scene.narrow, key=key)


@provokes("DECISION_REFERENCE_DENIED")
def _(scene: Scene) -> Answer:
    inputs = decision_pb2.DecisionInputs(company_ids={"amount": NOBODY})
    request = evaluation_service_pb2.EvaluateRequest(name=_published(scene), inputs=inputs)
    return scene.send("Evaluate", request, key=make_key(scene.usual, "rules.evaluate"))


@provokes("TOO_MANY_FOLLOWERS")
def _(scene: Scene) -> Answer:
    limit, publication_feed._MOST_FOLLOWERS = publication_feed._MOST_FOLLOWERS, 0
    try:
        return scene.send("WatchPublished", distribution_service_pb2.WatchPublishedRequest(name_prefix="*"))
    finally:
        publication_feed._MOST_FOLLOWERS = limit


@provokes("TOO_MANY_FOLLOWED")
def _(scene: Scene) -> Answer:
    names = [_published(scene)]
    limit, publication_feed._MOST_FOLLOWED = publication_feed._MOST_FOLLOWED, 0
    try:
        return scene.send("WatchPublished", distribution_service_pb2.WatchPublishedRequest(names=names))
    finally:
        publication_feed._MOST_FOLLOWED = limit


@provokes("DECISION_RECORD_INVALID")
def _(scene: Scene) -> Answer:
    """The same decision twice in one request."""
    now = Timestamp()
    now.GetCurrentTime()
    report = distribution_service_pb2.ReportedDecision(
        id=NOBODY,
        name=_name(),
        version=1,
        content_hash="0" * 64,
        decide_time=now,
        status=decision_pb2.DECISION_STATUS_NO_MATCH,
    )
    request = distribution_service_pb2.RecordDecisionsRequest(decisions=[report, report])
    return scene.send("RecordDecisions", request)


@provokes("SIMULATION_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetSimulation", simulation_service_pb2.GetSimulationRequest(id=NOBODY))


@provokes("SIMULATION_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    key = make_tenant(scene.narrow)
    stored = simulation_pb2.SimulationSource(stored_decisions=simulation_pb2.StoredDecisions())
    request = simulation_service_pb2.CreateSimulationRequest(name=_drafted(scene.narrow, key), source=stored)
    answer = scene.send("CreateSimulation", request, on=scene.narrow, key=key)
    made = simulation_service_pb2.CreateSimulationResponse.FromString(answer.responses[0]).simulation
    # As if it were for later.
    with psycopg.connect(scene.narrow.database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "update job set state = 'waiting', run_at = '2999-01-01', ended_at = null, fence = fence + 1, "
            "holder = null where id = %s",
            [made.id],
        )
        connection.execute("update rules_simulation set ended_at = null where id = %s", [made.id])
    return scene.send("CreateSimulation", request, on=scene.narrow, key=key)


@provokes("ROLLOUT_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetRollout", rollout_service_pb2.GetRolloutRequest(name=_draft(scene)))


@provokes("ROLLOUT_INVALID")
def _(scene: Scene) -> Answer:
    request = rollout_service_pb2.SetRolloutRequest(
        name=_published(scene), candidate_version=1, mode=rollout_pb2.ROLLOUT_MODE_PERCENTAGE, percent=5
    )
    return scene.send("SetRollout", request)
