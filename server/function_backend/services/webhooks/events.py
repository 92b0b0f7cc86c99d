"""What happens to endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.services.webhooks.domain.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEvent(DomainEvent):
    """Something that was done to an endpoint."""

    subject_type: ClassVar[str] = "webhook_endpoint"

    endpoint: Endpoint
    changed_fields: tuple[str, ...] = ()
    secret_id: UUID | None = None
    failures: int = 0
    last_error: str = ""

    @classmethod
    def of(
        cls,
        endpoint: Endpoint,
        *,
        at: datetime,
        sequence: int | None = None,
        changed_fields: tuple[str, ...] = (),
        secret_id: UUID | None = None,
        failures: int = 0,
        last_error: str = "",
    ) -> Self:
        """The event, numbered among the changes of the endpoint."""
        details = {"state": "enabled" if endpoint.disable_reason is None else endpoint.disable_reason.value}
        if changed_fields:
            details["changed_fields"] = ",".join(changed_fields)
        if secret_id is not None:
            details["secret"] = str(secret_id)
        return cls(
            subject_id=endpoint.id,
            sequence=endpoint.revision if sequence is None else sequence,
            occurred_at=at,
            details=details,
            endpoint=endpoint,
            changed_fields=changed_fields,
            secret_id=secret_id,
            failures=failures,
            last_error=last_error,
        )


class EndpointCreated(EndpointEvent):
    """An endpoint was created."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointCreated"


class EndpointUpdated(EndpointEvent):
    """An endpoint was changed."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointUpdated"


class EndpointDeleted(EndpointEvent):
    """An endpoint was deleted."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointDeleted"


class EndpointEnabled(EndpointEvent):
    """An endpoint was enabled again."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointEnabled"


class EndpointDisabled(EndpointEvent):
    """An endpoint was disabled."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointDisabled"


class EndpointSecretRotated(EndpointEvent):
    """An endpoint got a new secret."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointSecretRotated"


class EndpointSecretRevoked(EndpointEvent):
    """A secret of an endpoint signs nothing any more."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointSecretRevoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTested(DomainEvent):
    """Somebody tried an endpoint out."""

    type: ClassVar[str] = "function.webhooks.v1.EndpointTested"
    subject_type: ClassVar[str] = "webhook_endpoint"

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResent(DomainEvent):
    """A delivery was asked for once more."""

    type: ClassVar[str] = "function.webhooks.v1.DeliveryResent"
    subject_type: ClassVar[str] = "webhook_endpoint"

    delivery_id: UUID
    new_delivery_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequested(DomainEvent):
    """Events of a time were asked for once more."""

    type: ClassVar[str] = "function.webhooks.v1.ReplayRequested"
    subject_type: ClassVar[str] = "webhook_endpoint"

    replay_id: UUID
    missed_only: bool
    first_position: int
    last_position: int
