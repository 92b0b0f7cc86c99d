"""The feed of events over gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from function.events.v1 import event_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.identity import Principal
from function_backend.kernel.pagination import PageTokens
from function_backend.kernel.stream import OpenStream, keeps_no_thread
from function_backend.services.events.convert import messages, requests
from function_backend.services.events.convert.cursors import Cursors
from function_backend.services.events.convert.messages import Wording
from function_backend.services.events.service.listing import ReadEvents
from function_backend.services.events.service.watching import WatchEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class EventUseCases:
    """What the servicer calls."""

    watching: WatchEvents
    reading: ReadEvents


class EventServicer:
    """`function.events.v1.EventService`."""

    def __init__(
        self, use_cases: EventUseCases, *, page_tokens: PageTokens, cursors: Cursors, wording: Wording
    ) -> None:
        self._do = use_cases
        self._page_tokens = page_tokens
        self._cursors = cursors
        self._wording = wording

    @keeps_no_thread
    def Watch(self, request: wire.WatchRequest, context: Call, stream: OpenStream) -> None:
        caller = _caller(context)
        self._do.watching.watch(
            caller,
            stream,
            wanted=requests.wanted(request.filter),
            beginning=requests.beginning(request.start, caller.tenant_id, self._cursors),
            interval=requests.interval(request),
        )

    def ListEvents(self, request: wire.ListEventsRequest, context: Call) -> wire.ListEventsResponse:
        caller = _caller(context)
        asked = requests.asked_page(request, caller.tenant_id, self._page_tokens, self._cursors)
        page = self._do.reading.page(
            caller, wanted=requests.wanted(request.filter), beginning=asked.beginning, limit=asked.limit
        )
        return wire.ListEventsResponse(
            events=map(self._wording.placed, page.events),
            next_page_token="" if page.is_last else asked.token_behind(page.place),
            cursor=self._wording.cursor(caller.tenant_id, page.place),
        )

    def GetEvent(self, request: wire.GetEventRequest, context: Call) -> wire.GetEventResponse:
        event = self._do.reading.get(_caller(context), UUID(request.id))
        return wire.GetEventResponse(event=self._wording.placed(event))

    def ListEventTypes(self, request: wire.ListEventTypesRequest, context: Call) -> wire.ListEventTypesResponse:
        return messages.event_types(self._do.reading.types(request.prefix), _caller(context))


def _caller(call: Call) -> Principal:
    if call.principal is None:
        raise RuntimeError("the pipeline lets nobody in without a principal")
    return call.principal
