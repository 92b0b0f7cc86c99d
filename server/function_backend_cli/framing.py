"""Messages one after the other in a file, each behind its length, as protobuf's own libraries delimit them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from function_backend_client.shipments import varint

_LARGEST = 64 << 20


class DamagedFileError(Exception):
    """The file ends in the middle of a message, or is not one of delimited messages."""


def delimited(data: bytes) -> bytes:
    """A message behind its length."""
    return varint(len(data)) + data


def read_delimited(content: IO[bytes]) -> Iterator[bytes]:
    """The messages of a file. Raises DamagedFileError where it is cut off."""
    while True:
        length = _read_varint(content)
        if length is None:
            return
        if length > _LARGEST:
            raise DamagedFileError(f"a message of {length} bytes: this is not a file of delimited messages")
        data = content.read(length)
        if len(data) != length:
            raise DamagedFileError("the file ends in the middle of a message")
        yield data


def _read_varint(content: IO[bytes]) -> int | None:
    number = shift = 0
    while True:
        byte = content.read(1)
        if not byte:
            if shift:
                raise DamagedFileError("the file ends in the middle of a message")
            return None
        number |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:  # noqa: PLR2004  The bit that says another byte follows.
            return number
        shift += 7
        if shift > 63:  # noqa: PLR2004  A length has at most nine groups of seven bits.
            raise DamagedFileError("no length: this is not a file of delimited messages")
