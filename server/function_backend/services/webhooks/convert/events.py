"""The messages of what happens to endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function.webhooks.v1 import webhook_events_pb2 as wire
from function_backend.kernel.events import DomainEvent
from function_backend.services.webhooks import events
from function_backend.services.webhooks.convert.endpoint import endpoint
from function_backend.timestamps import timestamp


def created(event: events.EndpointCreated) -> bytes:
    """The event's message."""
    return wire.EndpointCreated(endpoint=endpoint(event.endpoint)).SerializeToString()


def updated(event: events.EndpointUpdated) -> bytes:
    """The event's message."""
    return wire.EndpointUpdated(
        endpoint=endpoint(event.endpoint), changed_fields=event.changed_fields
    ).SerializeToString()


def deleted(event: events.EndpointDeleted) -> bytes:
    """The event's message."""
    return wire.EndpointDeleted(endpoint=endpoint(event.endpoint)).SerializeToString()


def enabled(event: events.EndpointEnabled) -> bytes:
    """The event's message."""
    return wire.EndpointEnabled(endpoint=endpoint(event.endpoint)).SerializeToString()


def disabled(event: events.EndpointDisabled) -> bytes:
    """The event's message."""
    return wire.EndpointDisabled(
        endpoint=endpoint(event.endpoint), failures=event.failures, last_error=event.last_error
    ).SerializeToString()


def rotated(event: events.EndpointSecretRotated) -> bytes:
    """The event's message."""
    return wire.EndpointSecretRotated(
        endpoint=endpoint(event.endpoint), secret_id=str(event.secret_id)
    ).SerializeToString()


def revoked(event: events.EndpointSecretRevoked) -> bytes:
    """The event's message."""
    return wire.EndpointSecretRevoked(
        endpoint=endpoint(event.endpoint), secret_id=str(event.secret_id)
    ).SerializeToString()


def tested(event: events.EndpointTested) -> bytes:
    """The event's message."""
    return wire.EndpointTested(
        endpoint_id=str(event.subject_id), test_time=timestamp(event.occurred_at), message=event.message
    ).SerializeToString()


def resent(event: events.DeliveryResent) -> bytes:
    """The event's message."""
    return wire.DeliveryResent(
        endpoint_id=str(event.subject_id),
        delivery_id=str(event.delivery_id),
        new_delivery_id=str(event.new_delivery_id),
    ).SerializeToString()


def replay_requested(event: events.ReplayRequested) -> bytes:
    """The event's message."""
    return wire.ReplayRequested(
        endpoint_id=str(event.subject_id),
        replay_id=str(event.replay_id),
        missed_only=event.missed_only,
        first_position=event.first_position,
        last_position=event.last_position,
    ).SerializeToString()


EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    events.EndpointCreated: created,
    events.EndpointUpdated: updated,
    events.EndpointDeleted: deleted,
    events.EndpointEnabled: enabled,
    events.EndpointDisabled: disabled,
    events.EndpointSecretRotated: rotated,
    events.EndpointSecretRevoked: revoked,
    events.EndpointTested: tested,
    events.DeliveryResent: resent,
    events.ReplayRequested: replay_requested,
}
"""Event class to the function that serialises its message."""
