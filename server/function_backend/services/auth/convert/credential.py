"""Credentials and revocations on the wire."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import credential_pb2, credential_service_pb2
from function_backend.kernel.identity import ConditionalPermissions, Principal, ScopedPermissions
from function_backend.services.auth.convert.permission import step_up
from function_backend.services.auth.convert.role_condition import condition, scope
from function_backend.services.auth.domain.credential import CredentialKind, FoundCredential
from function_backend.services.auth.domain.revocation import Revocation, RevocationPage
from function_backend.services.auth.service.revocation import Revoked
from function_backend.timestamps import timestamp

_KINDS = {
    CredentialKind.API_KEY: credential_pb2.CREDENTIAL_KIND_API_KEY,
    CredentialKind.ACCESS_TOKEN: credential_pb2.CREDENTIAL_KIND_ACCESS_TOKEN,
    CredentialKind.CERTIFICATE: credential_pb2.CREDENTIAL_KIND_CERTIFICATE,
}
_REVOKED = {
    Revoked.API_KEY.value: credential_pb2.REVOKED_KIND_API_KEY,
    Revoked.SESSION.value: credential_pb2.REVOKED_KIND_SESSION,
    Revoked.SUBJECT.value: credential_pb2.REVOKED_KIND_SUBJECT,
    Revoked.ROLE.value: credential_pb2.REVOKED_KIND_ROLE,
    Revoked.TENANT.value: credential_pb2.REVOKED_KIND_TENANT,
    Revoked.ACCESS_TOKEN.value: credential_pb2.REVOKED_KIND_ACCESS_TOKEN,
    Revoked.CERTIFICATE.value: credential_pb2.REVOKED_KIND_CERTIFICATE,
}
_DEFAULT_HEARTBEAT = 0.5


def caller_identity(
    found: FoundCredential, principal: Principal, *, remaining: int | None
) -> credential_pb2.CallerIdentity:
    """Who is behind the credential, with what they hold now; `remaining` calls are left of its day."""
    return credential_pb2.CallerIdentity(
        credential_kind=_KINDS[found.kind],
        subject=principal.actor,
        tenant_id=str(principal.tenant_id),
        actors=principal.actors,
        roles=principal.roles,
        permissions=sorted(principal.permissions.patterns),
        credential_id=str(found.id),
        session_id="" if principal.session_id is None else str(principal.session_id),
        expire_time=timestamp(found.expires_at),
        limits=credential_pb2.CredentialLimits(
            rate_limit_per_second=principal.rate_limit_per_second,
            max_calls_per_day=found.max_calls_per_day,
            remaining_calls_today=remaining,
        ),
        authentication_methods=sorted(principal.authentication_methods),
        authentication_time=timestamp(principal.authenticated_at),
        client_id=found.client_id,
        scoped_permissions=map(_scoped, principal.scoped),
        conditional_permissions=map(_conditional, principal.conditional),
    )


def heartbeat(request: credential_service_pb2.WatchRevocationsRequest) -> float:
    """Seconds between two messages at most."""
    if not request.HasField("heartbeat"):
        return _DEFAULT_HEARTBEAT
    span = request.heartbeat
    return timedelta(seconds=span.seconds, microseconds=span.nanos // 1000).total_seconds()


def duration(seconds: float) -> Duration:
    """The span on the wire."""
    whole = int(seconds)
    return Duration(seconds=whole, nanos=int((seconds - whole) * 1_000_000_000))


def revocation(value: Revocation) -> credential_pb2.Revocation:
    """What was revoked; a kind that the contract does not know makes readers drop everything."""
    return credential_pb2.Revocation(
        epoch=value.epoch,
        kind=_REVOKED.get(value.kind, credential_pb2.REVOKED_KIND_UNSPECIFIED),
        tenant_id=str(value.tenant_id),
        id=str(value.subject_id),
        revoke_time=timestamp(value.revoked_at),
    )


def listed_revocations(page: RevocationPage) -> credential_service_pb2.ListRevocationsResponse:
    """A page of the log."""
    return credential_service_pb2.ListRevocationsResponse(
        revocations=map(revocation, page.revocations), next_cursor=page.cursor, reset=page.reset, more=page.more
    )


def told_revocations(page: RevocationPage) -> bytes:
    """A message of a stream."""
    message = credential_service_pb2.WatchRevocationsResponse(
        revocations=map(revocation, page.revocations), cursor=page.cursor, reset=page.reset
    )
    return message.SerializeToString()


def _conditional(held: ConditionalPermissions) -> credential_pb2.ConditionalPermission:
    asked = held.condition
    return credential_pb2.ConditionalPermission(
        permissions=sorted(held.permissions.patterns),
        scope=None if held.scope is None else scope(held.scope),
        condition=None if asked is None else condition(asked),
        expire_time=None if asked is None else timestamp(asked.expires_at),
        step_up=step_up(held.step_up),
    )


def _scoped(held: ScopedPermissions) -> credential_pb2.ScopedPermission:
    return credential_pb2.ScopedPermission(
        permissions=sorted(held.permissions.patterns),
        resource_type=held.scope.resource_type,
        resource_id="" if held.scope.resource_id is None else str(held.scope.resource_id),
        labels=dict(held.scope.labels),
    )
