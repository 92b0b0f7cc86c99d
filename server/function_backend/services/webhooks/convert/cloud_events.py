"""Stand-in until the core package has its envelope."""

from __future__ import annotations

import orjson
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

from function.company.v1 import company_events_pb2
from function.webhooks.v1 import webhook_events_pb2
from function_backend.events.log import LoggedEvent


def event_permissions() -> dict[str, str]:
    """The permission that seeing each type of event takes."""
    return {
        message.full_name: permission
        for module, permission in (
            (company_events_pb2, "company.read"),
            (webhook_events_pb2, "webhooks.endpoints.read"),
        )
        for message in module.DESCRIPTOR.message_types_by_name.values()
    }


def message_of(type_name: str) -> Message:
    """An empty message of the type."""
    descriptor = descriptor_pool.Default().FindMessageTypeByName(type_name)
    return message_factory.GetMessageClass(descriptor)()


def envelope(event: LoggedEvent, *, with_data: bool) -> bytes:
    """The event as CloudEvents 1.0 in JSON."""
    attributes: dict[str, object] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": f"/tenants/{event.tenant_id}",
        "type": event.type,
        "subject": f"{event.subject_type}/{event.subject_id}",
        "time": event.occurred_at.isoformat().replace("+00:00", "Z"),
        "tenant": str(event.tenant_id),
        "sequence": str(event.sequence),
        "position": str(event.position),
    }
    if event.trace_context:
        attributes["traceparent"] = event.trace_context
    if with_data:
        message = message_of(event.type)
        message.ParseFromString(event.payload)
        attributes["datacontenttype"] = "application/json"
        attributes["data"] = json_format.MessageToDict(message)
    return orjson.dumps(attributes)
