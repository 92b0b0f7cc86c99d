"""Looking at notifications, cancelling them, and taking down what providers report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.notifications.domain.notification import WAITING, Notification, NotificationState
from function_backend.services.notifications.errors import NotificationNotFoundError, NotificationStateError
from function_backend.services.notifications.events import (
    NotificationCancelled,
    NotificationDelivered,
    NotificationFailed,
)
from function_backend.services.notifications.repository.notification import NotificationFilter, NotificationRepository
from function_backend.services.notifications.service.finding import DEFAULT_PAGE_SIZE


class Reading:
    """The use cases of notifications that were taken on."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens

    def get(self, notification_id: UUID) -> Notification:
        """The notification."""
        with self._transactions.reading() as work:
            found = NotificationRepository(work).find(notification_id)
        if found is None:
            raise NotificationNotFoundError(notification_id)
        return found

    def list_page(
        self, wanted: NotificationFilter, *, page_size: int, page_token: str
    ) -> tuple[Sequence[Notification], str]:
        """A page of the notifications, the latest first, and the token of the next one."""
        with self._transactions.reading() as work:
            rest = repr(replace(wanted, states=frozenset()))
            query = (str(work.tenant_id), "notifications", rest, *sorted(wanted.states))
            key = self._page_tokens.read(query, page_token)
            page = NotificationRepository(work).list_before(
                None if key is None else UUID(key[0]), wanted, limit=page_size or DEFAULT_PAGE_SIZE
            )
        return page.items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def cancel(self, notification_id: UUID) -> Notification:
        """The notification, which will not be sent; one that is cancelled already stays so."""
        now = self._clock.now()
        with self._transactions() as work:
            notifications = NotificationRepository(work)
            found = notifications.find(notification_id, lock=True)
            if found is None:
                raise NotificationNotFoundError(notification_id)
            if found.state is NotificationState.CANCELLED:
                return found
            if found.state not in WAITING:
                raise NotificationStateError(notification_id, found.state.value)
            for each in notifications.waiting_in(found.id) if found.is_digest else ():
                cancelled = each.ended(NotificationState.CANCELLED, at=now)
                notifications.save(cancelled)
                work.record(NotificationCancelled.of(cancelled, at=now))
            cancelled = found.ended(NotificationState.CANCELLED, at=now)
            notifications.save(cancelled)
            work.record(NotificationCancelled.of(cancelled, at=now))
        return cancelled

    def report(self, channel: str, provider_id: str, *, delivered: bool, failure: str) -> Notification:
        """The notification after what its provider reports; what was reported before stays."""
        now = self._clock.now()
        state = NotificationState.DELIVERED if delivered else NotificationState.FAILED
        event = NotificationDelivered if delivered else NotificationFailed
        said = "" if delivered else failure or "the provider reports that it did not arrive"
        with self._transactions() as work:
            notifications = NotificationRepository(work)
            found = notifications.find_by_provider_id(channel, provider_id)
            if found is None:
                raise NotificationNotFoundError(provider_id)
            if found.state is not NotificationState.SENT:
                return found
            # What was sent with a digest has come as far as that.
            parts = notifications.sent_with(found.id) if found.is_digest else []
            over = [replace(each.ended(state, at=now, failure=said), sent_at=each.sent_at) for each in (found, *parts)]
            for each in over:
                notifications.save(each)
                work.record(event.of(each, at=now))
        return over[0]
