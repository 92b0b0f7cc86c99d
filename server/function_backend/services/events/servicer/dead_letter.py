"""Dead letters over gRPC."""

from __future__ import annotations

from uuid import UUID

from function.events.v1 import dead_letter_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.events.convert.dead_letter import dead_letter
from function_backend.services.events.service.dead_letters import DeadLetters


class DeadLetterServicer:
    """`function.events.v1.DeadLetterService`."""

    def __init__(self, letters: DeadLetters) -> None:
        self._do = letters

    def GetDeadLetter(self, request: wire.GetDeadLetterRequest, context: Call) -> wire.GetDeadLetterResponse:
        return wire.GetDeadLetterResponse(dead_letter=dead_letter(self._do.get(UUID(request.id))))

    def ListDeadLetters(self, request: wire.ListDeadLettersRequest, context: Call) -> wire.ListDeadLettersResponse:
        found, token = self._do.list_page(
            consumer=request.consumer,
            event_type=request.event_type,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return wire.ListDeadLettersResponse(dead_letters=map(dead_letter, found), next_page_token=token)

    def ResendDeadLetter(self, request: wire.ResendDeadLetterRequest, context: Call) -> wire.ResendDeadLetterResponse:
        return wire.ResendDeadLetterResponse(dead_letter=dead_letter(self._do.resend(UUID(request.id))))

    def DiscardDeadLetter(
        self, request: wire.DiscardDeadLetterRequest, context: Call
    ) -> wire.DiscardDeadLetterResponse:
        return wire.DiscardDeadLetterResponse(dead_letter=dead_letter(self._do.discard(UUID(request.id))))
