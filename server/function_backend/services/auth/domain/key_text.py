"""The text of an API key: recognisable, checked for typing errors before anybody is asked, stored only as a digest.

    fbk_ + id (22) + secret (43) + checksum (6)

The id is the key's UUID, so that a leaked or logged beginning tells which key it is; the secret is 256 random bits; the
checksum is a CRC-32 of all before it. All three are written in base 62.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass, field
from uuid import UUID

PREFIX = "fbk_"
PATTERN = r"\bfbk_[0-9A-Za-z]{71}\b"
"""What a secret scanner looks for; `key_id` tells without asking anybody whether a match is a key."""

SHORTEST_FOREIGN = 16
"""Characters that a key of another system must have at least; shorter ones can be guessed."""

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_ID_LENGTH = 22
_SECRET_BITS = 256
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_LENGTH = len(PREFIX) + _ID_LENGTH + _SECRET_LENGTH + _CHECKSUM_LENGTH
_UUID_LIMIT = 1 << 128


@dataclass(frozen=True, slots=True)
class KeyText:
    """The whole text that a caller sends, and the only thing of it that is stored."""

    text: str = field(repr=False)
    digest: bytes = field(repr=False)


def mint(key_id: UUID) -> KeyText:
    """The text of a new key, which nobody can guess."""
    body = PREFIX + _encode(key_id.int, _ID_LENGTH) + _encode(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)
    text = body + _checksum(body)
    return KeyText(text, digest(text))


def digest(text: str) -> bytes:
    """What is stored of a key. A plain hash is enough: unlike a password, 256 random bits cannot be guessed."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def key_id(text: str) -> UUID | None:
    """The id of the key, when the text is one that `mint` can have made; None when it cannot."""
    if len(text) != _LENGTH or not text.startswith(PREFIX) or not text.isascii():
        return None
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    if checksum != _checksum(body):
        return None
    number = 0
    for digit in body[len(PREFIX) : len(PREFIX) + _ID_LENGTH]:
        value = _VALUES.get(digit)
        if value is None:
            return None
        number = number * len(_DIGITS) + value
    return UUID(int=number) if number < _UUID_LIMIT else None


def visible_prefix(of: UUID) -> str:
    """How the text of the key begins; it names the key and tells nothing of its secret."""
    return PREFIX + _encode(of.int, _ID_LENGTH)


def _checksum(body: str) -> str:
    return _encode(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _encode(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, remainder = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[remainder])
    return "".join(reversed(digits))
