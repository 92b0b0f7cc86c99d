"""Grants and tokens on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from function.auth.v1 import oauth_service_pb2, session_events_pb2
from function_backend.kernel.call import Call
from function_backend.services.auth.domain.device_authorization import DeviceAuthorization, shown_user_code
from function_backend.services.auth.domain.grant import Granted, GrantRequest, Introspection, Origin, PresentedClient
from function_backend.services.auth.domain.scope import write_scopes
from function_backend.services.auth.events.access_token import AccessTokenIssued, AccessTokenRevoked
from function_backend.services.auth.events.device_authorization import (
    DeviceAuthorizationCreated,
    DeviceAuthorizationDecided,
)
from function_backend.services.auth.service.devices import DeviceWaits
from function_backend.timestamps import timestamp

_BEARER = "Bearer"


def presented_client(
    request: oauth_service_pb2.TokenRequest
    | oauth_service_pb2.IntrospectRequest
    | oauth_service_pb2.RevokeRequest
    | oauth_service_pb2.AuthorizeDeviceRequest,
    *,
    tenant: str = "",
) -> PresentedClient:
    """How the client says who it is."""
    return PresentedClient(
        client_id=request.client_id,
        secret=request.client_secret,
        assertion_type=request.client_assertion_type,
        assertion=request.client_assertion,
        tenant=tenant,
    )


def origin(call: Call) -> Origin:
    """Where the call comes from."""
    return Origin(address=call.client_address(), device=call.client_device())


def audience(request: oauth_service_pb2.TokenRequest | oauth_service_pb2.AuthorizeDeviceRequest) -> tuple[str, ...]:
    """Whom the token is to be for, by either parameter."""
    return (*request.audience, *request.resource)


def grant_request(request: oauth_service_pb2.TokenRequest, call: Call) -> GrantRequest:
    """The grant that is asked for."""
    return GrantRequest(
        grant_type=request.grant_type,
        client=presented_client(request, tenant=request.tenant),
        origin=origin(call),
        scope=request.scope,
        audience=audience(request),
        username=request.username,
        password=request.password,
        otp=request.otp,
        refresh_token=request.refresh_token,
        subject_token=request.subject_token,
        subject_token_type=request.subject_token_type,
        actor_token=request.actor_token,
        actor_token_type=request.actor_token_type,
        requested_token_type=request.requested_token_type,
        device_code=request.device_code,
    )


def granted(value: Granted) -> oauth_service_pb2.TokenResponse:
    """What was granted."""
    return oauth_service_pb2.TokenResponse(
        access_token=value.access_token,
        token_type=_BEARER,
        expires_in=value.expires_in,
        refresh_token=value.refresh_token,
        scope=write_scopes(value.scopes),
        issued_token_type=value.issued_token_type,
    )


def introspection(value: Introspection | None, *, issuer: str) -> oauth_service_pb2.IntrospectResponse:
    """What the token says; of one that is not good, nothing."""
    if value is None:
        return oauth_service_pb2.IntrospectResponse(active=False)
    return oauth_service_pb2.IntrospectResponse(
        active=True,
        scope=write_scopes(value.scopes),
        client_id=value.client_id,
        token_type=value.kind,
        exp=_seconds(value.expires_at),
        iat=_seconds(value.issued_at),
        sub=value.subject,
        aud=value.audience,
        iss=issuer,
        jti=str(value.token_id),
        sid="" if value.session_id is None else str(value.session_id),
        tenant=str(value.tenant_id),
        act=_actor(value.actors),
        amr=sorted(value.authentication_methods),
        auth_time=_seconds(value.authenticated_at),
    )


def device_waits(value: DeviceWaits, *, page: str) -> oauth_service_pb2.AuthorizeDeviceResponse:
    """The codes."""
    device, code = value.device, shown_user_code(value.device.user_code)
    return oauth_service_pb2.AuthorizeDeviceResponse(
        device_code=value.device_code,
        user_code=code,
        verification_uri=page,
        verification_uri_complete=f"{page}?user_code={code}",
        expires_in=int((device.expires_at - device.created_at).total_seconds()),
        interval=int(device.poll_interval.total_seconds()),
    )


def device_request(value: DeviceAuthorization) -> oauth_service_pb2.GetDeviceRequestResponse:
    """What the device asks for."""
    return oauth_service_pb2.GetDeviceRequestResponse(
        client_id=value.client_id,
        scopes=sorted(value.scopes),
        audience=value.audience,
        address=value.address,
        create_time=timestamp(value.created_at),
        expire_time=timestamp(value.expires_at),
    )


def discovery(document: Mapping[str, Any]) -> oauth_service_pb2.GetDiscoveryResponse:
    """The metadata as far as the contract has fields for it."""
    known = oauth_service_pb2.GetDiscoveryResponse.DESCRIPTOR.fields_by_name
    return oauth_service_pb2.GetDiscoveryResponse(**{name: document[name] for name in known if name in document})


def jwks(keys: Sequence[Mapping[str, Any]]) -> oauth_service_pb2.GetJwksResponse:
    """The keys, with the members that public keys have."""
    known = oauth_service_pb2.Jwk.DESCRIPTOR.fields_by_name
    return oauth_service_pb2.GetJwksResponse(
        keys=[oauth_service_pb2.Jwk(**{name: key[name] for name in known if name in key}) for key in keys]
    )


def access_token_issued(event: AccessTokenIssued) -> bytes:
    """The event's message."""
    claims = event.claims
    return session_events_pb2.AccessTokenIssued(
        token_id=str(claims.token_id),
        subject=claims.subject,
        client_id=claims.client_id,
        grant_type=event.grant_type,
        actors=claims.actors,
        scopes=sorted(claims.scopes),
        audience=claims.audience,
    ).SerializeToString()


def access_token_revoked(event: AccessTokenRevoked) -> bytes:
    """The event's message."""
    return session_events_pb2.AccessTokenRevoked(
        token_id=str(event.claims.token_id), subject=event.claims.subject, client_id=event.revoker
    ).SerializeToString()


def device_authorization_created(event: DeviceAuthorizationCreated) -> bytes:
    """The event's message."""
    return session_events_pb2.DeviceAuthorizationCreated(
        id=str(event.device.id), client_id=event.device.client_id, scopes=sorted(event.device.scopes)
    ).SerializeToString()


def device_authorization_decided(event: DeviceAuthorizationDecided) -> bytes:
    """The event's message."""
    return session_events_pb2.DeviceAuthorizationDecided(
        id=str(event.device.id),
        client_id=event.device.client_id,
        user_id=str(event.device.user_id),
        approved=event.approved,
        scopes=sorted(event.device.scopes),
    ).SerializeToString()


def _actor(actors: Sequence[str]) -> oauth_service_pb2.Actor | None:
    chain: oauth_service_pb2.Actor | None = None
    for name in reversed(actors):
        chain = oauth_service_pb2.Actor(sub=name, act=chain)
    return chain


def _seconds(moment: datetime | None) -> int:
    return 0 if moment is None else int(moment.timestamp())
