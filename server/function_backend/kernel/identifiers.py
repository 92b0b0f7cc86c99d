"""Making and reading ids."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A new UUIDv7 (RFC 9562): unique, and in the order of creation to the millisecond."""
    made: UUID = uuid_utils.compat.uuid7()
    return made


def parse_id(text: str) -> UUID:
    """The UUID that the text says; ValueError when it says none."""
    return UUID(text)
