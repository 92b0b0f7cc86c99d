"""Events as they are handed to brokers: CloudEvents in binary or structured mode."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import orjson

from function_backend.cloud_events.envelope import (
    JSON_CONTENT_TYPE,
    PROTOBUF_CONTENT_TYPE,
    SPEC_VERSION,
    as_document,
    as_message,
    extensions_of,
    source_of,
    subject_of,
)
from function_backend.sinks.sink import Message
from function_backend.sinks.template import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from function_backend.events.log import LoggedEvent
    from function_backend.sinks.settings import SinksSettings

_PARTITION_KEY = "partitionkey"
"""The extension of CloudEvents for what an order holds within."""
_JSON = "application/json"
_PROTOBUF = "application/protobuf"
_TRACE = "traceparent"


class MessageMaker:
    """Makes the messages for one broker."""

    def __init__(self, settings: SinksSettings, destination: str) -> None:
        """`destination` is the template of the topic, subject, routing key or stream."""
        self._structured = settings.content_mode == "structured"
        self._json = settings.data_format == "json"
        self._destination = Template(destination)

    def make(self, event: LoggedEvent) -> Message:
        """The message of an event."""
        content_type, body = self._whole(event) if self._structured else self._data(event)
        return Message(
            id=str(event.id),
            key=str(event.subject_id),
            destination=self._destination.fill(
                tenant=str(event.tenant_id),
                type=event.type,
                subject_type=event.subject_type,
                subject=str(event.subject_id),
            ),
            attributes={} if self._structured else _attributes(event),
            content_type=content_type,
            body=body,
            trace_context=event.trace_context,
        )

    def _whole(self, event: LoggedEvent) -> tuple[str, bytes]:
        if self._json:
            return JSON_CONTENT_TYPE, orjson.dumps(as_document(event) | {_PARTITION_KEY: str(event.subject_id)})
        message = as_message(event)
        message.attributes[_PARTITION_KEY].ce_string = str(event.subject_id)
        return PROTOBUF_CONTENT_TYPE, message.SerializeToString()

    def _data(self, event: LoggedEvent) -> tuple[str, bytes]:
        # An event of a type that the contract does not have any more is known as its bytes alone.
        if self._json and (data := as_document(event).get("data")) is not None:
            return _JSON, orjson.dumps(data)
        return _PROTOBUF, event.payload


def _attributes(event: LoggedEvent) -> Mapping[str, str]:
    extensions = extensions_of(event)
    # It travels in the header of that name, which libraries for traces know.
    extensions.pop(_TRACE, None)
    return {
        "specversion": SPEC_VERSION,
        "id": str(event.id),
        "source": source_of(event),
        "type": event.type,
        "subject": subject_of(event),
        "time": event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        _PARTITION_KEY: str(event.subject_id),
        **extensions,
    }
