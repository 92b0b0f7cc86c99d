"""How a caller meets the reasons of hooks."""

from __future__ import annotations

import secrets

from function.company.v1 import company_pb2, company_service_pb2
from function.rules.v1 import definition_pb2
from function.rules.v1 import definition_service_pb2 as definitions
from function.rules.v1 import hook_service_pb2 as wire
from tests.e2e.provocations import provokes
from tests.e2e.scene import Scene
from tests.factories.rules import RulesCaller, accepting, loan
from tests.fixtures.database_faults import eventually
from tests.fixtures.methods import Answer
from tests.fixtures.principals import make_key, make_tenant


def _name() -> str:
    return f"company.n{secrets.token_hex(6)}"


def _published(scene: Scene, *, key: str | None = None, condition: str = "true") -> str:
    """The name of a decision that denies, which is in force."""
    made = accepting(_name(), condition)
    RulesCaller(scene.usual, key).published(made)
    return made.name


def _create(definition: str, **fields: object) -> wire.CreateHookRequest:
    wish = {"name": _name(), "definition": definition, "operations": ["company.update"], **fields}
    return wire.CreateHookRequest(**wish)  # type: ignore[arg-type]


def _bound(scene: Scene) -> str:
    """The name of a hook that nothing meets."""
    request = _create(_published(scene, condition="false"))
    scene.send("CreateHook", request)
    return request.name


def _created(scene: Scene, *, condition: str) -> Answer:
    """The answer to the creation of a company which a hook of its tenant looks at."""
    key = make_tenant(scene.usual)
    request = _create(_published(scene, key=key, condition=condition), operations=["company.create"])
    scene.send("CreateHook", request, key=key)
    company = company_pb2.Company(legal_name="Provoked GmbH")

    def create() -> Answer | None:
        answer = scene.send("CreateCompany", company_service_pb2.CreateCompanyRequest(company=company), key=key)
        return answer if answer.reason else None

    return eventually(create)


@provokes("CHANGE_DENIED")
def _(scene: Scene) -> Answer:
    return _created(scene, condition="true")


@provokes("HOOK_FAILED")
def _(scene: Scene) -> Answer:
    return _created(scene, condition="1 / (company.legal_name.size() - company.legal_name.size()) == 1")


@provokes("HOOK_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetHook", wire.GetHookRequest(name=_name()))


@provokes("HOOK_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    return scene.send("CreateHook", _create(_published(scene), name=_bound(scene)))


@provokes("HOOK_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    return scene.send("UpdateHook", wire.UpdateHookRequest(name=_bound(scene), order=5, etag="old"))


@provokes("HOOK_MISFIT")
def _(scene: Scene) -> Answer:
    made: definition_pb2.Definition = loan(_name())
    RulesCaller(scene.usual).published(made)
    return scene.send("CreateHook", _create(made.name))


@provokes("HOOK_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    key = make_tenant(scene.narrow)
    other = make_key(scene.narrow, "rules.*", by=key)
    name = _name()
    for method, request, by in (
        ("CreateDefinition", definitions.CreateDefinitionRequest(definition=accepting(name)), key),
        ("SubmitForReview", definitions.SubmitForReviewRequest(name=name), key),
        ("ApproveVersion", definitions.ApproveVersionRequest(name=name, version=1), other),
        ("PublishVersion", definitions.PublishVersionRequest(name=name, version=1), key),
        ("CreateHook", _create(name), key),
    ):
        scene.send(method, request, on=scene.narrow, key=by)
    return scene.send("CreateHook", _create(name), on=scene.narrow, key=key)
