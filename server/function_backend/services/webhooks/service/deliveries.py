"""Looking at deliveries, and asking for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.webhooks.domain.delivery import (
    Attempt,
    Delivery,
    DeliveryCause,
    DeliveryState,
    QueuedEvent,
)
from function_backend.services.webhooks.errors import DeliveryNotFoundError
from function_backend.services.webhooks.events import DeliveryResent, EndpointTested
from function_backend.services.webhooks.ports import EventForms
from function_backend.services.webhooks.repository.delivery import DeliveryRepository, NewDelivery
from function_backend.services.webhooks.service.finding import (
    DEFAULT_PAGE_SIZE,
    caller_of,
    enabled_endpoint,
    endpoint_of,
)

_SENSITIVE_READ = "webhooks.sensitive.read"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """Which deliveries."""

    endpoint_id: UUID
    state: DeliveryState | None = None
    event_type: str = ""
    event_id: UUID | None = None


class Seen(NamedTuple):
    """A delivery as a caller sees it."""

    delivery: Delivery
    attempts: Sequence[Attempt]
    may_see_body: bool
    may_see_sensitive: bool
    """Whether what the contract marks as sensitive is shown: what was posted, and what the receiver answered."""


class Deliveries:
    """The use cases of deliveries."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        forms: EventForms,
        kept_for: timedelta,
        trace_context: Callable[[], str],
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._forms = forms
        self._kept_for = kept_for
        self._trace_context = trace_context

    def list_page(self, asked: DeliveryQuery, *, page_size: int, page_token: str) -> tuple[Sequence[Delivery], str]:
        """A page of the deliveries of an endpoint, the newest first, and the token of the next one."""
        with self._transactions.reading() as work:
            endpoint_of(work, asked.endpoint_id)
            query = (
                str(work.tenant_id),
                "webhook deliveries",
                str(asked.endpoint_id),
                "" if asked.state is None else asked.state.value,
                asked.event_type,
                "" if asked.event_id is None else str(asked.event_id),
            )
            key = self._page_tokens.read(query, page_token)
            page = DeliveryRepository(work).list_before(
                None if key is None else UUID(key[0]),
                endpoint_id=asked.endpoint_id,
                state=asked.state,
                event_type=asked.event_type,
                event_id=asked.event_id,
                limit=page_size or DEFAULT_PAGE_SIZE,
            )
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def get(self, delivery_id: UUID) -> Seen:
        """The delivery with its attempts."""
        with self._transactions.snapshot() as work:
            deliveries = DeliveryRepository(work)
            found = deliveries.find(delivery_id)
            if found is None:
                raise DeliveryNotFoundError(delivery_id)
            permission = self._forms.permission(found.event.event_type)
            # What was delivered is what the owner of the endpoint may see, who need not be the caller.
            seen = permission is not None and caller_of(work).permissions.allows(permission)
            may_see_sensitive = caller_of(work).permissions.allows(_SENSITIVE_READ)
            return Seen(found, deliveries.attempts(delivery_id), seen, may_see_sensitive)

    def test(self, endpoint_id: UUID, message: str) -> Delivery:
        """A delivery that tries the endpoint out, which is queued."""
        now = self._clock.now()
        with self._transactions() as work:
            endpoint = enabled_endpoint(work, endpoint_id)
            event_id = new_id()
            event = QueuedEvent(
                event_id=event_id,
                event_type=EndpointTested.type,
                position=0,
                subject_type=EndpointTested.subject_type,
                subject_id=endpoint_id,
                trace_context=self._trace_context(),
                body=self._forms.test_body(work.tenant_id, event_id, endpoint, message, now),
            )
            new = NewDelivery(endpoint_id, event, DeliveryCause.TEST, ordered=False)
            (queued,) = DeliveryRepository(work).enqueue([new], at=now, kept_for=self._kept_for)
            work.record(
                EndpointTested(subject_id=endpoint_id, sequence=endpoint.revision, occurred_at=now, message=message)
            )
        return queued

    def resend(self, delivery_id: UUID) -> Delivery:
        """The same delivery once more, which is queued."""
        now = self._clock.now()
        with self._transactions() as work:
            deliveries = DeliveryRepository(work)
            found = deliveries.find(delivery_id)
            if found is None:
                raise DeliveryNotFoundError(delivery_id)
            endpoint = enabled_endpoint(work, found.endpoint_id)
            event = replace(found.event, trace_context=self._trace_context() or found.event.trace_context)
            new = NewDelivery(endpoint.id, event, DeliveryCause.RESEND, ordered=False)
            (queued,) = deliveries.enqueue([new], at=now, kept_for=self._kept_for)
            work.record(
                DeliveryResent(
                    subject_id=endpoint.id,
                    sequence=endpoint.revision,
                    occurred_at=now,
                    details={"delivery": str(delivery_id), "new_delivery": str(queued.id)},
                    delivery_id=delivery_id,
                    new_delivery_id=queued.id,
                )
            )
        return queued
