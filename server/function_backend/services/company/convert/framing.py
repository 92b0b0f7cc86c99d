"""Messages put together from parts that are serialised already.

Companies are stored as they are sent. Reading them back into messages only to write them again would cost a hundred
times as much as putting tag and length in front (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_LENGTH_DELIMITED = 2
_FIXED64 = 1
_DOUBLE = struct.Struct("<d")
_ONE_BYTE = 0x80


def embedded(number: int, content: bytes) -> bytes:
    """A field of a message, string or bytes type."""
    return _tag(number, _LENGTH_DELIMITED) + _varint(len(content)) + content


def repeated(number: int, contents: Iterable[bytes]) -> bytes:
    """A repeated field of a message, string or bytes type."""
    tag = _tag(number, _LENGTH_DELIMITED)
    parts: list[bytes] = []
    for content in contents:
        parts += (tag, _varint(len(content)), content)
    return b"".join(parts)


def text(number: int, value: str) -> bytes:
    """A string field; nothing when it is empty."""
    return embedded(number, value.encode()) if value else b""


def double(number: int, value: float) -> bytes:
    """A double field; nothing when it is 0."""
    return _tag(number, _FIXED64) + _DOUBLE.pack(value) if value else b""


def first_content(message: bytes) -> bytes:
    """What the first field of the message holds, which is of a message, string or bytes type."""
    place = 1
    length = shift = 0
    while True:
        byte = message[place]
        length |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < _ONE_BYTE:
            return message[place : place + length]


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    if value < _ONE_BYTE:
        return bytes((value,))
    encoded = bytearray()
    while value >= _ONE_BYTE:
        encoded.append(value & 0x7F | _ONE_BYTE)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
