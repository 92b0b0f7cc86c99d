"""Notifications for tests, and a caller that sends them."""

from __future__ import annotations

import uuid
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from function.notifications.v1 import (
    notification_pb2,
    notification_service_pb2,
    notification_service_pb2_grpc,
    template_pb2,
)
from function_backend.kernel.pagination import PageTokens
from function_backend.services.notifications.adapters.unsubscribe_tokens import Subscription, UnsubscribeTokens
from function_backend.services.notifications.domain.addresses import holder_digest
from tests.fixtures.database_faults import eventually
from tests.fixtures.server import TOKEN_SECRET, RunningServer

SECONDS = 30
OVER = {
    notification_pb2.NOTIFICATION_STATE_SENT,
    notification_pb2.NOTIFICATION_STATE_DELIVERED,
    notification_pb2.NOTIFICATION_STATE_FAILED,
    notification_pb2.NOTIFICATION_STATE_SUPPRESSED,
    notification_pb2.NOTIFICATION_STATE_CANCELLED,
}
wire = notification_service_pb2


def invoice(name: str = "invoice.due", language: str = "en", **fields: object) -> template_pb2.Template:
    """A template with a variable of each kind, in a category that can be unsubscribed from."""
    described: dict[str, Any] = {
        "name": name,
        "language": language,
        "variables": [
            {"name": "number"},
            {"name": "amount", "kind": "VARIABLE_KIND_NUMBER"},
            {"name": "lines", "kind": "VARIABLE_KIND_LIST", "optional": True},
        ],
        "content": {
            "subject": "Invoice {{ number }}",
            "text": "Please pay {{ amount|number }}.{% for line in lines %}\n- {{ line }}{% endfor %}",
            "html": "<p>Please pay <b>{{ amount|number }}</b> for {{ number }}.</p>",
            "short_text": "Invoice {{ number }}: {{ amount|number }}",
        },
        **fields,
    }
    return ParseDict(described, template_pb2.Template())


def wish(email: str = "ann@example.com", **fields: Any) -> notification_pb2.NotificationWish:  # noqa: ANN401  fields
    """An invoice for somebody."""
    described: dict[str, Any] = {
        "recipient": {"email": email},
        "template": "invoice.due",
        "variables": {"number": "4711", "amount": 12.5},
        **fields,
    }
    return ParseDict(described, notification_pb2.NotificationWish())


class Notifier:
    """Calls the service of notifications."""

    def __init__(self, server: RunningServer, key: str | None = None) -> None:
        self._stub: Any = notification_service_pb2_grpc.NotificationServiceStub(server.channel)
        self._metadata = server.metadata(key)

    def call(self, method: str, request: Message | None = None, **fields: object) -> Any:  # noqa: ANN401  its response
        request = request or getattr(wire, f"{method}Request")(**fields)
        return getattr(self._stub, method)(request, metadata=self._metadata, timeout=SECONDS)

    def send(self, wanted: notification_pb2.NotificationWish | None = None) -> notification_pb2.Notification:
        found: notification_pb2.Notification = self.call("SendNotification", notification=wanted or wish()).notification
        return found

    def get(self, notification_id: str) -> notification_pb2.Notification:
        found: notification_pb2.Notification = self.call("GetNotification", id=notification_id).notification
        return found

    def over(self, notification: notification_pb2.Notification) -> notification_pb2.Notification:
        """The notification as it is when it is over."""
        return eventually(lambda: found if (found := self.get(notification.id)).state in OVER else None)

    def template(self, template: template_pb2.Template | None = None) -> template_pb2.Template:
        made: template_pb2.Template = self.call("CreateTemplate", template=template or invoice()).template
        return made


def told(server: RunningServer, *, key: str | None = None) -> dict[str, str]:
    """Ids of two notifications that wait, and the name of a template of which there are two, with two versions."""
    notifier = Notifier(server, key)
    name = f"t.n{uuid.uuid4().hex}"
    made = notifier.template(invoice(name))
    made.description = "Another one"
    notifier.call("UpdateTemplate", template=made)
    notifier.template(invoice(name, "de"))
    sent = [notifier.send(wish(recipient={"chat": "#tests"}, template=name)) for _ in range(2)]
    return {"notification": sent[0].id, "template": name}


def unsubscribe_token(tenant_id: str, chat: str, category: str) -> str:
    """The token of the link for whoever a chat finds there, as the servers of the tests write it."""
    tokens = UnsubscribeTokens(PageTokens(TOKEN_SECRET.encode()), public_url="")
    return tokens.write(Subscription(uuid.UUID(tenant_id), holder_digest("chat", chat), category, "chat"))
