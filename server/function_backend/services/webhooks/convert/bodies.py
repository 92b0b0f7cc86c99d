"""Events as they are posted: CloudEvents 1.0 in JSON, with as much of them as the endpoint takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from google.protobuf.message import Message

from function.webhooks.v1 import webhook_events_pb2 as wire
from function_backend.events.log import LoggedEvent
from function_backend.services.webhooks.convert.moments import timestamp
from function_backend.services.webhooks.convert.redaction import redacted
from function_backend.services.webhooks.domain.endpoint import Endpoint, PayloadMode
from function_backend.services.webhooks.events import EndpointTested


class Envelope(Protocol):
    """Writes events."""

    def __call__(self, event: LoggedEvent, *, with_data: bool) -> bytes:
        """The event as CloudEvents 1.0 in JSON."""


class EventBodies:
    """How events look outside."""

    def __init__(
        self, permissions: Mapping[str, str], message_of: Callable[[str], Message], envelope: Envelope
    ) -> None:
        """`permissions` has the permission that seeing each type of event takes; `message_of` makes an empty one."""
        self._permissions = permissions
        self._message_of = message_of
        self._envelope = envelope

    def permission(self, event_type: str) -> str | None:
        """See EventForms."""
        return self._permissions.get(event_type)

    def body(self, event: LoggedEvent, mode: PayloadMode) -> bytes:
        """See EventForms."""
        if mode is PayloadMode.THIN:
            return self._envelope(event, with_data=False)
        if mode is PayloadMode.REDACTED:
            event = replace(event, payload=redacted(self._message_of(event.type), event.payload))
        return self._envelope(event, with_data=True)

    def test_body(self, tenant_id: UUID, event_id: UUID, endpoint: Endpoint, message: str, at: datetime) -> bytes:
        """See EventForms."""
        data = wire.EndpointTested(endpoint_id=str(endpoint.id), test_time=timestamp(at), message=message)
        event = LoggedEvent(
            tenant_id=tenant_id,
            position=0,
            id=event_id,
            type=EndpointTested.type,
            subject_type=EndpointTested.subject_type,
            subject_id=endpoint.id,
            sequence=endpoint.revision,
            occurred_at=at,
            recorded_at=at,
            labels={},
            trace_context="",
            payload=data.SerializeToString(),
            actor=endpoint.owner,
        )
        return self._envelope(event, with_data=True)
