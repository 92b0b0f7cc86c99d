"""What a caller may ask for, and where it may begin."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from uuid import UUID

from function_backend.cloud_events.catalogue import EventCatalogue
from function_backend.events.log import PREFIX_MARK, EventFilter, head, position_at, type_matches
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.events.domain.place import Beginning, Place
from function_backend.services.events.errors import EventCursorExpiredError, EventTypeHiddenError, UnknownEventTypeError
from function_backend.services.events.repository import kept_since, oldest_kept

WriteCursor = Callable[[UUID, Place], str]
"""Makes the cursor of a place of the tenant."""

_CLOSE_ENOUGH = 0.8


def check_types(catalogue: EventCatalogue, principal: Principal, wanted: EventFilter) -> None:
    """Refuses types that are asked for by name and that nobody, or not this caller, may see.

    What is asked for by a prefix is passed over instead. Raises UnknownEventTypeError, EventTypeHiddenError.
    """
    for name in wanted.types:
        matching = [each for each in catalogue if type_matches(name, each.name)]
        if not matching:
            raise UnknownEventTypeError(name, _nearest(catalogue, name))
        if not name.endswith(PREFIX_MARK) and not matching[0].is_visible(principal):
            raise EventTypeHiddenError(name, matching[0].permission)


def place_to_begin(work: UnitOfWork, beginning: Beginning, *, write_cursor: WriteCursor) -> Place:
    """Where the caller begins; EventCursorExpiredError when something that would follow is not kept any more."""
    if beginning.place is not None:
        _refuse_when_dropped(work, beginning.place, write_cursor)
        return beginning.place
    if beginning.moment is not None:
        # The end first: what is recorded in between has a position behind it.
        end = head(work)
        place = Place(position_at(work, beginning.moment), beginning.moment)
        _refuse_when_dropped(work, place, write_cursor, by_moment=True)
        return Place(*end) if place.position >= end.position else place
    if beginning.oldest:
        found = oldest_kept(work)
        return Place(*head(work)) if found is None else Place(found[0] - 1, found[1])
    return Place(*head(work))


def _refuse_when_dropped(work: UnitOfWork, place: Place, write_cursor: WriteCursor, *, by_moment: bool = False) -> None:
    if place.moment >= kept_since(work):
        return
    found, end = oldest_kept(work), head(work)
    position, moment = (end.position + 1, end.recorded_at) if found is None else found
    # What was dropped cannot be asked for its moment: of a moment, all of it may be missed.
    missed = position - 1 if by_moment else position - 1 - place.position
    if missed > 0:
        cursor = write_cursor(work.tenant_id, Place(position - 1, moment))
        raise EventCursorExpiredError(oldest_cursor=cursor, oldest_at=moment, missed=missed)


def _nearest(catalogue: EventCatalogue, name: str) -> str:
    close = difflib.get_close_matches(name, [each.name for each in catalogue], n=1, cutoff=_CLOSE_ENOUGH)
    return close[0] if close else ""
