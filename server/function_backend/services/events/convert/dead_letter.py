"""Dead letters on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function.events.v1 import dead_letter_events_pb2, dead_letter_pb2
from function_backend.kernel.events import DomainEvent
from function_backend.services.events.domain.dead_letter import DeadLetter
from function_backend.services.events.events import DeadLetterDiscarded, DeadLetterEvent, DeadLetterResent
from function_backend.timestamps import timestamp


def dead_letter(letter: DeadLetter) -> dead_letter_pb2.DeadLetter:
    """The message."""
    return dead_letter_pb2.DeadLetter(
        id=str(letter.id),
        consumer=letter.consumer,
        event_id=str(letter.event_id),
        event_type=letter.type,
        subject_type=letter.subject_type,
        subject_id=str(letter.subject_id),
        attempts=letter.attempts,
        failure=letter.failure,
        set_aside_time=timestamp(letter.set_aside_at),
        resend_time=None if letter.resend_at is None else timestamp(letter.resend_at),
    )


def _payload(message: type[Any]) -> Callable[[DeadLetterEvent], bytes]:
    def serialised(event: DeadLetterEvent) -> bytes:
        written: bytes = message(dead_letter=dead_letter(event.letter)).SerializeToString()
        return written

    return serialised


EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    DeadLetterResent: _payload(dead_letter_events_pb2.DeadLetterResent),
    DeadLetterDiscarded: _payload(dead_letter_events_pb2.DeadLetterDiscarded),
}
"""Event class to the function that serialises its message."""
