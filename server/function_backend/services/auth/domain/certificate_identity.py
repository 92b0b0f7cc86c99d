"""Names in client certificates, and the service accounts they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class CertificateNameKind(StrEnum):
    """Which name in a certificate is looked at, the most telling first."""

    URI = "uri"
    DNS = "dns"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class CertificateName:
    """One name, as a certificate says it."""

    kind: CertificateNameKind
    name: str

    @classmethod
    def of(cls, kind: CertificateNameKind, name: str) -> CertificateName:
        """The name in the form that is compared: DNS names in small letters and without a dot at the end."""
        return cls(kind, name.rstrip(".").lower() if kind is CertificateNameKind.DNS else name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIdentity:
    """Whoever presents a verified certificate with the name is the service account."""

    id: UUID
    tenant_id: UUID
    name: CertificateName
    service_account_id: UUID
    created_at: datetime
    creator: str
