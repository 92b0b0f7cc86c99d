"""What happens to access tokens that belong to no new session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.access_claims import AccessClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenIssued(DomainEvent):
    """A token was handed out to a service account, or in exchange for another."""

    type: ClassVar[str] = "function.auth.v1.AccessTokenIssued"
    subject_type: ClassVar[str] = "access_token"

    claims: AccessClaims
    grant_type: str

    @classmethod
    def of(cls, claims: AccessClaims, *, grant_type: str) -> Self:
        """The event of the token's making."""
        details = {"subject": claims.subject, "client_id": claims.client_id, "grant_type": grant_type}
        if claims.actors:
            details["actors"] = " ".join(claims.actors)
        return cls(
            subject_id=claims.token_id,
            sequence=1,
            occurred_at=claims.issued_at,
            details=details,
            claims=claims,
            grant_type=grant_type,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenRevoked(DomainEvent):
    """A token was revoked before it expired."""

    type: ClassVar[str] = "function.auth.v1.AccessTokenRevoked"
    subject_type: ClassVar[str] = "access_token"

    claims: AccessClaims
    revoker: str

    @classmethod
    def of(cls, claims: AccessClaims, *, revoker: str, at: datetime) -> Self:
        """The event of the token's revocation by this client."""
        return cls(
            subject_id=claims.token_id,
            sequence=2,
            occurred_at=at,
            details={"subject": claims.subject, "client_id": revoker},
            claims=claims,
            revoker=revoker,
        )
