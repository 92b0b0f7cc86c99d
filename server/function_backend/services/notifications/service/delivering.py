"""Handing notifications over, a few at a time, whichever tenant they belong to.

A sender claims what is due for some minutes and writes that down before it hands anything over. What a killed sender
had claimed is due again when these are over: nothing is lost, and where the provider knows the id of a notification,
nothing arrives twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.cache.rate_limit import RateLimiter
from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.notifications.adapters.contents import Contents
from function_backend.services.notifications.adapters.counts import Counts
from function_backend.services.notifications.domain.category import Category
from function_backend.services.notifications.domain.notification import Notification, NotificationState
from function_backend.services.notifications.domain.template import Json, Rendered
from function_backend.services.notifications.errors import TemplateFailedError, VariablesInvalidError
from function_backend.services.notifications.ports import (
    ChannelAdapter,
    OutgoingMessage,
    PermanentFailureError,
    TemporaryFailureError,
)
from function_backend.services.notifications.repository.notification import (
    NotificationRepository,
    claim_notifications,
)
from function_backend.services.notifications.service.finding import category_of_template
from function_backend.services.notifications.service.outcomes import Outcome, conclude
from function_backend.services.notifications.service.sending import Sending, limit_key
from function_backend.services.notifications.service.writing import Writer
from function_backend.vault.errors import SecretLostError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from function_backend.persistence.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)

_SYSTEM = UUID(int=0)
_EVERYWHERE = UUID(int=0)
_HELD_FOR = timedelta(minutes=5)
_LAST_BEGINS = 180.0
"""Seconds of a claim after which nothing of it is begun any more: handing one over takes a minute at most."""
_AT_ONCE = 5
_STATEMENT_SECONDS = 15.0
_CHANNEL_AWAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    message: OutgoingMessage
    adapter: ChannelAdapter
    channel: str
    parts: Sequence[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many go to whom."""

    limiter: RateLimiter
    recipient_per_hour: int
    channel_per_second: float


