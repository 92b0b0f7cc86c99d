"""Signed heads of a chain, and the keys that sign them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

_FORMAT = b"function-backend audit checkpoint 1"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_KEY_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last record of a chain at some time."""

    tenant_id: UUID
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A head with the signature of a key of the installation."""

    tenant_id: UUID
    seq: int
    hash: bytes
    signed_at: datetime
    key_id: str
    signature: bytes

    @property
    def signed_text(self) -> bytes:
        """What the signature is of."""
        head = Head(tenant_id=self.tenant_id, seq=self.seq, hash=self.hash)
        return text_to_sign(head, signed_at=self.signed_at, key_id=self.key_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditKey:
    """The public half of a key, and when it signs."""

    id: str
    public_key: bytes
    created_at: datetime
    retired_at: datetime | None = None


def text_to_sign(head: Head, *, signed_at: datetime, key_id: str) -> bytes:
    """The text that a key signs: the name of the format, and each part with its length in four bytes before it.

    The parts are the tenant (16 bytes), `seq` (8, big-endian), the hash, the microseconds since 2000-01-01 UTC (8), and
    the id of the key in ASCII.
    """
    micros = (signed_at - _EPOCH) // timedelta(microseconds=1)
    parts = (
        head.tenant_id.bytes,
        head.seq.to_bytes(8, "big", signed=True),
        head.hash,
        micros.to_bytes(8, "big", signed=True),
        key_id.encode(),
    )
    return _FORMAT + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def key_id_of(public_key: bytes) -> str:
    """The name of a key, which follows from its public half: nobody can give the name of one key to another."""
    return hashlib.sha256(public_key).digest()[:_KEY_ID_BYTES].hex()
