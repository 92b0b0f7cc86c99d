"""Queueing what happened for the endpoints that it is for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from function_backend.events.log import LoggedEvent
from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.webhooks.domain.delivery import DeliveryCause, QueuedEvent
from function_backend.services.webhooks.domain.endpoint import Endpoint, PayloadMode
from function_backend.services.webhooks.ports import EventForms
from function_backend.services.webhooks.repository.delivery import DeliveryRepository, NewDelivery
from function_backend.services.webhooks.repository.endpoint import EndpointRepository


class Matching:
    """Which events go to which endpoints, as what."""

    def __init__(self, forms: EventForms) -> None:
        self._forms = forms

    def deliveries(
        self, events: Sequence[LoggedEvent], endpoints: Sequence[Endpoint], cause: DeliveryCause
    ) -> list[NewDelivery]:
        """One for each endpoint and event that it is for and its owner may see, in the order of the events."""
        found: list[NewDelivery] = []
        if not endpoints:
            return found
        owners = [each.audience.as_principal(each.id, events[0].tenant_id) for each in endpoints]
        for event in events:
            queued: dict[PayloadMode, QueuedEvent] = {}
            for endpoint, owner in zip(endpoints, owners, strict=True):
                if not self._is_for(event, endpoint, owner, cause):
                    continue
                mode = endpoint.content.payload_mode
                if mode not in queued:
                    queued[mode] = self._queued(event, mode)
                found.append(NewDelivery(endpoint.id, queued[mode], cause, endpoint.content.ordered))
        return found

    def _is_for(self, event: LoggedEvent, endpoint: Endpoint, owner: Principal, cause: DeliveryCause) -> bool:
        if cause is DeliveryCause.EVENT and event.position <= endpoint.since_position:
            return False
        # That it was registered or changed is no news to a receiver, and nothing that it waits for.
        if event.subject_id == endpoint.id:
            return False
        return endpoint.content.filter.matches(event) and self._forms.may_see(owner, event)

    def _queued(self, event: LoggedEvent, mode: PayloadMode) -> QueuedEvent:
        return QueuedEvent(
            event_id=event.id,
            event_type=event.type,
            position=event.position,
            subject_type=event.subject_type,
            subject_id=event.subject_id,
            trace_context=event.trace_context,
            body=self._forms.body(event, mode),
        )


class FanningOut:
    """Handles events in the transaction that moves the cursor: each is queued once for each endpoint."""

    def __init__(self, *, clock: Clock, matching: Matching, kept_for: timedelta) -> None:
        self._clock = clock
        self._matching = matching
        self._kept_for = kept_for

    def __call__(self, work: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
        """Queues the events."""
        endpoints = EndpointRepository(work).enabled()
        new = self._matching.deliveries(events, endpoints, DeliveryCause.EVENT)
        DeliveryRepository(work).enqueue(new, at=self._clock.now(), kept_for=self._kept_for)