class Delivering:
    """Hands over what is due."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        channels: Mapping[str, ChannelAdapter],
        sending: Sending,
        writer: Writer,
        contents: Contents,
        pace: Pace,
        counts: Counts,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._channels = channels
        self._sending = sending
        self._writer = writer
        self._contents = contents
        self._pace = pace
        self._counts = counts

    def run_due(self, ending: Callable[[], bool]) -> bool:
        """Hands some over; whether there were any. Several threads and processes do it at once."""
        holder, now = new_id(), self._clock.now()
        begun_at = time.monotonic()
        claimed = self._transactions.across_tenants(
            lambda driver: claim_notifications(driver, now=now, until=now + _HELD_FOR, holder=holder, at_most=_AT_ONCE)
        )
        for tenant_id, notification_id in claimed:
            in_time = time.monotonic() - begun_at < _LAST_BEGINS
            with _own_call(tenant_id):
                if ending() or not in_time:
                    self._let_go(notification_id, holder)
                else:
                    self._try(notification_id, holder)
        return bool(claimed)

    def _try(self, notification_id: UUID, holder: UUID) -> None:
        try:
            self._deliver(notification_id, holder)
        except Exception as error:  # noqa: BLE001  one that fails must not hold up those that were claimed with it
            # It is due again when the claim is over. What the failure says may hold the address.
            _log.error(
                "a notification could not be seen to: %s",
                type(error).__name__,
                extra={"notification_id": str(notification_id)},
            )

    def _deliver(self, notification_id: UUID, holder: UUID) -> None:
        with self._transactions.apart() as work:
            notification = NotificationRepository(work).held(notification_id, holder)
            prepared = None if notification is None else self._prepare(work, notification)
        if prepared is None:
            return
        outcome = self._hand_over(prepared)
        with _own_call(None), self._transactions.apart() as work:
            held = NotificationRepository(work).held(notification_id, holder)
            if held is None:
                # Another sender has it by now. What was handed over is handed over: see the module.
                _log.warning("a notification was handed over too late", extra={"notification_id": str(notification_id)})
                return
            conclude(work, held, outcome, at=self._clock.now())
        self._counts.count(prepared.channel, "retried" if outcome.state is None else outcome.state.value)

    def _hand_over(self, prepared: _Prepared) -> Outcome:
        begun_at = time.monotonic()
        try:
            provider_id = prepared.adapter.send(prepared.message)
        except TemporaryFailureError as error:
            return Outcome(state=None, why=str(error), retry_after=error.retry_after)
        except PermanentFailureError as error:
            return Outcome(state=NotificationState.FAILED, why=str(error), with_parts=prepared.parts)
        except Exception as error:  # noqa: BLE001  a channel of another package may fail in any way
            # What it says may hold the address.
            _log.error("the channel %s failed: %s", prepared.channel, type(error).__name__)
            return Outcome(state=None, why=f"the channel failed ({type(error).__name__})")
        finally:
            self._counts.took(prepared.channel, time.monotonic() - begun_at)
        return Outcome(state=NotificationState.SENT, provider_id=provider_id, with_parts=prepared.parts)

    def _prepare(self, work: UnitOfWork, notification: Notification) -> _Prepared | None:
        """What is to be handed over; None when that was settled here: it is too late, unwanted, or not its turn."""
        now = self._clock.now()
        if not notification.addressee.address:
            lost = Outcome(state=NotificationState.FAILED, why="whom it is for cannot be read any more")
            self._settle(work, notification, lost)
            return None
        category = category_of_template(work, notification.category)
        outcome = self._without_sending(work, notification, category)
        if outcome is not None:
            self._settle(work, notification, outcome)
            return None
        wait = self._wait(work, notification)
        if wait > 0:
            again = replace(notification.again(at=now + timedelta(seconds=wait), why="waits for its turn"))
            NotificationRepository(work).save(replace(again, attempts=notification.attempts - 1))
            return None
        try:
            rendered, parts = self._said(work, notification, category)
        except SecretLostError:
            lost = Outcome(state=NotificationState.FAILED, why="what it says cannot be read any more")
            self._settle(work, notification, lost)
            return None
        if rendered is None:
            self._settle(work, notification, Outcome(state=NotificationState.CANCELLED, why="nothing is left of it"))
            return None
        return _Prepared(
            message=self._message(work, notification, category, rendered),
            adapter=self._channels[notification.channel],
            channel=notification.channel,
            parts=parts,
        )

    def _without_sending(self, work: UnitOfWork, notification: Notification, category: Category) -> Outcome | None:
        parts = [each.id for each in NotificationRepository(work).waiting_in(notification.id)]
        if notification.expires_at is not None and notification.expires_at <= self._clock.now():
            why = "it was not sent in time" + (f": {notification.failure}" if notification.failure else "")
            return Outcome(state=NotificationState.FAILED, why=why, with_parts=parts)
        if not self._sending.is_wanted(work, notification, category):
            return Outcome(state=NotificationState.SUPPRESSED, why="unsubscribed", with_parts=parts)
        if notification.channel not in self._channels:
            # The operator may have set it up on another server, or set it up again.
            return Outcome(state=None, why="the channel is not set up here", retry_after=_CHANNEL_AWAY)
        return None

    def _wait(self, work: UnitOfWork, notification: Notification) -> float:
        """Seconds until it is the turn of the recipient and of the channel; 0 when it is."""
        per_hour = self._pace.recipient_per_hour
        # Notices have a rate of their own, so that nobody is kept from hearing of a new password by many messages.
        what = "notice" if notification.is_notice else notification.channel
        who = limit_key(work.tenant_id, f"{what}:{notification.addressee.address.casefold()}")
        wait = self._pace.limiter.take(who, rate=per_hour / 3600, burst=float(per_hour))
        if wait > 0:
            return wait
        per_second = self._pace.channel_per_second
        channel = limit_key(_EVERYWHERE, notification.channel)
        return self._pace.limiter.take(channel, rate=per_second, burst=max(1.0, per_second))

    def _said(
        self, work: UnitOfWork, notification: Notification, category: Category
    ) -> tuple[Rendered | None, Sequence[UUID]]:
        """What it says, and those that go with it; nothing for a digest of which nothing is left."""
        if not notification.is_digest:
            return self._contents.open(work, notification.id, notification.sealed or b""), ()
        parts = NotificationRepository(work).waiting_in(notification.id)
        said = [self._contents.open(work, each.id, each.sealed or b"") for each in parts]
        ids = [each.id for each in parts]
        if len(said) <= 1:
            return (said[0] if said else None), ids
        items: list[Json] = [
            {"subject": rendered.subject, "text": rendered.short_text, "when": part.created_at.isoformat()}
            for part, rendered in zip(parts, said, strict=True)
        ]
        variables: Mapping[str, Json] = {"items": items, "category": category.description or category.name}
        return self._digest(work, notification, category, variables), ids

    def _digest(
        self, work: UnitOfWork, notification: Notification, category: Category, variables: Mapping[str, Json]
    ) -> Rendered:
        language = notification.addressee.language
        link = self._sending.unsubscribe_url(work.tenant_id, notification, category)
        name = notification.addressee.display_name
        template = self._writer.template_for(work, notification.template, language)
        try:
            return self._writer.write(template, variables, recipient_name=name, unsubscribe_url=link)
        except (TemplateFailedError, VariablesInvalidError) as error:
            # The tenant's own wording fails; what was collected is told all the same.
            _log.warning("a tenant's template of digests failed: %s", error.reason)
            usual = self._writer.built_in_for(notification.template, language)
            return self._writer.write(usual, variables, recipient_name=name, unsubscribe_url=link)

    def _message(
        self, work: UnitOfWork, notification: Notification, category: Category, rendered: Rendered
    ) -> OutgoingMessage:
        return OutgoingMessage(
            id=notification.id,
            tenant_id=work.tenant_id,
            to=notification.addressee.address,
            display_name=notification.addressee.display_name,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            short_text=rendered.short_text,
            category=category.name,
            language=notification.language,
            unsubscribe_url=self._sending.unsubscribe_url(work.tenant_id, notification, category),
        )

    def _settle(self, work: UnitOfWork, notification: Notification, outcome: Outcome) -> None:
        conclude(work, notification, outcome, at=self._clock.now())
        self._counts.count(notification.channel, "retried" if outcome.state is None else outcome.state.value)

    def _let_go(self, notification_id: UUID, holder: UUID) -> None:
        """Nothing was begun with it: it is due at once for another sender."""
        with self._transactions.apart() as work:
            held = NotificationRepository(work).held(notification_id, holder)
            if held is not None:
                again = held.again(at=self._clock.now(), why=held.failure)
                NotificationRepository(work).save(replace(again, attempts=held.attempts - 1))


@contextmanager
def _own_call(tenant_id: UUID | None) -> Iterator[None]:
    """A call of the service's own for the tenant, or one more for the same, with a time limit of its own."""
    if tenant_id is None:
        outer = current_call.get()
        principal = None if outer is None else outer.principal
    else:
        principal = Principal("system", _SYSTEM, tenant_id, PermissionSet(frozenset()))
    call = Call(
        "function-backend/notifications",
        str(new_id()),
        deadline=time.monotonic() + _STATEMENT_SECONDS,
        principal=principal,
    )
    token = current_call.set(call)
    try:
        yield
    finally:
        current_call.reset(token)
