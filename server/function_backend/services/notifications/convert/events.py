"""How the events of the folder look outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function.notifications.v1 import notification_events_pb2 as wire
from function_backend.kernel.events import DomainEvent
from function_backend.services.notifications import events
from function_backend.services.notifications.convert.notification import notification
from function_backend.services.notifications.convert.preference import category, preference
from function_backend.services.notifications.convert.template import template


def _of_notification(message: type[Any]) -> Callable[[events.NotificationEvent], bytes]:
    def payload(event: events.NotificationEvent) -> bytes:
        told = notification(event.notification, with_address=False)
        serialised: bytes = message(notification=told).SerializeToString()
        return serialised

    return payload


def _of_template(message: type[Any]) -> Callable[[events.TemplateEvent], bytes]:
    def payload(event: events.TemplateEvent) -> bytes:
        serialised: bytes = message(template=template(event.template)).SerializeToString()
        return serialised

    return payload


def _of_category(message: type[Any]) -> Callable[[events.CategoryEvent], bytes]:
    def payload(event: events.CategoryEvent) -> bytes:
        serialised: bytes = message(category=category(event.category)).SerializeToString()
        return serialised

    return payload


def _preference_set(event: events.PreferenceSet) -> bytes:
    return wire.PreferenceSet(preference=preference(event.preference)).SerializeToString()


EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    events.NotificationAccepted: _of_notification(wire.NotificationAccepted),
    events.NotificationSent: _of_notification(wire.NotificationSent),
    events.NotificationDelivered: _of_notification(wire.NotificationDelivered),
    events.NotificationFailed: _of_notification(wire.NotificationFailed),
    events.NotificationCancelled: _of_notification(wire.NotificationCancelled),
    events.TemplateCreated: _of_template(wire.TemplateCreated),
    events.TemplateUpdated: _of_template(wire.TemplateUpdated),
    events.TemplateDeleted: _of_template(wire.TemplateDeleted),
    events.CategorySet: _of_category(wire.CategorySet),
    events.CategoryDeleted: _of_category(wire.CategoryDeleted),
    events.PreferenceSet: _preference_set,
}
"""Event class to the function that serialises its message."""
