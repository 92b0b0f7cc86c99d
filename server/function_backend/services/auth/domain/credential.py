"""A credential that was looked up: who is behind it, and what of that may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from function_backend.kernel.identity import Principal


class CredentialKind(StrEnum):
    """What somebody presents."""

    API_KEY = "api_key"
    ACCESS_TOKEN = "access_token"  # noqa: S105  the kind, not a token
    CERTIFICATE = "certificate"


class Standing(StrEnum):
    """Whether what stands behind a credential lets it count, apart from its expiry."""

    GOOD = "good"
    REVOKED = "revoked"
    SUBJECT_DISABLED = "subject_disabled"
    SESSION_ENDED = "session_ended"
    TENANT_SUSPENDED = "tenant_suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCredential:
    """What is known of a credential."""

    kind: CredentialKind
    id: UUID
    """Of the key, the token or the certificate identity."""
    principal: Principal
    standing: Standing
    expires_at: datetime | None = None
    client_id: str = ""
    max_calls_per_day: int = 0
    audience: tuple[str, ...] = ()
    names: frozenset[UUID] = frozenset()
    """What it depends on: a revocation of any of these ends what is known."""
