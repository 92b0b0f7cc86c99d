"""What was revoked, as others hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Something that no longer holds."""

    epoch: int
    """Where it stands in the order of all revocations of the installation."""
    kind: str
    """One of `Revoked`."""
    tenant_id: UUID
    subject_id: UUID
    revoked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPage:
    """What was revoked after a cursor."""

    revocations: tuple[Revocation, ...]
    cursor: int
    """Where to go on."""
    reset: bool = False
    """Whether something after the cursor asked for is no longer known."""
    more: bool = False
