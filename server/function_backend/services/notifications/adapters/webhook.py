"""Chat, or anything else, through a receiver that takes signed JSON as Standard Webhooks has it.

webhook-id: <id of the notification>        the same for each attempt
webhook-timestamp: <seconds>
webhook-signature: v1,<base64 of HMAC-SHA256 over "id.timestamp.body">
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

import orjson

from function_backend.kernel.secret import Secret
from function_backend.services.notifications.adapters.http_calls import ProviderCalls, refuse
from function_backend.services.notifications.domain.channel_policies import ChatPolicy
from function_backend.services.notifications.ports import OutgoingMessage

_LONGEST_ID = 200
_PREFIX = "whsec_"


class WebhookChannel:
    """See `ChannelAdapter`. The receiver is asked to take each `webhook-id` once."""

    name = "webhook"
    idempotent = True

    def __init__(self, policy: ChatPolicy, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._url = policy.url
        self._key = signing_key(policy.secret)
        self._now = now
        self._calls = ProviderCalls(timeout=timeout)

    def send(self, message: OutgoingMessage) -> str:
        """The `id` that the receiver answers with as JSON, if it does."""
        body = orjson.dumps(
            {
                "type": "notification",
                "timestamp": self._now().isoformat(),
                "data": {
                    "id": str(message.id),
                    "tenant_id": str(message.tenant_id),
                    "to": message.to,
                    "display_name": message.display_name,
                    "subject": message.subject,
                    "text": message.short_text,
                    "category": message.category,
                    "language": message.language,
                    "unsubscribe_url": message.unsubscribe_url,
                },
            }
        )
        stamp = str(int(self._now().timestamp()))
        answer = self._calls.post(
            self._url,
            body,
            {
                "Content-Type": "application/json",
                "Idempotency-Key": str(message.id),
                "webhook-id": str(message.id),
                "webhook-timestamp": stamp,
                "webhook-signature": signature(self._key, str(message.id), stamp, body),
            },
        )
        if not answer.is_success:
            refuse(answer)
        return _identifier(answer.body)

    def close(self) -> None:
        """Ends connections."""
        self._calls.close()


def signing_key(secret: Secret) -> bytes:
    """The key that the text says in base64, with or without `whsec_` before it.

    Raises ValueError when it is not in base64, or shorter than 24 bytes.
    """
    try:
        key = base64.b64decode(secret.reveal().removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise ValueError("must be a key in base64, as `openssl rand -base64 32` prints one") from None
    if len(key) < 24:  # noqa: PLR2004  the least that Standard Webhooks allows
        raise ValueError("must be a key of at least 24 bytes in base64")
    return key


def signature(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    """The header's value for the message."""
    signed = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def _identifier(body: bytes) -> str:
    try:
        found = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("id", ""))[:_LONGEST_ID] if isinstance(found, dict) else ""
