"""API keys on the wire."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import api_key_events_pb2, api_key_pb2, api_key_service_pb2, auth_events_pb2
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.api_key import ApiKey, ForeignKey, KeyOwner, KeyUses, KeyWish, SeenKey
from function_backend.services.auth.domain.api_key_change import KeyValues
from function_backend.services.auth.events.api_key import (
    ApiKeyCreated,
    ApiKeyImported,
    ApiKeyRerolled,
    ApiKeyRevoked,
    ApiKeyUpdated,
)
from function_backend.services.auth.service.api_key_import import ImportOutcome
from function_backend.timestamps import read_moment, timestamp

_UNUSED = KeyUses()


def key_wish(request: api_key_service_pb2.CreateApiKeyRequest | api_key_service_pb2.ForeignApiKey) -> KeyWish:
    """What the request asks of a new key."""
    return KeyWish(
        display_name=request.display_name,
        permissions=tuple(request.permissions),
        rate_limit_per_second=request.rate_limit_per_second,
        expires_at=read_moment(request.expire_time, "expire_time") if request.HasField("expire_time") else None,
        owner=key_owner(request.owner),
        max_calls_per_day=request.max_calls_per_day,
    )


def foreign_key(row: api_key_service_pb2.ForeignApiKey) -> ForeignKey:
    """A row of an import."""
    return ForeignKey(digest=row.sha256, prefix=row.prefix, wish=key_wish(row))


def key_values(change: api_key_service_pb2.ApiKeyChange) -> KeyValues:
    """The new values of a key."""
    return KeyValues(
        display_name=change.display_name,
        permissions=tuple(change.permissions),
        rate_limit_per_second=change.rate_limit_per_second,
        max_calls_per_day=change.max_calls_per_day,
        expires_at=read_moment(change.expire_time, "api_key.expire_time") if change.HasField("expire_time") else None,
    )


def key_owner(text: str) -> KeyOwner | None:
    """The owner that the text names, as the contract's pattern has checked it; None for the empty text."""
    if not text:
        return None
    kind, _, owner_id = text.partition(":")
    return KeyOwner(SubjectKind(kind), UUID(owner_id))


def overlap(duration: Duration) -> timedelta:
    """How long the secret before a re-roll works; the contract has bounded it."""
    return timedelta(seconds=duration.seconds, microseconds=duration.nanos // 1000)


def api_key(value: ApiKey, uses: KeyUses = _UNUSED) -> api_key_pb2.ApiKey:
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
        owner="" if value.owner is None else str(value.owner),
        max_calls_per_day=value.max_calls_per_day,
        last_use_time=timestamp(uses.last_used_at),
        call_count=uses.calls,
        calls_today=uses.calls_today,
        update_time=timestamp(value.updated_at or value.created_at),
        etag=value.etag,
        prefix=value.prefix,
        previous_secret_expire_time=timestamp(value.previous_expires_at),
    )


def seen_key(seen: SeenKey) -> api_key_pb2.ApiKey:
    """The key with its uses, as callers see it."""
    return api_key(seen.api_key, seen.uses)


def import_outcome(outcome: ImportOutcome) -> api_key_service_pb2.ImportedApiKey:
    """What became of a row."""
    failure = outcome.failure
    return api_key_service_pb2.ImportedApiKey(
        api_key=None if outcome.api_key is None else api_key(outcome.api_key),
        reason="" if failure is None else failure.reason,
        message="" if failure is None else failure.message,
    )


def api_key_created(event: ApiKeyCreated) -> bytes:
    """The event's message."""
    message = auth_events_pb2.ApiKeyCreated(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()


def api_key_revoked(event: ApiKeyRevoked) -> bytes:
    """The event's message."""
    message = auth_events_pb2.ApiKeyRevoked(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()


def api_key_updated(event: ApiKeyUpdated) -> bytes:
    """The event's message."""
    message = api_key_events_pb2.ApiKeyUpdated(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()


def api_key_rerolled(event: ApiKeyRerolled) -> bytes:
    """The event's message."""
    message = api_key_events_pb2.ApiKeyRerolled(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()


def api_key_imported(event: ApiKeyImported) -> bytes:
    """The event's message."""
    message = api_key_events_pb2.ApiKeyImported(api_key=api_key(event.api_key), tenant_id=str(event.api_key.tenant_id))
    return message.SerializeToString()
