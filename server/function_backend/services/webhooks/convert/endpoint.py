"""Endpoints on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from function.webhooks.v1 import endpoint_pb2 as wire
from function.webhooks.v1 import webhook_service_pb2 as service
from function_backend.events.log import EventFilter
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.webhooks.domain.endpoint import (
    WRITABLE,
    DisableReason,
    Endpoint,
    EndpointContent,
    PayloadMode,
)
from function_backend.services.webhooks.domain.secret import SecretKind, SigningSecret
from function_backend.timestamps import timestamp

_MODES = {
    PayloadMode.REDACTED: wire.PAYLOAD_MODE_REDACTED,
    PayloadMode.FULL: wire.PAYLOAD_MODE_FULL,
    PayloadMode.THIN: wire.PAYLOAD_MODE_THIN,
}
_MODES_BY_NUMBER = {number: mode for mode, number in _MODES.items()}
_KINDS = {
    SecretKind.HMAC_SHA256: wire.SECRET_KIND_HMAC_SHA256,
    SecretKind.ED25519: wire.SECRET_KIND_ED25519,
}
_KINDS_BY_NUMBER = {number: kind for kind, number in _KINDS.items()}
_REASONS = {
    DisableReason.ASKED: wire.DISABLE_REASON_ASKED,
    DisableReason.FAILING: wire.DISABLE_REASON_FAILING,
    DisableReason.GONE: wire.DISABLE_REASON_GONE,
}
_EVERYTHING = "*"
_SHOWN = 64


def endpoint_id(message: wire.Endpoint) -> UUID:
    """Which endpoint is to be changed; INVALID_REQUEST when it is not said."""
    if not message.id:
        raise invalid_fields(FieldViolation("endpoint.id", "must be the id of the endpoint"))
    return UUID(message.id)


def content(message: wire.Endpoint) -> EndpointContent:
    """What a caller says about an endpoint."""
    wanted = message.filter
    return EndpointContent(
        display_name=message.display_name,
        url=message.url,
        filter=EventFilter(
            types=tuple(wanted.types),
            subject_types=tuple(wanted.subject_types),
            subject_ids=tuple(map(UUID, wanted.subject_ids)),
            labels=dict(wanted.labels),
        ),
        payload_mode=_MODES_BY_NUMBER.get(message.payload_mode, PayloadMode.REDACTED),
        ordered=message.ordered,
        rate_limit_per_second=message.rate_limit_per_second,
    )


def masked_fields(message: wire.Endpoint, paths: Sequence[str]) -> frozenset[str]:
    """The fields named, all with `*`, the populated ones when none is named; INVALID_REQUEST for others."""
    if not paths:
        return frozenset(field.name for field, _ in message.ListFields()).intersection(WRITABLE)
    if list(paths) == [_EVERYTHING]:
        return frozenset(WRITABLE)
    unknown = sorted(set(paths).difference(WRITABLE))
    if unknown:
        raise invalid_fields(
            *(
                FieldViolation("update_mask", f"{path[:_SHOWN]!a} cannot be set; there are {', '.join(WRITABLE)}")
                for path in unknown
            )
        )
    return frozenset(paths)


def secret_kind(number: wire.SecretKind.ValueType) -> SecretKind:
    """The kind; HMAC when not said."""
    return _KINDS_BY_NUMBER.get(number, SecretKind.HMAC_SHA256)


def overlap(request: service.RotateSecretRequest) -> timedelta | None:
    """How long the other secrets sign on; None when not said."""
    if not request.HasField("overlap"):
        return None
    return timedelta(seconds=request.overlap.seconds, microseconds=request.overlap.nanos // 1000)


def endpoint(value: Endpoint) -> wire.Endpoint:
    """The endpoint as callers see it."""
    said = value.content
    return wire.Endpoint(
        id=str(value.id),
        display_name=said.display_name,
        url=said.url,
        filter=wire.EventFilter(
            types=said.filter.types,
            subject_types=said.filter.subject_types,
            subject_ids=map(str, said.filter.subject_ids),
            labels=said.filter.labels,
        ),
        payload_mode=_MODES[said.payload_mode],
        ordered=said.ordered,
        rate_limit_per_second=said.rate_limit_per_second,
        state=wire.ENDPOINT_STATE_ENABLED if value.enabled else wire.ENDPOINT_STATE_DISABLED,
        disable_reason=wire.DISABLE_REASON_UNSPECIFIED
        if value.disable_reason is None
        else _REASONS[value.disable_reason],
        disable_time=timestamp(value.disabled_at),
        failing_since=timestamp(value.failing_since),
        secrets=map(_secret, value.secrets),
        owner=value.owner,
        etag=value.etag,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
    )


def _secret(value: SigningSecret) -> wire.SigningSecret:
    return wire.SigningSecret(
        id=str(value.id),
        kind=_KINDS[value.kind],
        public_key=value.public_key,
        create_time=timestamp(value.created_at),
        expire_time=timestamp(value.expires_at),
    )
