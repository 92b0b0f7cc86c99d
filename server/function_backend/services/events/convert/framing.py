"""Messages put together from parts that are serialised already: what many watchers get is serialised once."""

from __future__ import annotations

from collections.abc import Iterable

_LENGTH_DELIMITED = 2
_MORE = 0x80


def repeated(number: int, contents: Iterable[bytes]) -> bytes:
    """A repeated field of a message, string or bytes type."""
    tag = _varint(number << 3 | _LENGTH_DELIMITED)
    return b"".join(part for content in contents for part in (tag, _varint(len(content)), content))


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= _MORE:
        encoded.append(value & 0x7F | _MORE)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
