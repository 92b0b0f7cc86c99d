"""What is known once the service serves."""

from __future__ import annotations

from dataclasses import dataclass, field

from function_backend.runtime.address import Address


@dataclass(frozen=True, slots=True)
class Announcement:
    """What whoever started the service wants to know once it serves."""

    address: Address | None
    """Where calls are served; None when the processes do background work alone."""
    monitor: Address | None
    """Where metrics are served."""
    first_key: str | None = field(repr=False)
    """The administrator's key at the first start."""
