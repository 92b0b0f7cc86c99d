"""Credentials of service accounts on the wire."""

from __future__ import annotations

from function.auth.v1 import client_credential_events_pb2, client_credential_pb2, client_credential_service_pb2
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.domain.client_credential import ClientCredential, CredentialKind
from function_backend.services.auth.events.client_credential import (
    ClientCredentialCreated,
    ClientCredentialRevoked,
    ClientRefused,
)
from function_backend.services.auth.service.client_credentials import CredentialWish
from function_backend.timestamps import read_moment, timestamp

_KINDS = {
    CredentialKind.SECRET: client_credential_pb2.CLIENT_CREDENTIAL_KIND_SECRET,
    CredentialKind.PUBLIC_KEY: client_credential_pb2.CLIENT_CREDENTIAL_KIND_PUBLIC_KEY,
}


def credential_wish(
    request: client_credential_service_pb2.CreateClientSecretRequest
    | client_credential_service_pb2.AddPublicKeyRequest,
) -> CredentialWish:
    """What the request asks of a new credential."""
    return CredentialWish(
        client_id=parse_id(request.client_id),
        display_name=request.display_name,
        expires_at=read_moment(request.expire_time, "expire_time") if request.HasField("expire_time") else None,
    )


def client_credential(value: ClientCredential) -> client_credential_pb2.ClientCredential:
    """The credential as callers see it."""
    return client_credential_pb2.ClientCredential(
        id=str(value.id),
        client_id=str(value.client_id),
        kind=_KINDS[value.kind],
        display_name=value.display_name,
        create_time=timestamp(value.created_at),
        expire_time=timestamp(value.expires_at),
        revoke_time=timestamp(value.revoked_at),
        last_use_time=timestamp(value.last_used_at),
        creator=value.creator,
        key_id=value.key_id,
        algorithm=value.algorithm,
        public_jwk=value.public_jwk,
    )


def client_credential_created(event: ClientCredentialCreated) -> bytes:
    """The event's message."""
    message = client_credential_events_pb2.ClientCredentialCreated(credential=client_credential(event.credential))
    return message.SerializeToString()


def client_credential_revoked(event: ClientCredentialRevoked) -> bytes:
    """The event's message."""
    message = client_credential_events_pb2.ClientCredentialRevoked(credential=client_credential(event.credential))
    return message.SerializeToString()


def client_refused(event: ClientRefused) -> bytes:
    """The event's message."""
    message = client_credential_events_pb2.ClientRefused(
        client_id=str(event.subject_id), cause=event.cause, client_address=event.client_address
    )
    return message.SerializeToString()
