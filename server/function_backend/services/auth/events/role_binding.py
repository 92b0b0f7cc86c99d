"""What happens to role bindings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.role_binding import RoleBinding
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBindingCreated(DomainEvent):
    """A role was granted."""

    type: ClassVar[str] = "function.auth.v1.RoleBindingCreated"
    subject_type: ClassVar[str] = "role_binding"

    binding: RoleBinding

    @classmethod
    def of(cls, binding: RoleBinding) -> Self:
        """The event of the grant."""
        return cls(
            subject_id=binding.id,
            sequence=1,
            occurred_at=binding.created_at,
            after_digest=state_digest(binding),
            details=_details(binding, binding.wish.reason),
            binding=binding,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBindingDeleted(DomainEvent):
    """A role was taken away."""

    type: ClassVar[str] = "function.auth.v1.RoleBindingDeleted"
    subject_type: ClassVar[str] = "role_binding"

    binding: RoleBinding

    @classmethod
    def of(cls, before: RoleBinding, after: RoleBinding, *, at: datetime) -> Self:
        """The event of the grant's end."""
        return cls(
            subject_id=after.id,
            sequence=2,
            occurred_at=at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            details=_details(after, after.delete_reason),
            binding=after,
        )


def _details(binding: RoleBinding, reason: str) -> Mapping[str, str]:
    """Who has got or lost what, and why: what an audit is asked for first."""
    details = {"subject": binding.wish.holder.name, "role_id": str(binding.wish.role_id)}
    return {**details, "reason": reason} if reason else details
