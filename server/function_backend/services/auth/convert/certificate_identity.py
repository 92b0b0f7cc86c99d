"""Certificate identities on the wire."""

from __future__ import annotations

from function.auth.v1 import certificate_identity_events_pb2, certificate_identity_pb2
from function_backend.services.auth.domain.certificate_identity import (
    CertificateIdentity,
    CertificateName,
    CertificateNameKind,
)
from function_backend.services.auth.errors.certificate_identity import bad_name
from function_backend.services.auth.events.certificate_identity import (
    CertificateIdentityCreated,
    CertificateIdentityDeleted,
)
from function_backend.timestamps import timestamp

_KINDS = {
    certificate_identity_pb2.CERTIFICATE_NAME_KIND_URI: CertificateNameKind.URI,
    certificate_identity_pb2.CERTIFICATE_NAME_KIND_DNS: CertificateNameKind.DNS,
    certificate_identity_pb2.CERTIFICATE_NAME_KIND_SUBJECT: CertificateNameKind.SUBJECT,
}
_WIRE_KINDS = {kind: number for number, kind in _KINDS.items()}


def certificate_name(kind: certificate_identity_pb2.CertificateNameKind.ValueType, name: str) -> CertificateName:
    """The name; INVALID_ARGUMENT when no certificate can carry it."""
    wanted = _KINDS[kind]
    if wanted is CertificateNameKind.URI and ":" not in name:
        raise bad_name("must be a whole URI, such as spiffe://example.org/worker")
    if wanted is CertificateNameKind.DNS and ("*" in name or not name.isascii() or " " in name):
        raise bad_name("must be one DNS name without wildcards, in its ASCII form")
    if wanted is CertificateNameKind.SUBJECT and "=" not in name:
        raise bad_name("must be a whole subject, such as CN=worker,O=Example")
    return CertificateName.of(wanted, name)


def certificate_identity(value: CertificateIdentity) -> certificate_identity_pb2.CertificateIdentity:
    """The identity as callers see it."""
    return certificate_identity_pb2.CertificateIdentity(
        id=str(value.id),
        tenant_id=str(value.tenant_id),
        name_kind=_WIRE_KINDS[value.name.kind],
        name=value.name.name,
        service_account_id=str(value.service_account_id),
        create_time=timestamp(value.created_at),
        creator=value.creator,
    )


def certificate_identity_created(event: CertificateIdentityCreated) -> bytes:
    """The event's message."""
    message = certificate_identity_events_pb2.CertificateIdentityCreated(
        certificate_identity=certificate_identity(event.identity)
    )
    return message.SerializeToString()


def certificate_identity_deleted(event: CertificateIdentityDeleted) -> bytes:
    """The event's message."""
    message = certificate_identity_events_pb2.CertificateIdentityDeleted(
        certificate_identity=certificate_identity(event.identity)
    )
    return message.SerializeToString()
