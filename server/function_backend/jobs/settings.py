"""What can be set about jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSettings:
    """How the processes that do background work run jobs."""

    threads: int = 4
    """Jobs that one process runs at once."""
    lease: timedelta = timedelta(seconds=15)
    """How long a process may be silent before others take its jobs over. It must be the same on every server."""
    poll: timedelta = timedelta(seconds=1)
    """How often a process looks for jobs of which it was not told."""

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError("threads must be at least 1")
        if self.lease < timedelta(seconds=1):
            raise ValueError("lease must be at least 1s")
        if self.poll < timedelta(milliseconds=10):
            raise ValueError("poll must be at least 10ms")
