"""A logged event as a CloudEvent: as protobuf, or as JSON.

The protobuf form is field by field `io.cloudevents.v1.CloudEvent` (CloudEvents 1.0, protobuf event format 3); the JSON
form is its JSON event format in structured mode, with the data as ProtoJSON of the typed message.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from google.protobuf import json_format

from function.events.v1 import cloud_event_pb2
from function_backend.cloud_events.catalogue import event_catalogue
from function_backend.timestamps import timestamp

if TYPE_CHECKING:
    from function_backend.events.log import LoggedEvent

SOURCE = "//function-backend"
"""What the source of every event begins with; the kind of resource follows."""
SPEC_VERSION = "1.0"
JSON_CONTENT_TYPE = "application/cloudevents+json"
"""The content type of `as_json`."""
PROTOBUF_CONTENT_TYPE = "application/cloudevents+protobuf"
"""The content type of `as_message`, serialised."""

_TYPE_URL = "type.googleapis.com/"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def source_of(event: LoggedEvent) -> str:
    """Where the event comes from; together with its id it names the event everywhere."""
    return f"{SOURCE}/{event.subject_type}"


def subject_of(event: LoggedEvent) -> str:
    """The resource, such as `company/01938d2e-…`."""
    return f"{event.subject_type}/{event.subject_id}"


def extensions_of(event: LoggedEvent) -> dict[str, str]:
    """The attributes that CloudEvents does not define itself."""
    extensions = {
        "tenant": str(event.tenant_id),
        "sequence": str(event.sequence),
        "position": str(event.position),
    }
    if event.trace_context:
        extensions["traceparent"] = event.trace_context
    return extensions


def as_message(event: LoggedEvent) -> cloud_event_pb2.CloudEvent:
    """The event as a message, with its data as it was stored."""
    message = cloud_event_pb2.CloudEvent(
        id=str(event.id), source=source_of(event), spec_version=SPEC_VERSION, type=event.type
    )
    attributes = message.attributes
    attributes["subject"].ce_string = subject_of(event)
    attributes["time"].ce_timestamp.CopyFrom(timestamp(event.occurred_at))
    for name, value in extensions_of(event).items():
        attributes[name].ce_string = value
    message.proto_data.type_url = _TYPE_URL + event.type
    message.proto_data.value = event.payload
    return message


def as_document(event: LoggedEvent) -> dict[str, Any]:
    """The event as the object of its JSON form. `data` is left out when its type is not known any more."""
    document: dict[str, Any] = {
        "specversion": SPEC_VERSION,
        "id": str(event.id),
        "source": source_of(event),
        "type": event.type,
        "subject": subject_of(event),
        "time": event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        **extensions_of(event),
    }
    known = event_catalogue().find(event.type)
    if known is not None:
        document["datacontenttype"] = "application/json"
        document["data"] = json_format.MessageToDict(known.message.FromString(event.payload))
    return document


def as_json(event: LoggedEvent) -> bytes:
    """The event as JSON, in one line."""
    return orjson.dumps(as_document(event))
