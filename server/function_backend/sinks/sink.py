"""What a broker must be able to do, and how it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event as it is handed to a broker."""

    id: str
    """The id of the event, by which a receiver knows one that comes twice."""
    key: str
    """The resource that it is about; events of one key keep their order."""
    destination: str
    """The topic, subject, routing key or stream, as the template of the broker says."""
    attributes: Mapping[str, str]
    """Attributes of the CloudEvent that become headers; none where the body holds them."""
    content_type: str
    body: bytes
    trace_context: str
    """The `traceparent` of the call that made the change; empty for none."""

    def headers(self, prefix: str) -> dict[str, str]:
        """The attributes with the prefix that the protocol binding of the broker names, and the trace context."""
        headers = {prefix + name: value for name, value in self.attributes.items()}
        if self.trace_context:
            headers["traceparent"] = self.trace_context
        return headers

    @property
    def size(self) -> int:
        """Bytes of it, more or less as a broker counts them."""
        return len(self.body) + sum(len(name) + len(value) + 8 for name, value in self.attributes.items())


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The broker has it, and keeps it as safe as it keeps anything."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker will never take it."""

    reason: str
    """A sentence for people, without anything of the event's content."""


@dataclass(frozen=True, slots=True)
class Held:
    """The broker does not take it now, and may once somebody has changed something there."""

    reason: str


Outcome: TypeAlias = Confirmed | Refused | Held

CONFIRMED = Confirmed()


class SinkAwayError(Exception):
    """The broker cannot be reached, or did not answer: nobody knows what became of the messages without an answer."""


class Sink(Protocol):
    """One broker. All methods run in the one event loop of the sink.

    Order is not its business: it is never handed two messages of one key at once.
    """

    async def connect(self) -> None:
        """Connects, and declares what is to be declared; raises SinkAwayError, which says what to do.

        What was connected before is given up first, without sending what still waits in it.
        """

    async def publish(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Hands over the messages, no two of one key, and waits for what the broker says of each, in this order.

        Raises SinkAwayError when the connection does not bear any longer; whoever calls connects anew.
        """

    async def close(self) -> None:
        """Gives up the connection; nothing is sent any more. Never raises."""
