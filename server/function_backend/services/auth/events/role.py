"""What happens to roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.role import Role
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCreated(DomainEvent):
    """A role was created."""

    type: ClassVar[str] = "function.auth.v1.RoleCreated"
    subject_type: ClassVar[str] = "role"

    role: Role

    @classmethod
    def of(cls, role: Role, *, at: datetime) -> Self:
        """The event of the role's creation."""
        return cls(subject_id=role.id, sequence=1, occurred_at=at, after_digest=state_digest(role), role=role)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUpdated(DomainEvent):
    """A role was changed."""

    type: ClassVar[str] = "function.auth.v1.RoleUpdated"
    subject_type: ClassVar[str] = "role"

    before: Role
    after: Role

    @classmethod
    def of(cls, before: Role, after: Role, *, at: datetime) -> Self:
        """The event of the role's change."""
        return cls(
            subject_id=after.id,
            sequence=after.revision,
            occurred_at=at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            before=before,
            after=after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDeleted(DomainEvent):
    """A role was deleted."""

    type: ClassVar[str] = "function.auth.v1.RoleDeleted"
    subject_type: ClassVar[str] = "role"

    role: Role

    @classmethod
    def of(cls, role: Role, *, at: datetime) -> Self:
        """The event of the role's end."""
        return cls(
            subject_id=role.id,
            sequence=role.revision + 1,
            occurred_at=at,
            before_digest=state_digest(role),
            role=role,
        )
