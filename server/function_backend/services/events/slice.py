"""Wires the folder."""

from __future__ import annotations

from function_backend.cloud_events.catalogue import event_catalogue
from function_backend.events.log import TOPIC
from function_backend.jobs.purging import purge_schedule
from function_backend.kernel.slice import Chore, Slice
from function_backend.kernel.statistics import Reading
from function_backend.resources import Resources
from function_backend.services.events.adapters.feed import EventFeed
from function_backend.services.events.convert.cursors import Cursors
from function_backend.services.events.convert.dead_letter import EVENT_PAYLOADS
from function_backend.services.events.convert.messages import Wording
from function_backend.services.events.repository.feed import drop_old, make_partitions
from function_backend.services.events.service.dead_letters import DeadLetters
from function_backend.services.events.service.listing import ReadEvents
from function_backend.services.events.service.watching import WatchEvents
from function_backend.services.events.servicer.dead_letter import DeadLetterServicer
from function_backend.services.events.servicer.feed import EventServicer, EventUseCases
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
    letters = DeadLetters(transactions=transactions, clock=resources.clock, page_tokens=resources.page_tokens)
    return Slice(
        name="events",
        servicers={
            "function.events.v1.EventService": EventServicer(
                use_cases, page_tokens=resources.page_tokens, cursors=cursors, wording=wording
            ),
            "function.events.v1.DeadLetterService": DeadLetterServicer(letters),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={TOPIC: feed.changed},
        cache_resets=(feed.all_changed,),
        chores=(Chore(_PARTITIONS_SECONDS, make_partitions),),
        schedules=(
            purge_schedule(
                "events.retention",
                lambda driver, _: drop_old(driver, settings.kept_for),
                transactions=transactions,
                clock=resources.clock,
                cron="37 * * * *",
            ),
        ),
        readings={"event_watchers": Reading("Streams that watch events.", feed.watchers)},
        endings=(feed.end,),
    )
