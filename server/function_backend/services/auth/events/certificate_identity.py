"""What happens to certificate identities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.certificate_identity import CertificateIdentity
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIdentityCreated(DomainEvent):
    """A name in certificates was bound to a service account."""

    type: ClassVar[str] = "function.auth.v1.CertificateIdentityCreated"
    subject_type: ClassVar[str] = "certificate_identity"

    identity: CertificateIdentity

    @classmethod
    def of(cls, identity: CertificateIdentity) -> Self:
        """The event of the binding."""
        return cls(
            subject_id=identity.id,
            sequence=1,
            occurred_at=identity.created_at,
            after_digest=state_digest(identity),
            identity=identity,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIdentityDeleted(DomainEvent):
    """The binding was taken away."""

    type: ClassVar[str] = "function.auth.v1.CertificateIdentityDeleted"
    subject_type: ClassVar[str] = "certificate_identity"

    identity: CertificateIdentity

    @classmethod
    def of(cls, identity: CertificateIdentity, *, at: datetime) -> Self:
        """The event of its end."""
        return cls(
            subject_id=identity.id,
            sequence=2,
            occurred_at=at,
            before_digest=state_digest(identity),
            identity=identity,
        )
