"""Service accounts on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from function.auth.v1 import service_account_events_pb2, service_account_pb2
from function_backend.services.auth.domain.card import Card
from function_backend.services.auth.domain.service_account import ServiceAccount, ServiceAccountState
from function_backend.services.auth.events.service_account import ServiceAccountEvent, ServiceAccountUpdated
from function_backend.timestamps import timestamp

_STATES = {
    ServiceAccountState.ACTIVE: service_account_pb2.SERVICE_ACCOUNT_STATE_ACTIVE,
    ServiceAccountState.DISABLED: service_account_pb2.SERVICE_ACCOUNT_STATE_DISABLED,
}
_READ_STATES = {wire: state for state, wire in _STATES.items()}


def service_account_card(message: service_account_pb2.ServiceAccount) -> Card:
    """What the caller says about the service account, yet to be checked."""
    return Card(
        name=message.name,
        display_name=message.display_name,
        description=message.description,
        labels=dict(message.labels),
    )


def service_account(value: ServiceAccount) -> service_account_pb2.ServiceAccount:
    """The service account as callers see it."""
    return service_account_pb2.ServiceAccount(
        id=str(value.id),
        etag=value.etag,
        name=value.card.name,
        display_name=value.card.display_name,
        description=value.card.description,
        state=_STATES[value.state],
        labels=value.card.labels,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
    )


def service_account_states(
    wanted: Iterable[service_account_pb2.ServiceAccountState.ValueType],
) -> list[ServiceAccountState]:
    """The states, each once."""
    return [_READ_STATES[state] for state in dict.fromkeys(wanted)]


def service_account_event(message: Callable[..., object]) -> Callable[[ServiceAccountEvent], bytes]:
    """A function that makes the event's message, which carries the service account."""

    def write(event: ServiceAccountEvent) -> bytes:
        made = message(service_account=service_account(event.service_account))
        return made.SerializeToString()  # type: ignore[attr-defined,no-any-return]

    return write


def service_account_updated(event: ServiceAccountUpdated) -> bytes:
    """The event's message."""
    message = service_account_events_pb2.ServiceAccountUpdated(
        service_account=service_account(event.service_account), changed_fields=event.changed_fields
    )
    return message.SerializeToString()
