"""Wires the folder."""

from __future__ import annotations

from function_backend.cloud_events.catalogue import event_catalogue
from function_backend.events.log import TOPIC
from function_backend.kernel.slice import Chore, Slice
from function_backend.kernel.statistics import Reading
from function_backend.resources import Resources
from function_backend.services.events.adapters.feed import EventFeed
from function_backend.services.events.convert.cursors import Cursors
from function_backend.services.events.convert.messages import Wording
from function_backend.services.events.repository import keep_partitions
from function_backend.services.events.service.listing import ReadEvents
from function_backend.services.events.service.watching import WatchEvents
from function_backend.services.events.servicer import EventServicer, EventUseCases
from function_backend.services.events.settings import EventsSettings

_PARTITIONS_SECONDS = 300.0


def build(resources: Resources, settings: EventsSettings) -> Slice:
    """The servicer of events."""
    transactions, catalogue = resources.transactions, event_catalogue()
    cursors = Cursors(resources.page_tokens)
    wording = Wording(cursors)
    feed = EventFeed(
        transactions,
        writer=wording,
        most_watchers=settings.most_watchers,
        is_told=resources.listener_healthy,
    )
    use_cases = EventUseCases(
        watching=WatchEvents(
            transactions=transactions,
            catalogue=catalogue,
            feed=feed,
            write_cursor=cursors.write,
            longest_queue=settings.longest_queue,
        ),
        reading=ReadEvents(transactions=transactions, catalogue=catalogue, write_cursor=cursors.write),
    )
    return Slice(
        name="events",
        servicers={
            "function.events.v1.EventService": EventServicer(
                use_cases, page_tokens=resources.page_tokens, cursors=cursors, wording=wording
            )
        },
        invalidations={TOPIC: feed.changed},
        cache_resets=(feed.all_changed,),
        chores=(Chore(_PARTITIONS_SECONDS, lambda driver: keep_partitions(driver, settings.kept_for)),),
        readings={"event_watchers": Reading("Streams that watch events.", feed.watchers)},
        endings=(feed.end,),
    )
