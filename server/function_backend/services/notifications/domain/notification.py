"""A notification and how far it has come."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=1)
_MOST_DOUBLINGS = 12


class NotificationState(StrEnum):
    """How far a notification has come."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


WAITING = frozenset({NotificationState.ACCEPTED, NotificationState.QUEUED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom one notification goes, by its channel."""

    address: str = field(repr=False)
    display_name: str = field(default="", repr=False)
    user_id: UUID | None = None
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One thing that is told to one recipient by one channel."""

    id: UUID
    key: str
    asked: bytes
    """A digest of what was asked for, by which the same again is known."""
    addressee: Addressee
    template: str
    template_version: int
    language: str
    category: str
    channel: str
    state: NotificationState
    created_at: datetime
    creator: str
    urgent: bool = False
    """Whether it goes before others."""
    failure: str = ""
    attempts: int = 0
    provider_id: str = ""
    digest_id: UUID | None = None
    is_digest: bool = False
    """Whether it is made of others, whose `digest_id` it is."""
    due_at: datetime | None = None
    """When it is looked at next; None when it is over or waits for its digest."""
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    expires_at: datetime | None = None
    sealed: bytes | None = field(default=None, repr=False)
    """What it says, encrypted; None when it is over."""
    sequence: int = 1
    """How many events there were about it."""

    @property
    def is_notice(self) -> bool:
        """Whether the service itself tells it, about somebody's account: no caller's key begins with a space."""
        return self.key.startswith(" ") and not self.is_digest

    def ended(
        self, state: NotificationState, *, at: datetime, failure: str = "", provider_id: str = ""
    ) -> Notification:
        """The notification, which is over; nothing of what it says is kept."""
        return replace(
            self,
            state=state,
            failure=failure,
            provider_id=provider_id or self.provider_id,
            due_at=None,
            sent_at=at if state is NotificationState.SENT else self.sent_at,
            ended_at=at,
            sealed=None,
            sequence=self.sequence + 1,
        )

    def again(self, *, at: datetime, why: str) -> Notification:
        """The notification, to be tried again."""
        return replace(self, state=NotificationState.QUEUED, due_at=at, failure=why)


def wait_before(attempt: int, *, share: float) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, an hour at most.

    `share`, from 0 to 1, is which part of the upper half is waited, so that those that failed together do not all come
    back together.
    """
    full = min(_FIRST_WAIT * float(2 ** min(max(attempt, 1) - 1, _MOST_DOUBLINGS)), _LONGEST_WAIT)
    return full / 2 + full / 2 * share


def asked_digest(*parts: object) -> bytes:
    """A digest of what was asked for."""
    return hashlib.blake2b(repr(parts).encode(errors="surrogatepass"), digest_size=16).digest()


def content_purpose(notification_id: object) -> str:
    """What the words of the notification are sealed for."""
    return f"notification {notification_id}"
