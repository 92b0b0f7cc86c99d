"""API keys on the wire."""

from __future__ import annotations

from function.auth.v1 import api_key_pb2, api_key_service_pb2, auth_events_pb2
from function_backend.services.auth.convert.values import read_moment, timestamp
from function_backend.services.auth.domain.api_key import ApiKey, KeyWish
from function_backend.services.auth.events.api_key import ApiKeyCreated, ApiKeyRevoked


def key_wish(request: api_key_service_pb2.CreateApiKeyRequest) -> KeyWish:
    """What the request asks of a new key."""
    return KeyWish(
        display_name=request.display_name,
        permissions=tuple(request.permissions),
        rate_limit_per_second=request.rate_limit_per_second,
        expires_at=read_moment(request.expire_time, "expire_time") if request.HasField("expire_time") else None,
    )


def api_key(value: ApiKey) -> api_key_pb2.ApiKey:
    """The key as callers see it."""
    return api_key_pb2.ApiKey(
        id=str(value.id),
        display_name=value.display_name,
        permissions=sorted(value.permissions),
        rate_limit_per_second=value.rate_limit_per_second,
        create_time=timestamp(value.created_at),
        expire_time=timestamp(value.expires_at),
        revoke_time=timestamp(value.revoked_at),
        creator=value.creator,
    )


def api_key_created(event: ApiKeyCreated) -> bytes:
    """The event's message."""
    message = auth_events_pb2.ApiKeyCreated(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()


def api_key_revoked(event: ApiKeyRevoked) -> bytes:
    """The event's message."""
    message = auth_events_pb2.ApiKeyRevoked(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()
