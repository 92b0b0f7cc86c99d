"""Work that goes on without a call: carrying events away, delivering webhooks, running jobs."""

from __future__ import annotations

from typing import Protocol


class Background(Protocol):
    """Something that a slice does by itself, in each process that does background work.

    It must be safe in several processes at once, and survive the kill of any of them: what it takes on, it takes by a
    lease or a lock in the database.
    """

    @property
    def name(self) -> str:
        """What threads, logs and metrics call it, such as `webhooks`."""

    def start(self) -> None:
        """Begins; returns at once. Called once per process, after the fork, when the database has answered."""

    def end(self) -> None:
        """The process begins to end: nothing new is to be taken on. Returns at once."""

    def close(self) -> None:
        """Waits, a few seconds at most, for what still runs; the database can still be reached."""
