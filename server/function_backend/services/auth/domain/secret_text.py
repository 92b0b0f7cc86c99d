"""The text of secrets that are looked up by their digest: client secrets, refresh tokens, device codes.

    prefix (4) + secret (43) + checksum (6)

The secret is 256 random bits and the checksum a CRC-32 of all before it, both in base 62: a scanner recognises one that
was leaked, and a mistyped one is refused before anybody is asked.
"""

from __future__ import annotations

import secrets
import string
import zlib

from function_backend.services.auth.domain.key_text import KeyText, digest

CLIENT_SECRET = "fbs_"  # noqa: S105 - the beginning of every one
REFRESH_TOKEN = "fbr_"  # noqa: S105 - the beginning of every one
DEVICE_CODE = "fbd_"

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ALLOWED = frozenset(_DIGITS)
_SECRET_BITS = 256
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_PREFIX_LENGTH = 4
_LENGTH = _PREFIX_LENGTH + _SECRET_LENGTH + _CHECKSUM_LENGTH


def mint(prefix: str) -> KeyText:
    """A new text that nobody can guess."""
    body = prefix + _encode(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)
    text = body + _encode(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)
    return KeyText(text, digest(text))


def looks_right(text: str, prefix: str) -> bool:
    """Whether `mint` can have made the text."""
    if len(text) != _LENGTH or not text.startswith(prefix) or not _ALLOWED.issuperset(text[_PREFIX_LENGTH:]):
        return False
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    return checksum == _encode(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _encode(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, remainder = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[remainder])
    return "".join(reversed(digits))
