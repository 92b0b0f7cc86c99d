"""Exported audit trails made without a service, with a key of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from function_backend.events.audit import AuditRecord, genesis
from function_backend.services.audit.domain.checkpoint import Head, key_id_of, text_to_sign

TENANT = UUID("01938d2e-7b1c-7a52-8c3b-2f6d4a5e9b10")
_BEGINNING = datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=UTC)

Members = dict[str, Any]


@dataclass(frozen=True)
class TrailMaker:
    """Makes trails of one tenant, signed with one key."""

    private: Ed25519PrivateKey
    tenant: UUID = TENANT

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def records(self, count: int, *, word: str = "Create") -> list[Members]:
        """A chain from its first record on."""
        made, expected = [], genesis(self.tenant)
        for seq in range(1, count + 1):
            record = AuditRecord(
                prev_hash=expected,
                tenant_id=self.tenant,
                seq=seq,
                recorded_at=_BEGINNING + timedelta(seconds=seq),
                actor=f"user:{seq}",
                method=f"/function.company.v1.CompanyService/{word}Company",
                request_id=f"request-{seq}",
                event_id=UUID(int=seq),
                event_type="function.company.v1.CompanyCreated",
                subject_type="company",
                subject_id=UUID(int=seq * 1000),
                before_digest=None if seq % 2 else hashlib.sha256(b"before").digest(),
                after_digest=hashlib.sha256(b"after").digest(),
                details=None if seq % 3 == 0 else json.dumps({"name": f"„Ä“ {seq}", "n": str(seq)}, ensure_ascii=False),
            )
            expected = record.digest()
            made.append(_members(record, expected))
        return made

    def checkpoint(self, seq: int, hash_: str, *, tenant: UUID | None = None) -> Members:
        """A signed checkpoint at a record."""
        signed_at, key_id = _BEGINNING + timedelta(hours=1), key_id_of(self.public)
        head = Head(tenant_id=tenant or self.tenant, seq=seq, hash=bytes.fromhex(hash_))
        return {
            "type": "checkpoint",
            "tenant_id": str(head.tenant_id),
            "seq": seq,
            "hash": hash_,
            "signed_at": _moment(signed_at),
            "key_id": key_id,
            "signature": self.private.sign(text_to_sign(head, signed_at=signed_at, key_id=key_id)).hex(),
        }

    def export(self, count: int, *, signed_at: Sequence[int] = (), after: int = 0) -> list[Members]:
        """An export of a chain of so many records with checkpoints at these and at the last one."""
        records = self.records(count)
        content: list[Members] = [self.header(after + 1, count)]
        if after:
            content.append(self.checkpoint(after, records[after - 1]["hash"]))
        for record in records[after:]:
            content.append(record)
            if record["seq"] in {*signed_at, count}:
                content.append(self.checkpoint(record["seq"], record["hash"]))
        return content

    def header(self, first: int, last: int) -> Members:
        return {
            "type": "header",
            "format": "function-backend audit export 1",
            "tenant_id": str(self.tenant),
            "first_seq": first,
            "last_seq": last,
        }


def text_of(members: Members) -> str:
    """The line."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _members(record: AuditRecord, hash_: bytes) -> Members:
    return {
        "type": "record",
        "seq": record.seq,
        "recorded_at": _moment(record.recorded_at),
        "actor": record.actor,
        "method": record.method,
        "request_id": record.request_id,
        "event_id": str(record.event_id),
        "event_type": record.event_type,
        "resource_type": record.subject_type,
        "resource_id": str(record.subject_id),
        "before_digest": None if record.before_digest is None else record.before_digest.hex(),
        "after_digest": None if record.after_digest is None else record.after_digest.hex(),
        "details": record.details,
        "prev_hash": record.prev_hash.hex(),
        "hash": hash_.hex(),
    }


def _moment(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
