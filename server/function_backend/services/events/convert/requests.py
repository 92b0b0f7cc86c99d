"""What callers ask of the feed, from the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from function.events.v1 import event_service_pb2 as wire
from function_backend.events.log import EventFilter
from function_backend.kernel.pagination import PageTokens
from function_backend.services.events.convert.cursors import Cursors, place_key, place_of
from function_backend.services.events.domain.place import Beginning, Place
from function_backend.timestamps import read_moment

_DEFAULT_INTERVAL = 30.0
_DEFAULT_SIZE = 100


def wanted(message: wire.EventFilter) -> EventFilter:
    """Which events somebody wants."""
    return EventFilter(
        types=tuple(message.types),
        subject_types=tuple(message.subject_types),
        subject_ids=tuple(map(UUID, message.subject_ids)),
        labels=dict(message.labels),
    )


def beginning(message: wire.EventStart, tenant_id: UUID, cursors: Cursors) -> Beginning:
    """Where somebody wants to begin."""
    at = message.WhichOneof("at")
    if at == "cursor":
        return Beginning(place=cursors.read(tenant_id, message.cursor))
    if at == "time":
        return Beginning(moment=read_moment(message.time, "start.time"))
    return Beginning(oldest=at == "oldest")


def interval(request: wire.WatchRequest) -> float:
    """Seconds between two messages at most."""
    if not request.HasField("checkpoint_interval"):
        return _DEFAULT_INTERVAL
    return request.checkpoint_interval.seconds + request.checkpoint_interval.nanos / 1e9


@dataclass(frozen=True, slots=True)
class AskedPage:
    """Which page of a list somebody asks for."""

    beginning: Beginning
    limit: int
    token_behind: Callable[[Place], str]
    """The token of the page behind a place."""


def asked_page(request: wire.ListEventsRequest, tenant_id: UUID, tokens: PageTokens, cursors: Cursors) -> AskedPage:
    """Which page somebody asks for; InvalidPageTokenError for the token of another list."""
    query = wire.ListEventsRequest(filter=request.filter, start=request.start)
    bound = (str(tenant_id), "list_events", query.SerializeToString(deterministic=True).hex())
    key = tokens.read(bound, request.page_token)
    if key is not None:
        asked = Beginning(place=place_of(key))
    elif request.HasField("start"):
        asked = beginning(request.start, tenant_id, cursors)
    else:
        asked = Beginning(oldest=True)
    return AskedPage(asked, request.page_size or _DEFAULT_SIZE, lambda place: tokens.write(bound, place_key(place)))
