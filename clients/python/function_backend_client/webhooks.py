"""Receiving webhooks: whether a delivery is genuine, and the event that it carries.

    event = webhooks.receive(body, headers, secrets=["whsec_…"])
    if isinstance(event.data, CompanyCreated): …

By Standard Webhooks 1.0: HMAC-SHA256 with `whsec_…`, Ed25519 with the public key `whpk_…`. Give all secrets that may
sign while one replaces another. Hand over the body byte for byte as it came: JSON that was read and written again has
another signature. A delivery may arrive more than once: tell repetitions by `event.id`, which is `webhook-id`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

TOLERANCE: Final = dt.timedelta(minutes=5)
"""How far the clock of the sender may be from that of the receiver, late deliveries included."""

_HMAC, _PUBLIC, _PRIVATE = "whsec_", "whpk_", "whsk_"
_LEAST_KEY_BYTES = 16
_ED25519_BYTES = 32
_MOST_SIGNATURES = 32


class WebhookError(Exception):
    """A delivery that is not to be trusted, or cannot be read. Answer it with 400."""


class MissingHeaderError(WebhookError):
    """A header of Standard Webhooks is missing or malformed."""


class TimestampError(WebhookError):
    """The delivery was signed too long ago, or lies in the future: it may be a repetition by somebody else."""


class SignatureError(WebhookError):
    """No signature is by one of the secrets."""


class PayloadError(WebhookError):
    """The delivery is genuine, and no event that this version of the contract knows."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """The event that a delivery carries."""

    id: str
    """The same in all deliveries of the event."""
    type: str
    """Such as `function.company.v1.CompanyCreated`."""
    time: str
    """When it happened, as RFC 3339."""
    subject: str
    """What it is about."""
    attributes: Mapping[str, Any]
    """Everything of the CloudEvents envelope but the data."""
    data: Message | None
    """The event's message; None where the endpoint gets none (`PAYLOAD_MODE_THIN`)."""


def receive(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secrets: str | Iterable[str],
    tolerance: dt.timedelta = TOLERANCE,
    now: dt.datetime | None = None,
) -> ReceivedEvent:
    """The event of a genuine delivery. Raises what `verify` and `parse` raise."""
    verify(body, headers, secrets=secrets, tolerance=tolerance, now=now)
    return parse(body)


def verify(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secrets: str | Iterable[str],
    tolerance: dt.timedelta = TOLERANCE,
    now: dt.datetime | None = None,
) -> str:
    """The id of a genuine delivery, which is the same when it is repeated.

    Raises MissingHeaderError, TimestampError or SignatureError for one that is not, and ValueError for a secret that is
    none.
    """
    keys = [_key(text) for text in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise ValueError("give at least one secret, such as whsec_… or whpk_…")
    given = {name.lower(): value for name, value in headers.items()}
    message_id = _header(given, "webhook-id")
    timestamp = _header(given, "webhook-timestamp")
    signatures = _header(given, "webhook-signature").split()
    _check_time(timestamp, tolerance, now or dt.datetime.now(dt.UTC))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    if not any(key.signed(content, each) for each in signatures[:_MOST_SIGNATURES] for key in keys):
        raise SignatureError(
            "no signature is by one of the secrets; check that the body is handed over byte for byte, and that the "
            "secret is the endpoint's"
        )
    return message_id


def parse(body: bytes) -> ReceivedEvent:
    """The event in the body of a delivery, which is to be verified before. PayloadError when there is none."""
    try:
        envelope = json.loads(body)
    except ValueError as error:
        raise PayloadError("the body is no JSON") from error
    if not isinstance(envelope, dict) or not isinstance(envelope.get("type"), str):
        raise PayloadError("the body is no event: it has no type")
    data = envelope.pop("data", None)
    return ReceivedEvent(
        id=str(envelope.get("id", "")),
        type=envelope["type"],
        time=str(envelope.get("time", "")),
        subject=str(envelope.get("subject", "")),
        attributes=envelope,
        data=None if data is None else _message(envelope["type"], data),
    )


def _message(type_name: str, data: Any) -> Message:  # noqa: ANN401  whatever the JSON holds
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(type_name)
    except KeyError as error:
        raise PayloadError(
            f"{type_name} is not known; import its module, such as function.company.v1.company_events_pb2, or install "
            "a newer function-backend-api"
        ) from error
    message = message_factory.GetMessageClass(descriptor)()
    try:
        # A newer service may say more than this version of the contract knows.
        return json_format.ParseDict(data, message, ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise PayloadError(f"the data is no {type_name}: {error}") from error


def _header(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "")
    if not value or not value.isascii():
        raise MissingHeaderError(f"the header {name} is missing or malformed")
    return value


def _check_time(text: str, tolerance: dt.timedelta, now: dt.datetime) -> None:
    if not text.isdigit() or len(text) > 12:  # noqa: PLR2004  beyond the year 9999
        raise MissingHeaderError("the header webhook-timestamp is no number of seconds")
    away = now.timestamp() - int(text)
    if abs(away) > tolerance.total_seconds():
        direction = "too long ago" if away > 0 else "in the future"
        raise TimestampError(f"the delivery was signed {direction}: {abs(away):.0f} seconds from now")


class _Hmac:
    """A secret `whsec_…`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def signed(self, content: bytes, signature: str) -> bool:
        version, _, encoded = signature.partition(",")
        found = _decoded(encoded) if version == "v1" else None
        return found is not None and hmac.compare_digest(hmac.digest(self._key, content, "sha256"), found)


class _Ed25519:
    """A public key `whpk_…`."""

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415  optional
        except ImportError as error:
            raise ImportError("whpk_ keys need the package cryptography: function-backend-client[auth]") from error
        self._key = Ed25519PublicKey.from_public_bytes(key)

    def signed(self, content: bytes, signature: str) -> bool:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  optional

        version, _, encoded = signature.partition(",")
        found = _decoded(encoded) if version == "v1a" else None
        if found is None:
            return False
        try:
            self._key.verify(found, content)
        except InvalidSignature:
            return False
        return True


def _key(text: str) -> _Hmac | _Ed25519:
    if text.startswith(_PRIVATE):
        raise ValueError("whsk_ is the key that signs; verify with the public key whpk_…")
    prefix = _PUBLIC if text.startswith(_PUBLIC) else _HMAC
    raw = _decoded(text.removeprefix(prefix))
    if not text.startswith(prefix) or raw is None:
        raise ValueError("a secret is whsec_… or whpk_… with base64 behind it")
    if prefix == _PUBLIC:
        if len(raw) != _ED25519_BYTES:
            raise ValueError("a key whpk_… has 32 bytes")
        return _Ed25519(raw)
    if len(raw) < _LEAST_KEY_BYTES:
        raise ValueError("a secret whsec_… has at least 16 bytes")
    return _Hmac(raw)


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
