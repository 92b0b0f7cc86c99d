"""What the use cases ask of others."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from function_backend.events.log import LoggedEvent
from function_backend.kernel.identity import Principal
from function_backend.services.webhooks.domain.endpoint import Endpoint, PayloadMode


class EventForms(Protocol):
    """How events look outside, and who may see them."""

    def body(self, event: LoggedEvent, mode: PayloadMode) -> bytes:
        """The event as it is posted. Raises ValueError for an event that cannot be written."""

    def may_see(self, principal: Principal, event: LoggedEvent) -> bool:
        """Whether the caller may see the event."""

    def permission(self, event_type: str) -> str | None:
        """The permission that seeing events of the type takes; None for a type that nobody may see."""

    def test_body(self, tenant_id: UUID, event_id: UUID, endpoint: Endpoint, message: str, at: datetime) -> bytes:
        """An event that tries an endpoint out, as it is posted."""
