"""Which events keep their order: those of one resource are in one shard."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

SHARDS = 64


def shard_of(subject_id: UUID) -> int:
    """The shard of all events of the resource, so that whoever carries one shard keeps their order.

    By a hash, since the bits of an id that a client or another system made need not be evenly spread.
    """
    return hashlib.sha256(subject_id.bytes).digest()[0] % SHARDS
