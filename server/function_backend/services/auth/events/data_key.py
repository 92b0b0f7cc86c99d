"""What happens to data keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.data_key import DataKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKeyRotated(DomainEvent):
    """A tenant got a new data key."""

    type: ClassVar[str] = "function.auth.v1.DataKeyRotated"
    subject_type: ClassVar[str] = "data_key"

    data_key: DataKey

    @classmethod
    def of(cls, key: DataKey, *, at: datetime) -> Self:
        """The event of the rotation; the subject is the tenant, whose keys have one history."""
        return cls(
            subject_id=key.tenant_id,
            sequence=key.generation,
            occurred_at=at,
            details={"data_key_id": str(key.id), "generation": str(key.generation)},
            data_key=key,
        )
