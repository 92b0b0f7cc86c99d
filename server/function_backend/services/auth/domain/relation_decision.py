"""A recorded decision: what was asked, what was answered, and everything the answer was made from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from function_backend.services.auth.domain.relations.references import Tuple, read_tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision."""

    id: UUID
    decided_at: datetime
    expires_at: datetime
    caller: str
    """Who asked, such as `api_key:01938d2e-…`."""
    schema_version: int
    resource: str
    permission: str
    subject: str
    permitted: bool
    inputs: frozenset[Tuple]
    """The relationships that were found; whatever else was looked for was not there."""


def pack(inputs: frozenset[Tuple]) -> bytes:
    """The inputs as they are stored."""
    return zlib.compress("\n".join(sorted(map(str, inputs))).encode())


def unpack(stored: bytes) -> frozenset[Tuple]:
    """The inputs again."""
    return frozenset(read_tuple(line) for line in zlib.decompress(stored).decode().splitlines())
