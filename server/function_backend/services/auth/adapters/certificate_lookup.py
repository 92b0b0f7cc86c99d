"""Finding the service account that a client certificate stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography import x509

from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from function_backend.services.auth.adapters.credential_memory import Remembered
from function_backend.services.auth.adapters.standing import Standings, with_what_all_hold
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.certificate_identity import CertificateName, CertificateNameKind
from function_backend.services.auth.domain.credential import CredentialKind, FoundCredential
from function_backend.services.auth.errors.credential import CertificateUnknownError

_FIND_SQL = """
    select tenant_id, id, name_kind, service_account_id from find_certificate_identities(%s::text[], %s::text[])
"""
_MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """What a certificate says."""

    names: tuple[CertificateName, ...]
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def read_certificate(pem: bytes) -> PresentedCertificate:
    """The names and the time of the first certificate in the text; CertificateUnknownError when it holds none."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = _alternative_names(certificate)
        subject = certificate.subject.rfc4514_string()
    except ValueError:
        raise CertificateUnknownError from None
    if subject:
        names.append(CertificateName.of(CertificateNameKind.SUBJECT, subject))
    return PresentedCertificate(
        tuple(dict.fromkeys(names))[:_MOST_NAMES],
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
    )


@dataclass(frozen=True, slots=True)
class CertificateLookup:
    """Finds identities by the names in certificates."""

    transactions: Transactions
    standings: Standings

    def find(self, presented: PresentedCertificate) -> Remembered:
        """The service account with what stands behind it; CertificateUnknownError when the names name none."""
        found = self.transactions.without_tenant(lambda driver: self._find(driver, presented))
        if found is None:
            raise CertificateUnknownError
        return Remembered(found, asked_at=0.0)

    def _find(self, driver: Driver, presented: PresentedCertificate) -> FoundCredential | None:
        kinds = [name.kind.value for name in presented.names]
        rows = driver.execute(_FIND_SQL, (kinds, [name.name for name in presented.names])).fetchall()
        chosen = _most_telling(rows)
        if chosen is None:
            return None
        tenant_id, identity_id, account_id = chosen
        standing, entitlement = self.standings.of_subject(driver, tenant_id, SubjectKind.SERVICE_ACCOUNT, account_id)
        principal = Principal(
            SubjectKind.SERVICE_ACCOUNT.value,
            account_id,
            tenant_id,
            with_what_all_hold(entitlement.permissions),
            scoped=entitlement.scoped,
            conditional=entitlement.conditional,
            roles=entitlement.roles,
        )
        return FoundCredential(
            kind=CredentialKind.CERTIFICATE,
            id=identity_id,
            principal=principal,
            standing=standing,
            expires_at=presented.valid_to,
            names=frozenset({tenant_id, identity_id, account_id}),
        )


def _most_telling(rows: Sequence[tuple[UUID, UUID, str, UUID]]) -> tuple[UUID, UUID, UUID] | None:
    """The identity of the most telling kind of name. Names that contradict each other name nobody."""
    for kind in CertificateNameKind:
        found = [(tenant_id, found_id, account) for tenant_id, found_id, of, account in rows if of == kind.value]
        if len({(tenant_id, account) for tenant_id, _, account in found}) > 1:
            return None
        if found:
            return found[0]
    return None


def _alternative_names(certificate: x509.Certificate) -> list[CertificateName]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    uris = extension.get_values_for_type(x509.UniformResourceIdentifier)
    domains = extension.get_values_for_type(x509.DNSName)
    return [
        *(CertificateName.of(CertificateNameKind.URI, uri) for uri in uris),
        *(CertificateName.of(CertificateNameKind.DNS, name) for name in domains),
    ]
