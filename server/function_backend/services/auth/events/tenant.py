"""What happens to tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChanged(DomainEvent):
    """What all changes of a tenant that exists say."""

    subject_type: ClassVar[str] = "tenant"

    tenant: Tenant

    @classmethod
    def of(cls, before: Tenant, after: Tenant, *, at: datetime) -> Self:
        """The event of the change from one state of the tenant to the next."""
        return cls(
            subject_id=after.id,
            sequence=after.revision,
            occurred_at=at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            tenant=after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantUpdated(TenantChanged):
    """A tenant was given another name for people, or decided something."""

    type: ClassVar[str] = "function.auth.v1.TenantUpdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSuspended(TenantChanged):
    """A tenant was suspended."""

    type: ClassVar[str] = "function.auth.v1.TenantSuspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantResumed(TenantChanged):
    """A suspended tenant was resumed."""

    type: ClassVar[str] = "function.auth.v1.TenantResumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDeleted(TenantChanged):
    """A tenant was deleted and its secrets were destroyed."""

    type: ClassVar[str] = "function.auth.v1.TenantDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantExported(TenantChanged):
    """Somebody began to export the data of a tenant, which changes nothing of it."""

    type: ClassVar[str] = "function.auth.v1.TenantExported"
