"""Events and their types, to the wire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from uuid import UUID

from function.events.v1 import event_service_pb2 as wire
from function_backend.cloud_events.catalogue import EventType
from function_backend.cloud_events.envelope import as_json, as_message
from function_backend.cloud_events.examples import example_of
from function_backend.events.log import LoggedEvent
from function_backend.kernel.identity import Principal
from function_backend.services.events.convert.cursors import Cursors
from function_backend.services.events.convert.framing import repeated
from function_backend.services.events.domain.place import Place

_EVENTS, _CURSOR = 1, 2  # Field numbers in WatchResponse.
_MOST_KEPT = 2_000


class Wording:
    """Writes events with their cursors; what several watchers of a tenant get is written once."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._cursor = lru_cache(_MOST_KEPT)(cursors.write)
        self._placed: dict[tuple[UUID, int, bool], bytes] = {}

    def placed(self, event: LoggedEvent) -> wire.PlacedEvent:
        """The event and the cursor behind it."""
        place = Place(event.position, event.recorded_at)
        return wire.PlacedEvent(event=as_message(event), cursor=self._cursors.write(event.tenant_id, place))

    def placed_bytes(self, event: LoggedEvent) -> bytes:
        """The same, serialised."""
        # Some watchers get an event as a whole, and others without what is sensitive in it.
        key = (event.tenant_id, event.position, bool(event.sealed))
        found = self._placed.get(key)
        if found is None:
            if len(self._placed) >= _MOST_KEPT:
                # All at once: what is there is old after a moment.
                self._placed = {}
            found = self._placed[key] = self.placed(event).SerializeToString()
        return found

    def cursor(self, tenant_id: UUID, place: Place) -> str:
        """The cursor of the place."""
        return self._cursor(tenant_id, place)

    def watched(self, tenant_id: UUID, placed: Sequence[bytes], place: Place) -> bytes:
        """A message of a watched feed; without events, a checkpoint."""
        return repeated(_EVENTS, placed) + repeated(_CURSOR, [self._cursor(tenant_id, place).encode()])


def event_types(types: Iterable[EventType], principal: Principal) -> wire.ListEventTypesResponse:
    """The types, and whether the caller may see them."""
    return wire.ListEventTypesResponse(types=[_event_type(each, principal) for each in types])


def _event_type(value: EventType, principal: Principal) -> wire.EventType:
    example = example_of(value)
    return wire.EventType(
        name=value.name,
        description=value.description,
        subject_type=value.subject_type,
        permission=value.permission,
        visible=value.is_visible(principal),
        example=as_message(example),
        example_json=as_json(example).decode(),
    )
