"""Wire messages to domain values and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import (
    api_key_pb2,
    api_key_service_pb2,
    auth_events_pb2,
    tenant_pb2,
)
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.auth.domain.api_key import ApiKey, KeyWish
from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.events import ApiKeyCreated, ApiKeyRevoked, TenantCreated

_NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def key_wish(request: api_key_service_pb2.CreateApiKeyRequest) -> KeyWish:
    """What the request asks of a new key."""
    return KeyWish(
        display_name=request.display_name,
        permissions=tuple(request.permissions),
        rate_limit_per_second=request.rate_limit_per_second,
        expires_at=_moment(request.expire_time, "expire_time") if request.HasField("expire_time") else None,
    )


def optional_id(text: str) -> UUID | None:
    """The id; None for the empty text."""
    return UUID(text) if text else None


def tenant(value: Tenant) -> tenant_pb2.Tenant:
    """The tenant as callers see it."""
    return tenant_pb2.Tenant(
        id=str(value.id),
        name=value.name,
        display_name=value.display_name,
        create_time=_timestamp(value.created_at),
    )


def api_key(value: ApiKey) -> api_key_pb2.ApiKey:
    """The key as callers see it."""
    return api_key_pb2.ApiKey(
        id=str(value.id),
        display_name=value.display_name,
        permissions=sorted(value.permissions),
        rate_limit_per_second=value.rate_limit_per_second,
        create_time=_timestamp(value.created_at),
        expire_time=_timestamp(value.expires_at),
        revoke_time=_timestamp(value.revoked_at),
        creator=value.creator,
    )


def tenant_created(event: TenantCreated) -> bytes:
    """The event's message."""
    return auth_events_pb2.TenantCreated(tenant=tenant(event.tenant)).SerializeToString()


def api_key_created(event: ApiKeyCreated) -> bytes:
    """The event's message."""
    message = auth_events_pb2.ApiKeyCreated(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()


def api_key_revoked(event: ApiKeyRevoked) -> bytes:
    """The event's message."""
    message = auth_events_pb2.ApiKeyRevoked(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()


def _moment(timestamp: Timestamp, field: str) -> datetime:
    if not 0 <= timestamp.nanos < _NANOS:
        raise invalid_fields(FieldViolation(field, "has nanos outside 0 to 999,999,999"))
    try:
        return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
    except OverflowError:
        raise invalid_fields(FieldViolation(field, "lies outside the years 1 to 9999")) from None


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)
