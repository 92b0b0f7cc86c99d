"""Recovery codes: each good once instead of a code of the authenticator app."""

from __future__ import annotations

import base64
import hashlib
import secrets
from uuid import UUID

COUNT = 10

_BYTES = 10
_LENGTH = 16
_GROUP = 4


def new_codes() -> list[str]:
    """Ten new codes of 80 bits each, such as `abcd-efgh-ijkl-mnop`."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()) for _ in range(COUNT)]


def code_digest(user_id: UUID, code: str) -> bytes | None:
    """What is stored of a code, however it was typed; None when it cannot be one.

    A plain hash is enough: unlike a password, 80 random bits cannot be guessed.
    """
    plain = "".join(sign for sign in code if sign not in " -").casefold()
    if len(plain) != _LENGTH or not plain.isascii() or not plain.isalnum():
        return None
    return hashlib.sha256(b"recovery code\x00" + user_id.bytes + plain.encode()).digest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))
