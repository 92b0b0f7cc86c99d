"""Wires the folder."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Mapping

from function_backend.cloud_events.catalogue import event_catalogue
from function_backend.events import log as event_log
from function_backend.events.consumers import EventConsumer
from function_backend.events.consumption import Habits
from function_backend.jobs.purging import purge_schedule
from function_backend.kernel.slice import Slice
from function_backend.kernel.statistics import Reading
from function_backend.resources import Resources
from function_backend.services.webhooks.adapters.posting import Posting
from function_backend.services.webhooks.adapters.recipients import Recipients
from function_backend.services.webhooks.adapters.replayer import Replayer
from function_backend.services.webhooks.adapters.sender import Sender
from function_backend.services.webhooks.adapters.transport import HttpClient, Resolver, SystemResolver, Transport
from function_backend.services.webhooks.adapters.whole_bodies import WholeBodies
from function_backend.services.webhooks.convert.bodies import EventBodies
from function_backend.services.webhooks.convert.events import EVENT_PAYLOADS
from function_backend.services.webhooks.domain.addresses import AddressRules
from function_backend.services.webhooks.domain.outcomes import Outcomes
from function_backend.services.webhooks.domain.retries import RetrySchedule
from function_backend.services.webhooks.repository import delivery, replay
from function_backend.services.webhooks.repository.sealed import SEALED_PLACES
from function_backend.services.webhooks.repository.sending import Limits, purge
from function_backend.services.webhooks.service.deliveries import Deliveries
from function_backend.services.webhooks.service.endpoints import Endpoints, UrlRules
from function_backend.services.webhooks.service.failing import Failing
from function_backend.services.webhooks.service.fanning_out import FanningOut, Matching
from function_backend.services.webhooks.service.replays import Replays
from function_backend.services.webhooks.service.secrets import Secrets
from function_backend.services.webhooks.servicer import WebhookServicer, WebhookUseCases
from function_backend.services.webhooks.settings import WebhooksSettings


def build(resources: Resources, settings: WebhooksSettings) -> Slice:
    """The servicer of webhooks, and what goes on in the background."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    rules = AddressRules(tuple(ipaddress.ip_network(text) for text in settings.allowed_networks))
    bodies = EventBodies(event_catalogue())
    matching = Matching(bodies)
    replays = Replays(transactions=transactions, clock=clock, matching=matching, kept_for=settings.kept_for)
    use_cases = WebhookUseCases(
        endpoints=Endpoints(
            transactions=transactions,
            clock=clock,
            page_tokens=page_tokens,
            vault=resources.vault,
            urls=UrlRules(rules, allow_http=settings.allow_http),
            most_endpoints=settings.most_endpoints,
        ),
        secrets=Secrets(transactions=transactions, clock=clock, vault=resources.vault),
        deliveries=Deliveries(
            transactions=transactions,
            clock=clock,
            page_tokens=page_tokens,
            forms=bodies,
            kept_for=settings.kept_for,
            trace_context=resources.trace_context,
        ),
        replays=replays,
    )
    fan_out = EventConsumer(
        "webhooks",
        FanningOut(clock=clock, matching=matching, kept_for=settings.kept_for),
        transactions=transactions,
        # An endpoint may be there before the first process that does background work is; each knows since when it is.
        habits=Habits(from_start=True),
    )
    resolver = SystemResolver(threads=settings.in_flight)
    sender = _sender(resources, settings, WholeBodies(transactions, bodies), rules=rules, resolver=resolver)
    replayer = Replayer(transactions=transactions, go_on=replays.go_on)
    return Slice(
        name="webhooks",
        sealed_places=SEALED_PLACES,
        servicers={"function.webhooks.v1.WebhookService": WebhookServicer(use_cases)},
        event_payloads=EVENT_PAYLOADS,
        invalidations={event_log.TOPIC: fan_out.wake, delivery.TOPIC: sender.wake, replay.TOPIC: replayer.wake},
        schedules=(purge_schedule("webhooks.purge_deliveries", purge, transactions=transactions, clock=clock),),
        background=(fan_out, sender, replayer),
        consumers={"webhooks": fan_out.progress},
        readings=_readings(sender),
        cache_resets=(fan_out.wake_all, sender.wake, replayer.wake),
        closings=(resolver.close,),
    )


def _sender(
    resources: Resources, settings: WebhooksSettings, whole: WholeBodies, *, rules: AddressRules, resolver: Resolver
) -> Sender:
    clock = resources.clock
    recipients = Recipients(
        transactions=resources.transactions, vault=resources.vault, clock=clock, allow_http=settings.allow_http
    )

    def posting() -> Posting:
        transport = Transport(
            rules=rules,
            timeout=settings.attempt_timeout,
            resolver=resolver,
            open_client=lambda: _http_client(settings),
        )
        return Posting(recipients, whole, transport, clock)

    return Sender(
        transactions=resources.transactions,
        clock=clock,
        posting=posting,
        # Our own: the program we run in may have seeded the shared one.
        outcomes=Outcomes(RetrySchedule(settings.retry_for), random.Random()),  # noqa: S311 - spreads load only
        limits=Limits(settings.in_flight, settings.in_flight_per_endpoint, settings.rate_limit_per_second),
        attempt_timeout=settings.attempt_timeout,
        failing=Failing(transactions=resources.transactions, clock=clock, disable_after=settings.disable_after),
    )


def _http_client(settings: WebhooksSettings) -> HttpClient:
    from function_backend.services.webhooks.adapters.http_client import AioHttpClient  # noqa: PLC0415 - see there

    return AioHttpClient(
        timeout=settings.attempt_timeout,
        kept_response=settings.kept_response,
        connections=settings.in_flight,
        ca_file=settings.ca_file,
    )


def _readings(sender: Sender) -> Mapping[str, Reading]:
    done = sender.statistics
    return {
        "webhook_attempts_in_flight": Reading("Deliveries that are being attempted.", lambda: done.in_flight),
        "webhook_attempts_delivered": Reading("Attempts that arrived since the start.", lambda: done.delivered),
        "webhook_attempts_failed": Reading("Attempts that did not arrive since the start.", lambda: done.failed),
        "webhook_attempt_seconds": Reading("Time that all attempts took together.", lambda: done.attempt_seconds),
        "webhook_first_attempts": Reading("First attempts since the start.", lambda: done.first_attempts),
        "webhook_first_attempt_delay_seconds": Reading(
            "Time from queueing deliveries to their first attempts, all together.", lambda: done.first_attempt_seconds
        ),
        "webhook_deliveries_open": Reading("Deliveries that wait or are attempted.", lambda: done.open_deliveries),
        "webhook_endpoints_due": Reading("Endpoints with deliveries that are due.", lambda: done.due_endpoints),
    }
