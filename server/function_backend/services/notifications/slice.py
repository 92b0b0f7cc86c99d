"""Wires the folder."""

from __future__ import annotations

from function_backend.kernel.slice import Chore, Slice
from function_backend.persistence.wire import Driver
from function_backend.resources import Resources
from function_backend.services.notifications.adapters.channels import open_channels
from function_backend.services.notifications.adapters.contents import Contents
from function_backend.services.notifications.adapters.counts import Counts
from function_backend.services.notifications.adapters.rendering import JinjaEngine
from function_backend.services.notifications.adapters.senders import Senders
from function_backend.services.notifications.adapters.unsubscribe_tokens import UnsubscribeTokens
from function_backend.services.notifications.convert.events import EVENT_PAYLOADS
from function_backend.services.notifications.domain.addresses import EMAIL
from function_backend.services.notifications.repository.notification import (
    purge_notifications,
    waiting_notifications,
)
from function_backend.services.notifications.repository.sealed import SEALED_PLACES
from function_backend.services.notifications.service.delivering import Delivering, Pace
from function_backend.services.notifications.service.finding import TOPIC
from function_backend.services.notifications.service.preferences import Categories, Preferences
from function_backend.services.notifications.service.reading import Reading
from function_backend.services.notifications.service.sending import Sending, SendingRules
from function_backend.services.notifications.service.telling import Telling
from function_backend.services.notifications.service.templates import Templates
from function_backend.services.notifications.service.writing import Writer
from function_backend.services.notifications.servicer import NotificationServicer, NotificationUseCases
from function_backend.services.notifications.settings import NotificationsSettings

_PURGE_SECONDS = 60.0
_COUNT_SECONDS = 10.0


def build(resources: Resources, settings: NotificationsSettings) -> Slice:
    """The servicer of notifications, and the threads that send them."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    channels = open_channels(settings.channel_policies, clock.now)
    engine = JinjaEngine()
    writer = Writer(engine, usual_language=settings.language)
    contents = Contents(resources.vault)
    tokens = UnsubscribeTokens(page_tokens, public_url=settings.public_url)
    sending = Sending(
        transactions=transactions,
        clock=clock,
        writer=writer,
        contents=contents,
        tokens=tokens,
        limiter=resources.limiter,
        rules=SendingRules(
            channels=tuple(channels),
            tenant_per_second=settings.tenant_per_second,
            given_up_after=settings.given_up_after,
        ),
    )
    counts = Counts(resources.registry)
    delivering = Delivering(
        transactions=transactions,
        clock=clock,
        channels=channels,
        sending=sending,
        writer=writer,
        contents=contents,
        pace=Pace(
            limiter=resources.limiter,
            recipient_per_hour=settings.recipient_per_hour,
            channel_per_second=settings.channel_per_second,
        ),
        counts=counts,
    )
    senders = Senders(delivering.run_due, threads=settings.senders)
    templates = Templates(
        transactions=transactions,
        clock=clock,
        page_tokens=page_tokens,
        engine=engine,
        writer=writer,
        most_templates=settings.most_templates,
    )
    telling = Telling(
        sending,
        links={
            "auth.invitation": settings.invitation_link,
            "auth.password_reset": settings.password_reset_link,
        },
    )

    def purge(driver: Driver) -> None:
        purge_notifications(driver, clock.now() - settings.kept_for)

    return Slice(
        name="notifications",
        sealed_places=SEALED_PLACES,
        servicers={
            "function.notifications.v1.NotificationService": NotificationServicer(
                NotificationUseCases(
                    sending=sending,
                    reading=Reading(transactions=transactions, clock=clock, page_tokens=page_tokens),
                    templates=templates,
                    categories=Categories(transactions=transactions, clock=clock),
                    preferences=Preferences(transactions=transactions, clock=clock, tokens=tokens),
                    channels=channels,
                )
            )
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={TOPIC: senders.wake},
        chores=(
            Chore(_PURGE_SECONDS, purge),
            Chore(_COUNT_SECONDS, lambda driver: counts.wait(waiting_notifications(driver, clock.now()))),
        ),
        background=(senders,),
        notices=telling.tell if EMAIL in channels else None,
        closings=tuple(adapter.close for adapter in channels.values()),
    )
