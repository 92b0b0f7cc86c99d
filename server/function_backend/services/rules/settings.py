"""What can be set about rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSettings:
    """What can be set about decisions: who approves them, and what is kept of those that are taken."""

    approval: Literal["none", "anyone", "four_eyes"] = "anyone"
    """Who must have approved a version before it is published: nobody, anyone who may approve, or somebody who wrote
    nothing of it."""
    most_definitions: int = 10_000
    """Decisions that a tenant may have."""
    most_hooks: int = 100
    """Hooks that a tenant may have."""
    cached_definitions: int = 1_000
    """Decisions of which one worker keeps what is in force, and compiled versions that it keeps ready."""
    cached_for: timedelta = timedelta(seconds=5)
    """After this it is read again what is in force, even if no change was heard of."""
    decision_log: Literal["background", "synchronous", "off"] = "background"
    """Whether decisions are written in batches behind the calls, each before it is answered, or not at all."""
    decision_sample_rate: float = 1.0
    """The share of decisions that is logged, from 0 to 1."""
    decision_queue: int = 10_000
    """Decisions of one worker that may wait to be written; what a crash loses is bounded by it."""
    decision_inputs: Literal["full", "digest"] = "full"
    """Whether the inputs are kept with a decision, or their digest alone, with which it cannot be explained later."""
    decisions_kept_for: timedelta = timedelta(days=90)
    """How long decisions stay in the log."""
    most_simulations: int = 10
    """Simulations of a tenant that may wait or run at the same time."""
    simulation_share: float = 0.5
    """The share of one processor that a worker spends on simulations at most, above 0 and up to 1."""
    simulations_kept_for: timedelta = timedelta(days=30)
    """How long simulations stay, from when they were asked for."""

    def __post_init__(self) -> None:
        for name in ("most_definitions", "most_hooks", "cached_definitions", "decision_queue", "most_simulations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("cached_for", "decisions_kept_for", "simulations_kept_for"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name} must be more than 0")
        if not 0 <= self.decision_sample_rate <= 1:
            raise ValueError("decision_sample_rate must be from 0 to 1")
        if not 0 < self.simulation_share <= 1:
            raise ValueError("simulation_share must be above 0 and up to 1")
