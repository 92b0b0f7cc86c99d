"""Taking notifications on: written at once, sent in the background."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.cache.rate_limit import RateLimiter
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.notifications.adapters.contents import Contents
from function_backend.services.notifications.adapters.unsubscribe_tokens import Subscription, UnsubscribeTokens
from function_backend.services.notifications.domain.addresses import (
    CHAT,
    EMAIL,
    SMS,
    AddressError,
    checked_address,
    holder_digest,
    one_line,
    user_digest,
)
from function_backend.services.notifications.domain.category import ACCOUNT, SECURITY, Category
from function_backend.services.notifications.domain.notification import (
    Addressee,
    Notification,
    NotificationState,
    asked_digest,
)
from function_backend.services.notifications.domain.preference import wants
from function_backend.services.notifications.domain.template import Json, Rendered, Template
from function_backend.services.notifications.errors import (
    ChannelUnavailableError,
    NotificationKeyReusedError,
    NotificationRateLimitedError,
    RecipientInvalidError,
)
from function_backend.services.notifications.events import NotificationAccepted
from function_backend.services.notifications.repository.notification import NotificationRepository
from function_backend.services.notifications.repository.preference import PreferenceRepository
from function_backend.services.notifications.service.finding import TOPIC, caller_of, category_of_template
from function_backend.services.notifications.service.writing import Writer

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_FIELDS = {EMAIL: "email", SMS: "phone", CHAT: "chat"}
_OTHER = "other"
_BURST_SECONDS = 2.0
_LEAST_BURST = 200.0
_MOST_DIGESTS = 10
_LIMITS = UUID("0f3c8f0e-64a5-5d3e-8a39-0d1f6b2e7c55")
"""What the keys of rate limits are made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom something is told, with the addresses as they were sent."""

    addresses: Mapping[str, str] = field(repr=False)
    """By the field they stand in: `email`, `phone`, `chat`, `other`."""
    user_id: UUID | None = None
    display_name: str = field(default="", repr=False)
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be told to whom."""

    recipient: Recipient
    template: str
    variables: Mapping[str, Json] = field(repr=False)
    key: str = ""
    channel: str = ""
    send_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A notification that was taken on, now or before."""

    notification: Notification
    existed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingRules:
    """What the settings say about it."""

    channels: Sequence[str]
    """Those that are set up, in the order in which they are preferred."""
    tenant_per_second: float
    given_up_after: timedelta


class Sending:
    """The use case of sending."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        writer: Writer,
        contents: Contents,
        tokens: UnsubscribeTokens,
        limiter: RateLimiter,
        rules: SendingRules,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._writer = writer
        self._contents = contents
        self._tokens = tokens
        self._limiter = limiter
        self._rules = rules

    def send(self, wishes: Sequence[Wish], *, places: Sequence[str]) -> list[Accepted]:
        """The notifications, all or none; `places` is where each stands in the request, such as `notification.`."""
        with self._transactions() as work:
            self._limit(work, len(wishes))
            return [self.accept(work, wish, place=place) for wish, place in zip(wishes, places, strict=True)]

    def accept(self, work: UnitOfWork, wish: Wish, *, place: str = "", built_in: bool = False) -> Accepted:
        """The notification, as a part of the unit of work; with `built_in` in the words of the service."""
        channel, address = self._addressed(wish, place)
        asked = _asked(wish, channel, address)
        if wish.key:
            there = NotificationRepository(work).find_by_key(wish.key)
            if there is not None:
                return _the_same(there, asked)
        template = (
            self._writer.built_in_for(wish.template, wish.recipient.language)
            if built_in
            else self._writer.template_for(work, wish.template, wish.recipient.language)
        )
        category = category_of_template(work, template.body.category)
        notification = self._new(work, wish, template, category, channel=channel, address=address, asked=asked)
        rendered = self._writer.write(
            template,
            wish.variables,
            recipient_name=notification.addressee.display_name,
            unsubscribe_url=self.unsubscribe_url(work.tenant_id, notification, category),
        )
        return self._store(work, notification, rendered, category)

    def unsubscribe_url(self, tenant_id: UUID, notification: Notification, category: Category) -> str:
        """The link with which its recipient unsubscribes; empty where that cannot be."""
        if category.mandatory:
            return ""
        holder = holder_digest(notification.channel, notification.addressee.address)
        return self._tokens.link(Subscription(tenant_id, holder, category.name, notification.channel))

    def is_wanted(self, work: UnitOfWork, notification: Notification, category: Category) -> bool:
        """Whether its recipient wants it, as far as that was said."""
        if category.mandatory:
            return True
        addressee = notification.addressee
        holders = [holder_digest(notification.channel, addressee.address)]
        if addressee.user_id is not None:
            holders.append(user_digest(addressee.user_id))
        return wants(PreferenceRepository(work).of(holders, category.name), notification.channel)

    def _limit(self, work: UnitOfWork, count: int) -> None:
        rate = self._rules.tenant_per_second
        burst = max(rate * _BURST_SECONDS, _LEAST_BURST)
        for _ in range(count):
            wait = self._limiter.take(limit_key(work.tenant_id, "tenant"), rate=rate, burst=burst)
            if wait > 0:
                raise NotificationRateLimitedError(rate, timedelta(seconds=wait))

    def _addressed(self, wish: Wish, place: str) -> tuple[str, str]:
        """The channel and the address."""
        channels, given = self._rules.channels, wish.recipient.addresses
        if wish.channel and wish.channel not in channels:
            raise ChannelUnavailableError(wish.channel, channels)
        if not channels:
            raise ChannelUnavailableError("", channels)
        fitting = (each for each in channels if given.get(field_of(each)))
        channel = wish.channel or next(fitting, "")
        if not channel:
            raise RecipientInvalidError(
                f"{place}recipient", f"has no address for a channel that is set up; these are {', '.join(channels)}"
            )
        path = f"{place}recipient.{field_of(channel)}"
        if not given.get(field_of(channel)):
            raise RecipientInvalidError(path, f"is needed for the channel '{channel}'")
        try:
            return channel, checked_address(channel, given[field_of(channel)])
        except AddressError as error:
            raise RecipientInvalidError(path, str(error)) from None

    def _new(
        self,
        work: UnitOfWork,
        wish: Wish,
        template: Template,
        category: Category,
        *,
        channel: str,
        address: str,
        asked: bytes,
    ) -> Notification:
        now, notification_id = self._clock.now(), new_id()
        due_at = max(now, wish.send_at or now)
        later = due_at > now
        return Notification(
            id=notification_id,
            key=wish.key or str(notification_id),
            asked=asked,
            addressee=Addressee(
                address=address,
                display_name=one_line(wish.recipient.display_name),
                user_id=wish.recipient.user_id,
                language=wish.recipient.language,
            ),
            template=template.name,
            template_version=template.version,
            language=template.language,
            category=category.name,
            channel=channel,
            state=NotificationState.ACCEPTED if later else NotificationState.QUEUED,
            created_at=now,
            creator=caller_of(work),
            urgent=category.name in (ACCOUNT, SECURITY),
            due_at=due_at,
            expires_at=wish.expires_at or due_at + self._rules.given_up_after,
        )

    def _store(self, work: UnitOfWork, notification: Notification, rendered: Rendered, category: Category) -> Accepted:
        now = notification.created_at
        if not self.is_wanted(work, notification, category):
            notification = replace(
                notification.ended(NotificationState.SUPPRESSED, at=now, failure="unsubscribed"), sequence=1
            )
        else:
            if notification.state is NotificationState.QUEUED:
                notification = self._collected(work, notification, category)
            notification = replace(notification, sealed=self._contents.seal(work, notification.id, rendered))
        stored = NotificationRepository(work).add(notification)
        if stored.id != notification.id:
            return _the_same(stored, notification.asked)
        work.record(NotificationAccepted.of(notification, at=now))
        if notification.state is NotificationState.QUEUED:
            work.notify(TOPIC, "")
        return Accepted(notification=notification, existed=False)

    def _collected(self, work: UnitOfWork, notification: Notification, category: Category) -> Notification:
        """The notification as a part of the next digest, where its category has such."""
        if category.digest is None or category.mandatory:
            return notification
        at = notification.created_at
        notifications = NotificationRepository(work)
        for _ in range(_MOST_DIGESTS):
            at = category.digest.next_after(at)
            wanted = self._digest(notification, at)
            digest = notifications.find(notifications.add(wanted).id, lock=True)
            # Locked: its sender waits until this notification is in it. One that is being sent takes no more.
            if digest is not None and digest.state is NotificationState.ACCEPTED:
                return replace(
                    notification,
                    state=NotificationState.ACCEPTED,
                    digest_id=digest.id,
                    due_at=None,
                    expires_at=max(notification.expires_at or at, at + self._rules.given_up_after),
                )
        return notification

    def _digest(self, notification: Notification, at: datetime) -> Notification:
        """The digest of the recipient at this time, which is made by whoever is the first in it."""
        holder = holder_digest(notification.channel, notification.addressee.address).hex()
        # No caller's key begins with a space.
        key = f" digest {holder} {notification.channel} {notification.category} {at.isoformat()}"
        return replace(
            notification,
            id=new_id(),
            key=key,
            asked=asked_digest(key),
            template="digest",
            template_version=0,
            state=NotificationState.ACCEPTED,
            is_digest=True,
            due_at=at,
            expires_at=at + self._rules.given_up_after,
        )


def field_of(channel: str) -> str:
    """The field of a recipient in which the address for the channel stands."""
    return _FIELDS.get(channel, _OTHER)


def limit_key(tenant_id: UUID, what: str) -> UUID:
    """What a rate is counted by."""
    return uuid.uuid5(_LIMITS, f"{tenant_id}/{what}")


def _asked(wish: Wish, channel: str, address: str) -> bytes:
    return asked_digest(
        channel,
        address,
        wish.template,
        _plain(wish.variables),
        wish.send_at,
        wish.expires_at,
        wish.recipient.language,
    )


def _plain(value: Json) -> object:
    """The value in a form that is the same for what is the same."""
    if isinstance(value, Mapping):
        return sorted((name, _plain(each)) for name, each in value.items())
    return list(map(_plain, value)) if isinstance(value, list | tuple) else value


def _the_same(there: Notification, asked: bytes) -> Accepted:
    if there.asked != asked:
        raise NotificationKeyReusedError(there.key, there.id)
    return Accepted(notification=there, existed=True)
