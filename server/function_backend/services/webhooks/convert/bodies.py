"""Events as they are posted: CloudEvents 1.0 in JSON, with as much of them as the endpoint takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import orjson

from function.webhooks.v1 import webhook_events_pb2 as wire
from function_backend.cloud_events.catalogue import EventCatalogue
from function_backend.cloud_events.envelope import as_document, as_json
from function_backend.events.log import LoggedEvent
from function_backend.kernel.identity import Principal
from function_backend.services.webhooks.convert.redaction import redacted
from function_backend.services.webhooks.domain.endpoint import Endpoint, PayloadMode
from function_backend.services.webhooks.events import EndpointTested
from function_backend.timestamps import timestamp

_DATA = ("data", "datacontenttype")


class EventBodies:
    """How events look outside, and who may see them, by the catalogue."""

    def __init__(self, catalogue: EventCatalogue) -> None:
        self._catalogue = catalogue

    def permission(self, event_type: str) -> str | None:
        """See EventForms."""
        known = self._catalogue.find(event_type)
        return None if known is None else known.permission

    def may_see(self, principal: Principal, event: LoggedEvent) -> bool:
        """See EventForms."""
        return self._catalogue.may_see(principal, event)

    def body(self, event: LoggedEvent, mode: PayloadMode) -> bytes:
        """See EventForms."""
        if mode is PayloadMode.THIN:
            document = as_document(replace(event, payload=b""))
            return orjson.dumps({name: value for name, value in document.items() if name not in _DATA})
        known = self._catalogue.find(event.type)
        if mode is PayloadMode.REDACTED and known is not None:
            event = replace(event, payload=redacted(known.message(), event.payload))
        return as_json(event)

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
        return as_json(event)
