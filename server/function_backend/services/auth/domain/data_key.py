"""The data key of a tenant, as those see it who look after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealing:
    """The pass that encrypts everything of a tenant under its newest key."""

    started_at: datetime
    updated_at: datetime
    table: str
    """That is gone through; empty before the first and after the last."""
    resealed: int
    faults: int
    finished_at: datetime | None
    dropped_at: datetime | None
    """When the superseded keys were dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """The newest data key of a tenant, without its value."""

    tenant_id: UUID
    id: UUID
    generation: int
    key_count: int
    """How many keys are kept: superseded ones until nothing is encrypted under them."""
    created_at: datetime
    resealing: Resealing | None
