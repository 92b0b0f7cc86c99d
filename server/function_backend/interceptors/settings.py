"""What an operator may set about the way of a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """Limits of calls, and what errors point to."""

    minimum_deadline: timedelta = timedelta(milliseconds=5)
    """A call with less time left is refused at once."""
    default_deadline: timedelta = timedelta(seconds=30)
    """For unary calls that set no deadline."""
    rate_limit_per_second: int = 20_000
    """Calls per second of one API key on this host, unless the key says otherwise; with Redis, on all hosts."""
    anonymous_rate_limit_per_second: int = 500
    """Calls per second without a credential, such as those for tokens, from one network address (of IPv6 from one /64)
    on this host; with Redis, on all hosts."""
    rate_limit_burst: timedelta = timedelta(seconds=1)
    """How much of its rate a key may use at once after a pause."""
    longest_wait: timedelta = timedelta(seconds=2)
    """Calls are refused as overload when a new one would wait longer for a thread."""
    longest_queue: int = 2_000
    """Calls are refused as overload when more wait for a thread of one worker."""
    largest_response: int = 4 * 1024 * 1024
    """Bytes of one response message; clients refuse more than 4 MiB unless told otherwise."""
    help_page: str = "docs/errors.md"
    """The page that errors link to, with the reason as its anchor."""

    def __post_init__(self) -> None:
        for name in ("minimum_deadline", "default_deadline", "rate_limit_burst", "longest_wait"):
            if getattr(self, name) < timedelta():
                raise ValueError(f"{name} must not be negative")
        for name in ("rate_limit_per_second", "anonymous_rate_limit_per_second", "longest_queue", "largest_response"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.default_deadline <= self.minimum_deadline:
            raise ValueError("default_deadline must be more than minimum_deadline")
