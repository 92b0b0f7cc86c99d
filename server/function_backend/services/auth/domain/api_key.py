"""An API key: the credential of a program."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.key_text import visible_prefix

_ETAG_LENGTH = 16


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """On whose behalf a key is used: a user or a service account."""

    kind: SubjectKind
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """What a caller wants of a new key."""

    display_name: str
    permissions: tuple[str, ...]
    rate_limit_per_second: int
    expires_at: datetime | None
    owner: KeyOwner | None = None
    max_calls_per_day: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A key of another system that is to go on working."""

    digest: bytes = field(repr=False)
    """SHA-256 of its text."""
    prefix: str
    wish: KeyWish


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUses:
    """What was counted of a key's calls, up to a minute ago."""

    calls: int = 0
    calls_today: int = 0
    last_used_at: datetime | None = None


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
    owner: KeyOwner | None = None
    """On whose behalf it is used; None when it stands for the tenant itself."""
    max_calls_per_day: int = 0
    """Calls it may make on one day of UTC; 0 for any number."""
    foreign_prefix: str = ""
    """How its text begins when it came from another system; empty for a key of this service."""
    revision: int = 1
    """Counts its changes."""
    updated_at: datetime | None = None
    """When it was last changed; None when it never was."""
    previous_expires_at: datetime | None = None
    """Until when the secret before the last re-roll works."""

    @property
    def etag(self) -> str:
        """Identifies this version."""
        return hashlib.sha256(f"{self.id} {self.revision}".encode()).hexdigest()[:_ETAG_LENGTH]

    @property
    def prefix(self) -> str:
        """How its text begins, which is no secret."""
        return self.foreign_prefix or visible_prefix(self.id)

    def revoke(self, *, at: datetime) -> ApiKey:
        """The revoked key; revoking it again changes nothing."""
        if self.revoked_at is not None:
            return self
        return replace(self, revoked_at=at, updated_at=at, revision=self.revision + 1)

    def reroll(self, *, at: datetime, previous_expires_at: datetime | None) -> ApiKey:
        """The key with another secret; what it was before makes no difference to the text of the new one."""
        return replace(
            self,
            revision=self.revision + 1,
            updated_at=at,
            previous_expires_at=previous_expires_at,
            foreign_prefix="",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenKey:
    """A key with what was counted of its calls."""

    api_key: ApiKey
    uses: KeyUses
