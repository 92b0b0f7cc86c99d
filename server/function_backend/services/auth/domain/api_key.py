"""An API key: the credential of a service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """What a caller wants of a new key."""

    display_name: str
    permissions: tuple[str, ...]
    rate_limit_per_second: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret."""

    id: UUID
    tenant_id: UUID
    display_name: str
    permissions: frozenset[str]
    rate_limit_per_second: int
    """Calls per second it may make; 0 for the server's default."""
    created_at: datetime
    creator: str
    """Who made it, such as `api_key:01938d2e-…`."""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def revoke(self, *, at: datetime) -> ApiKey:
        """The revoked key; revoking it again changes nothing."""
        return self if self.revoked_at is not None else replace(self, revoked_at=at)
