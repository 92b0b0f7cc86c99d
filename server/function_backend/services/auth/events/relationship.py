"""What happens to relationships."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.relationship_change import Operation, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipsChanged(DomainEvent):
    """Relationships were written or removed together; at most as many as one call may carry."""

    type: ClassVar[str] = "function.auth.v1.RelationshipsChanged"
    subject_type: ClassVar[str] = "relationship_batch"

    updates: tuple[Update, ...]
    reason: str
    schema_version: int

    @classmethod
    def of(cls, batch_id: UUID, updates: tuple[Update, ...], *, at: datetime, reason: str, schema_version: int) -> Self:
        """The event of the batch."""
        text = "\n".join(f"{each.operation.value} {each.key} {each.expires_at or ''}" for each in updates)
        deleted = sum(each.operation is Operation.DELETE for each in updates)
        return cls(
            subject_id=batch_id,
            sequence=1,
            occurred_at=at,
            after_digest=hashlib.sha256(text.encode()).digest(),
            details={
                "written": str(len(updates) - deleted),
                "deleted": str(deleted),
                "first": str(updates[0].key),
                "reason": reason,
            },
            updates=updates,
            reason=reason,
            schema_version=schema_version,
        )
