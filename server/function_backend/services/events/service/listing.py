"""Listing events, and reading one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from function_backend.cloud_events.catalogue import EventCatalogue, EventType
from function_backend.events.log import EventFilter, LoggedEvent, find_event, head, read_events
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.events.adapters.opening import opened_for
from function_backend.services.events.domain.place import Beginning, Place
from function_backend.services.events.errors import EventNotFoundError
from function_backend.services.events.service.selection import WriteCursor, check_types, place_to_begin


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events."""

    events: Sequence[LoggedEvent]
    place: Place
    """How far the feed was read."""
    is_last: bool
    """Whether that was its end."""


class ReadEvents:
    """The use cases of reading."""

    def __init__(self, *, transactions: Transactions, catalogue: EventCatalogue, write_cursor: WriteCursor) -> None:
        self._transactions = transactions
        self._catalogue = catalogue
        self._write_cursor = write_cursor

    def page(self, caller: Principal, *, wanted: EventFilter, beginning: Beginning, limit: int) -> EventPage:
        """The events from the beginning on that the caller wants and may see, out of the next `limit` it wants."""
        check_types(self._catalogue, caller, wanted)
        with self._transactions.reading() as work:
            place = place_to_begin(work, beginning, write_cursor=self._write_cursor)
            # The end first: all events up to it are visible to what is read afterwards.
            end = Place(*head(work))
            events = read_events(work, after=place.position, since=place.moment, limit=limit, wanted=wanted)
            seen = opened_for(work, caller, [event for event in events if self._catalogue.may_see(caller, event)])
        is_last = len(events) < limit
        last = Place(events[-1].position, events[-1].recorded_at) if events else place
        return EventPage(seen, max(last, end) if is_last else last, is_last)

    def get(self, caller: Principal, event_id: UUID) -> LoggedEvent:
        """The event; EventNotFoundError when there is none that the caller may see."""
        with self._transactions.reading() as work:
            event = find_event(work, event_id)
            if event is None or not self._catalogue.may_see(caller, event):
                raise EventNotFoundError(event_id)
            [shown] = opened_for(work, caller, [event])
        return shown

    def types(self, prefix: str) -> Sequence[EventType]:
        """The types whose names begin so."""
        return [each for each in self._catalogue if each.name.startswith(prefix)]
