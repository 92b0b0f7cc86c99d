"""What happens to the credentials of service accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.client_credential import ClientCredential
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentialCreated(DomainEvent):
    """A secret was created or a public key added."""

    type: ClassVar[str] = "function.auth.v1.ClientCredentialCreated"
    subject_type: ClassVar[str] = "client_credential"

    credential: ClientCredential

    @classmethod
    def of(cls, credential: ClientCredential) -> Self:
        """The event of the credential's creation."""
        return cls(
            subject_id=credential.id,
            sequence=1,
            occurred_at=credential.created_at,
            after_digest=state_digest(credential),
            details={"client_id": str(credential.client_id), "kind": credential.kind.value},
            credential=credential,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentialRevoked(DomainEvent):
    """A credential was revoked."""

    type: ClassVar[str] = "function.auth.v1.ClientCredentialRevoked"
    subject_type: ClassVar[str] = "client_credential"

    credential: ClientCredential

    @classmethod
    def of(cls, before: ClientCredential, after: ClientCredential, *, at: datetime) -> Self:
        """The event of the credential's revocation."""
        return cls(
            subject_id=after.id,
            sequence=2,
            occurred_at=at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            details={"client_id": str(after.client_id), "kind": after.kind.value},
            credential=after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRefused(DomainEvent):
    """Somebody who named a service account did not prove to be it."""

    type: ClassVar[str] = "function.auth.v1.ClientRefused"
    subject_type: ClassVar[str] = "service_account"
    sensitive_details: ClassVar[frozenset[str]] = frozenset({"client_address"})

    cause: str
    client_address: str

    @classmethod
    def of(cls, client_id: UUID, *, at: datetime, cause: str, client_address: str) -> Self:
        """The event of the refusal."""
        return cls(
            subject_id=client_id,
            sequence=1,
            occurred_at=at,
            details={"cause": cause, "client_address": client_address},
            cause=cause,
            client_address=client_address,
        )
