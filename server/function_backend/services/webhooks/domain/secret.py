"""Secrets that deliveries are signed with, as Standard Webhooks 1.0 writes them.

`whsec_` and 24 to 64 bytes for HMAC-SHA256; `whsk_` and `whpk_` for the two halves of an Ed25519 key; each in base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_HMAC_BYTES = 32
_HMAC_PREFIX, _PRIVATE_PREFIX, _PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"


class SecretKind(Enum):
    """How a secret signs."""

    HMAC_SHA256 = "hmac-sha256"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSecret:
    """What is known of a secret without opening it."""

    id: UUID
    kind: SecretKind
    public_key: str
    """As `whpk_…`; empty for HMAC."""
    created_at: datetime
    expires_at: datetime | None = None
    """From when it signs no more."""

    def signs_at(self, moment: datetime) -> bool:
        """Whether it signs then."""
        return self.expires_at is None or moment < self.expires_at


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that was just made."""

    text: str
    """What is sealed: `whsec_…` or `whsk_…`."""
    shown: str
    """What the receiver gets: `whsec_…` or `whpk_…`."""
    public_key: str


def make_secret(kind: SecretKind) -> NewSecret:
    """A new secret of the kind."""
    if kind is SecretKind.HMAC_SHA256:
        text = _HMAC_PREFIX + _base64(secrets.token_bytes(_HMAC_BYTES))
        return NewSecret(text, text, "")
    key = Ed25519PrivateKey.generate()
    public = _PUBLIC_PREFIX + _base64(key.public_key().public_bytes_raw())
    return NewSecret(_PRIVATE_PREFIX + _base64(key.private_bytes_raw()), public, public)


class Signer:
    """Signs deliveries with one secret. Reading the key costs more than signing, so it is kept."""

    __slots__ = ("_hmac", "_key")

    def __init__(self, text: str) -> None:
        """From `whsec_…` or `whsk_…`; ValueError when it is neither."""
        self._hmac: bytes | None = None
        self._key: Ed25519PrivateKey | None = None
        if text.startswith(_HMAC_PREFIX):
            self._hmac = base64.b64decode(text[len(_HMAC_PREFIX) :], validate=True)
        elif text.startswith(_PRIVATE_PREFIX):
            raw = base64.b64decode(text[len(_PRIVATE_PREFIX) :], validate=True)
            self._key = Ed25519PrivateKey.from_private_bytes(raw)
        else:
            raise ValueError("a secret begins with whsec_ or whsk_")

    def sign(self, content: bytes) -> str:
        """The signature as the header carries it: `v1,…` or `v1a,…`."""
        if self._hmac is not None:
            return "v1," + _base64(hmac.digest(self._hmac, content, hashlib.sha256))
        assert self._key is not None  # noqa: S101  one of both there is
        return "v1a," + _base64(self._key.sign(content))


def signature_header(signers: Sequence[Signer], *, message_id: str, timestamp: int, body: bytes) -> str:
    """`webhook-signature`: one signature for each secret, the newest secret first.

    What is signed is `{id}.{timestamp}.{body}`; neither id nor timestamp holds a dot.
    """
    content = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    return " ".join(signer.sign(content) for signer in signers)


def secret_purpose(endpoint_id: UUID) -> str:
    """What a secret of the endpoint is sealed for."""
    return f"webhook secret {endpoint_id}"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
