"""What happens to relation schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.relation_schema import SchemaVersion
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationSchemaWritten(DomainEvent):
    """A version was written."""

    type: ClassVar[str] = "function.auth.v1.RelationSchemaWritten"
    subject_type: ClassVar[str] = "relation_schema"

    version: SchemaVersion

    @classmethod
    def of(cls, before: SchemaVersion | None, after: SchemaVersion) -> Self:
        """The event of the version, which belongs to the tenant: there is one schema in each."""
        return cls(
            subject_id=after.tenant_id,
            sequence=after.version,
            occurred_at=after.created_at,
            before_digest=None if before is None else state_digest(before),
            after_digest=state_digest(after),
            details={"version": str(after.version), "content_hash": after.content_hash, "reason": after.reason},
            version=after,
        )
