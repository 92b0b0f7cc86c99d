"""What happens to tenants and keys."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.api_key import ApiKey
from function_backend.services.auth.domain.tenant import Tenant


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
            after_digest=_digest(tenant),
            tenant=tenant,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(DomainEvent):
    """A key was created."""

    type: ClassVar[str] = "function.auth.v1.ApiKeyCreated"
    subject_type: ClassVar[str] = "api_key"

    api_key: ApiKey

    @classmethod
    def of(cls, api_key: ApiKey) -> Self:
        """The event of the key's creation."""
        return cls(
            subject_id=api_key.id,
            sequence=1,
            occurred_at=api_key.created_at,
            after_digest=_digest(api_key),
            api_key=api_key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(DomainEvent):
    """A key was revoked."""

    type: ClassVar[str] = "function.auth.v1.ApiKeyRevoked"
    subject_type: ClassVar[str] = "api_key"

    api_key: ApiKey

    @classmethod
    def of(cls, before: ApiKey, after: ApiKey, *, at: datetime) -> Self:
        """The event of the key's revocation."""
        return cls(
            subject_id=after.id,
            sequence=2,
            occurred_at=at,
            before_digest=_digest(before),
            after_digest=_digest(after),
            api_key=after,
        )


def _digest(state: Tenant | ApiKey) -> bytes:
    text = json.dumps(asdict(state), default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a digest")
