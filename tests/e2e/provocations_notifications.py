"""How a caller meets the reasons of notifications."""

from __future__ import annotations

import secrets
import uuid

from google.protobuf.struct_pb2 import Struct

from function.notifications.v1 import notification_pb2, preference_pb2, template_pb2
from function.notifications.v1 import notification_service_pb2 as wire
from tests.e2e.provocations import provokes
from tests.e2e.scene import Scene
from tests.factories.notifications import invoice, wish
from tests.fixtures.methods import Answer
from tests.fixtures.principals import make_tenant

_MOST_CATEGORIES = 200
_CHAT = {"chat": "#tests"}


def _name() -> str:
    return f"t.n{secrets.token_hex(6)}"


def _created(scene: Scene, **fields: object) -> template_pb2.Template:
    """A template that is there."""
    answer = scene.send("CreateTemplate", wire.CreateTemplateRequest(template=invoice(_name(), "en", **fields)))
    return wire.CreateTemplateResponse.FromString(answer.responses[0]).template


def _sent(scene: Scene, template: str, **fields: object) -> Answer:
    wanted = wish("", **{"recipient": _CHAT, "template": template, **fields})
    return scene.send("SendNotification", wire.SendNotificationRequest(notification=wanted))


def _notification(answer: Answer) -> notification_pb2.Notification:
    return wire.SendNotificationResponse.FromString(answer.responses[0]).notification


@provokes("NOTIFICATION_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetNotification", wire.GetNotificationRequest(id=str(uuid.uuid4())))


@provokes("NOTIFICATION_KEY_REUSED")
def _(scene: Scene) -> Answer:
    template, key = _created(scene).name, uuid.uuid4().hex
    _sent(scene, template, key=key)
    return _sent(scene, template, key=key, variables={"number": "another", "amount": 1})


@provokes("NOTIFICATION_STATE")
def _(scene: Scene) -> Answer:
    """One that was suppressed, since its recipient wants none."""
    template, chat = _created(scene).name, f"#c{secrets.token_hex(6)}"
    holder = preference_pb2.PreferenceHolder(chat=chat)
    scene.send("SetPreference", wire.SetPreferenceRequest(holder=holder, category="general", channel="chat"))
    suppressed = _notification(_sent(scene, template, recipient={"chat": chat}))
    return scene.send("CancelNotification", wire.CancelNotificationRequest(id=suppressed.id))


@provokes("NOTIFICATION_RECIPIENT_INVALID")
def _(scene: Scene) -> Answer:
    return _sent(scene, _created(scene).name, recipient={"display_name": "Nobody in particular"})


@provokes("NOTIFICATION_CHANNEL_UNAVAILABLE")
def _(scene: Scene) -> Answer:
    return _sent(scene, _created(scene).name, channel="pigeon")


@provokes("NOTIFICATION_VARIABLES_INVALID")
def _(scene: Scene) -> Answer:
    return _sent(scene, _created(scene).name, variables={"number": "1", "amuont": 1})


@provokes("TEMPLATE_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetTemplate", wire.GetTemplateRequest(name=_name(), language="en"))


@provokes("TEMPLATE_EXISTS")
def _(scene: Scene) -> Answer:
    made = _created(scene)
    return scene.send("CreateTemplate", wire.CreateTemplateRequest(template=invoice(made.name)))


@provokes("TEMPLATE_INVALID")
def _(scene: Scene) -> Answer:
    wrong = invoice(_name(), content={"text": "{{ amuont }}"})
    return scene.send("CreateTemplate", wire.CreateTemplateRequest(template=wrong))


@provokes("TEMPLATE_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    made = _created(scene)
    first = template_pb2.Template()
    first.CopyFrom(made)
    first.description = "Somebody else's"
    scene.send("UpdateTemplate", wire.UpdateTemplateRequest(template=first))
    made.description = "Mine"
    return scene.send("UpdateTemplate", wire.UpdateTemplateRequest(template=made))


@provokes("TEMPLATE_FAILED")
def _(scene: Scene) -> Answer:
    made = _created(
        scene,
        variables=[{"name": "invoice", "kind": "VARIABLE_KIND_OBJECT"}],
        content={"subject": "s", "text": "{{ invoice.total }}"},
    )
    variables = Struct()
    variables.update({"invoice": {}})
    return scene.send("PreviewTemplate", wire.PreviewTemplateRequest(name=made.name, variables=variables))


@provokes("TEMPLATE_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    first, second = (wire.CreateTemplateRequest(template=invoice(_name())) for _ in range(2))
    scene.send("CreateTemplate", first, on=scene.narrow)
    return scene.send("CreateTemplate", second, on=scene.narrow)


@provokes("CATEGORY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    request = wire.CreateTemplateRequest(template=invoice(_name(), category="nowhere"))
    return scene.send("CreateTemplate", request)


@provokes("CATEGORY_IN_USE")
def _(scene: Scene) -> Answer:
    category = f"c{secrets.token_hex(4)}"
    scene.send("SetCategory", wire.SetCategoryRequest(category=preference_pb2.Category(name=category)))
    _created(scene, category=category)
    return scene.send("DeleteCategory", wire.DeleteCategoryRequest(name=category))


@provokes("CATEGORY_MANDATORY")
def _(scene: Scene) -> Answer:
    holder = preference_pb2.PreferenceHolder(chat="#tests")
    return scene.send("SetPreference", wire.SetPreferenceRequest(holder=holder, category="security"))


@provokes("CATEGORY_BUILT_IN")
def _(scene: Scene) -> Answer:
    return scene.send("DeleteCategory", wire.DeleteCategoryRequest(name="general"))


@provokes("CATEGORY_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    """In a tenant that has as many."""
    key = make_tenant(scene.usual)
    answers = [
        scene.send("SetCategory", wire.SetCategoryRequest(category=preference_pb2.Category(name=f"c{number}")), key=key)
        for number in range(_MOST_CATEGORIES + 1)
    ]
    return answers[-1]


@provokes("UNSUBSCRIBE_TOKEN_INVALID")
def _(scene: Scene) -> Answer:
    return scene.send("Unsubscribe", wire.UnsubscribeRequest(token="not-one-of-ours"))


@provokes("NOTIFICATION_RATE_LIMITED")
def _(scene: Scene) -> Answer:
    """More than a tenant may ask for, at once: of a built-in template, since the narrow server has room for few."""
    wanted = wish(recipient=_CHAT, template="auth.password_changed", variables={"when": "2026-11-26T08:00:00Z"})
    request = wire.BatchSendNotificationsRequest(notifications=[wanted] * 100, validate_only=True)
    answers = [scene.send("BatchSendNotifications", request, on=scene.narrow) for _ in range(4)]
    return answers[-1]
