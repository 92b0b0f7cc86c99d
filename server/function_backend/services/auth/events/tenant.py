"""What happens to tenants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCreated(DomainEvent):
    """A tenant was created."""

    type: ClassVar[str] = "function.auth.v1.TenantCreated"
    subject_type: ClassVar[str] = "tenant"

    tenant: Tenant

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        """The event of the tenant's creation."""
        return cls(
            subject_id=tenant.id,
            sequence=1,
            occurred_at=tenant.created_at,
            after_digest=state_digest(tenant),
            tenant=tenant,
        )
