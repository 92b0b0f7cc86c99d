"""Events as they are handed to brokers: CloudEvents in binary or structured mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from function_backend.sinks.sink import Message
from function_backend.sinks.template import Template

if TYPE_CHECKING:
    from function_backend.events.log import LoggedEvent
    from function_backend.sinks.settings import SinksSettings


class MessageMaker:
    """Makes the messages for one broker."""

    def __init__(self, settings: SinksSettings, destination: str) -> None:
        """`destination` is the template of the topic, subject, routing key or stream."""
        self._structured = settings.content_mode == "structured"
        self._json = settings.data_format == "json"
        self._destination = Template(destination)

    def make(self, event: LoggedEvent) -> Message:
        """The message of an event."""
        raise NotImplementedError
