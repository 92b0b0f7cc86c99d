"""What can be set about the folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsSettings:
    """The log of events, and its watchers."""

    kept_for: timedelta = timedelta(days=30)
    """How long events are kept, and up to a day longer, since they are dropped a day at a time. Cursors older than that
    are refused; webhooks and queues that have been away for longer miss what was dropped."""
    most_watchers: int = 5_000
    """Streams of watchers that one worker holds open."""
    longest_queue: int = 1_000
    """Events that may wait for a watcher that does not take them, and 16 MiB of them; with more, its stream ends."""

    def __post_init__(self) -> None:
        if self.kept_for < timedelta(hours=1):
            raise ValueError("kept_for must be at least an hour")
        for name in ("most_watchers", "longest_queue"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
