"""Writing down how handing a notification over came out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.services.notifications.domain.notification import Notification, NotificationState, wait_before
from function_backend.services.notifications.events import NotificationCancelled, NotificationFailed, NotificationSent
from function_backend.services.notifications.repository.notification import NotificationRepository

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_EVENTS = {
    NotificationState.SENT: NotificationSent,
    NotificationState.FAILED: NotificationFailed,
    NotificationState.SUPPRESSED: NotificationCancelled,
    NotificationState.CANCELLED: NotificationCancelled,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it came out: over in a state, or to be tried again when there is none."""

    state: NotificationState | None
    why: str = ""
    provider_id: str = ""
    retry_after: timedelta | None = None
    with_parts: Sequence[UUID] = ()
    """Those that went with it, when it is a digest."""


def conclude(work: UnitOfWork, notification: Notification, outcome: Outcome, *, at: datetime) -> Notification:
    """Writes the outcome down for the notification, which the caller has locked, and for those that went with it."""
    notifications = NotificationRepository(work)
    if outcome.state is None:
        wait = outcome.retry_after or wait_before(notification.attempts, share=random.random())  # noqa: S311  jitter
        again = notification.again(at=at + wait, why=outcome.why)
        notifications.save(again)
        return again
    event = _EVENTS[outcome.state]
    went_along = set(outcome.with_parts)
    for part in notifications.waiting_in(notification.id) if notification.is_digest else ():
        if part.id not in went_along:
            continue
        over = replace(part.ended(outcome.state, at=at, failure=outcome.why), attempts=notification.attempts)
        notifications.save(over)
        work.record(event.of(over, at=at))
    over = notification.ended(outcome.state, at=at, failure=outcome.why, provider_id=outcome.provider_id)
    notifications.save(over)
    work.record(event.of(over, at=at))
    return over
