"""What was revoked, as others hear of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

_TENANT = "tenant"


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

    def as_told_to(self, tenant_id: UUID | None) -> Revocation | None:
        """What those hear who follow one tenant, or all of them with None; None when it does not concern them.

        A tenant that is suspended may stand above theirs: they hear of theirs, and nothing of the other.
        """
        if tenant_id is None or self.tenant_id == tenant_id:
            return self
        if self.kind != _TENANT:
            return None
        return replace(self, tenant_id=tenant_id, subject_id=tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPage:
    """What was revoked after a cursor."""

    revocations: tuple[Revocation, ...]
    cursor: int
    """Where to go on."""
    reset: bool = False
    """Whether something after the cursor asked for is no longer known."""
    more: bool = False
