"""Files of messages, each behind its length."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_LENGTH = 4


def write_messages(path: Path, messages: Iterable[bytes]) -> None:
    """Writes the messages into a new file."""
    with path.open("wb") as file:
        for message in messages:
            file.write(len(message).to_bytes(_LENGTH, "big"))
            file.write(message)


def read_messages(path: Path) -> list[bytes]:
    """The messages of a file."""
    content = path.read_bytes()
    messages = []
    place = 0
    while place < len(content):
        length = int.from_bytes(content[place : place + _LENGTH], "big")
        place += _LENGTH
        messages.append(content[place : place + length])
        place += length
    return messages
