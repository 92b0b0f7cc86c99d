"""What a service account proves itself with at the token endpoint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

MOST_USABLE = 10
"""How many usable credentials a service account may have at once: enough for any rotation."""


class CredentialKind(StrEnum):
    """How it proves anything."""

    SECRET = "secret"  # noqa: S105 - the name of a kind
    PUBLIC_KEY = "public_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredential:
    """A credential without its secret."""

    id: UUID
    tenant_id: UUID
    client_id: UUID
    """The service account."""
    kind: CredentialKind
    display_name: str
    created_at: datetime
    creator: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    key_id: str = ""
    """Of a public key: its `kid`."""
    algorithm: str = ""
    """Of a public key: the one algorithm that it verifies."""
    public_jwk: str = ""
    """Of a public key: the JWK as canonical JSON."""

    def revoke(self, *, at: datetime) -> ClientCredential:
        """The revoked credential; itself when it is revoked already."""
        return self if self.revoked_at is not None else replace(self, revoked_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableCredential:
    """What has to be known of a credential to check what a client presents."""

    tenant_id: UUID
    id: UUID
    kind: CredentialKind
    digest: bytes | None
    key_id: str
    algorithm: str
    public_jwk: str
    last_used_at: datetime | None
    tenant_is_active: bool
