"""One-time tokens that let a person set a password: those of invitations and of password resets.

    fbi_ or fbp_ + base64url of: tenant id (16 bytes), token id (16), secret (32), checksum (4)

The tenant stands in it because nobody is signed in who could say so; it grants nothing. Only a digest is stored.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

_ID = 16
_SECRET = 32
_CHECKSUM = 4
_BYTES = 2 * _ID + _SECRET + _CHECKSUM


class TokenPurpose(StrEnum):
    """What a token is for."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a purpose


_PREFIXES = {TokenPurpose.INVITATION: "fbi_", TokenPurpose.PASSWORD_RESET: "fbp_"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedToken:
    """What a token says."""

    tenant_id: UUID
    id: UUID
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserToken:
    """A token as it is stored."""

    id: UUID
    user_id: UUID
    purpose: TokenPurpose
    digest: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime

    def accepts(self, presented: PresentedToken, *, at: datetime) -> bool:
        """Whether this is what was presented, in time."""
        return hmac.compare_digest(self.digest, presented.digest) and at < self.expires_at


def mint_token(purpose: TokenPurpose, *, tenant_id: UUID, token_id: UUID) -> str:
    """The text of a new token, which nobody can guess."""
    body = tenant_id.bytes + token_id.bytes + secrets.token_bytes(_SECRET)
    checksum = zlib.crc32(body).to_bytes(_CHECKSUM, "big")
    return _PREFIXES[purpose] + base64.urlsafe_b64encode(body + checksum).rstrip(b"=").decode()


def token_digest(text: str) -> bytes:
    """What is stored of a token. A plain hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def read_token(purpose: TokenPurpose, text: str) -> PresentedToken | None:
    """What the token says, when its text is one that `mint_token` can have made for the purpose; else None."""
    prefix = _PREFIXES[purpose]
    encoded = text.removeprefix(prefix)
    if not text.startswith(prefix) or not encoded.isascii():
        return None
    try:
        body = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    if len(body) != _BYTES or zlib.crc32(body[:-_CHECKSUM]).to_bytes(_CHECKSUM, "big") != body[-_CHECKSUM:]:
        return None
    return PresentedToken(
        tenant_id=UUID(bytes=body[:_ID]), id=UUID(bytes=body[_ID : 2 * _ID]), digest=token_digest(text)
    )
