"""What can be set about local evaluation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """What can be set about local evaluation."""

    ready_within: float = 10.0
    """Seconds to wait for the first word of the service, when a decision is asked for or `with` is entered."""
    heartbeat: float = 5.0
    """Seconds between two messages of the service at most; from 0.25 to 60."""
    refuse_after: float | None = None
    """After so many seconds without a word of the service no decision is taken any more; None to decide for ever."""
    record: bool = True
    """Whether decisions are reported to the service."""
    record_inputs: bool = True
    """Whether they are reported with their inputs, without which the service cannot explain them later."""
    sample_rate: float = 1.0
    """The share of decisions that is reported, from 0 to 1."""
    queue: int = 10_000
    """Decisions that may wait to be reported; what comes beyond is not reported, and counted in `lost`."""
    flush_every: float = 1.0
    """Seconds that a decision waits at most before it is sent; what a crash loses is bounded by it and by `queue`."""
    close_within: float = 5.0
    """Seconds that `close` takes at most to report what waits."""

    def __post_init__(self) -> None:
        if not 0.25 <= self.heartbeat <= 60:  # noqa: PLR2004  As the contract has it.
            raise ValueError("heartbeat must be from 0.25 to 60 seconds")
        if self.refuse_after is not None and self.refuse_after <= self.heartbeat:
            raise ValueError("refuse_after must be longer than the heartbeat")
        if not 0 <= self.sample_rate <= 1:
            raise ValueError("sample_rate must be from 0 to 1")
        if self.queue < 1:
            raise ValueError("queue must be at least 1")
        for name in ("ready_within", "flush_every", "close_within"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0")
