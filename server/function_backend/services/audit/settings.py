"""What can be set about the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """What can be set about the audit trail: what it records beside changes, its checkpoints, and its end."""

    denied_calls: bool = True
    """Whether calls are recorded that were refused with PERMISSION_DENIED, or with UNAUTHENTICATED where the tenant is
    known."""
    sensitive_reads: bool = True
    """Whether calls are recorded that read what the contract declares sensitive."""
    recording: Literal["background", "synchronous"] = "background"
    """Whether these records are written in batches behind the calls, or each before its call is answered. A sensitive
    read whose record cannot be written is then refused."""
    recording_queue: int = 10_000
    """Calls of one worker whose records may wait to be written; what a crash loses is bounded by it."""
    publish_observed_calls: bool = False
    """Whether these records leave the service as events too, for sinks, webhooks and watchers."""
    checkpoint_every: timedelta = timedelta(hours=1)
    """How often the head of each chain is signed that has grown."""
    kept_for: timedelta = timedelta()
    """How long records are kept where a tenant does not decide otherwise; 0 for ever."""
    shortest_kept_for: timedelta = timedelta(days=30)
    """How long a tenant must keep its records at the least."""

    def __post_init__(self) -> None:
        if self.recording_queue < 1:
            raise ValueError("recording_queue must be at least 1")
        if self.checkpoint_every <= timedelta():
            raise ValueError("checkpoint_every must be more than 0")
        for name in ("kept_for", "shortest_kept_for"):
            if getattr(self, name) < timedelta():
                raise ValueError(f"{name} must not be negative")
