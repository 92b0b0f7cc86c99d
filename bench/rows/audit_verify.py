"""Verifying an exported audit trail, against nothing but parsing its lines and hashing them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.stage import Stage
from function.audit.v1 import audit_pb2, audit_service_pb2
from function_backend.events.audit import AuditRecord, genesis
from function_backend.services.audit.domain.checkpoint import Head, key_id_of, text_to_sign
from function_backend_client.audit_trail import PublicKeys, lines, verify_lines

_RECORDS = 100_000
_ROUNDS = 5
_PER_CHECKPOINT = 10_000
_TENANT = UUID("01938d2e-7b1c-7a52-8c3b-2f6d4a5e9b10")
_BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


def measure(stage: Stage) -> Measurement:
    """Rounds of the verifier and of the reference take turns, in one thread of one process."""
    del stage
    private = Ed25519PrivateKey.generate()
    keys = PublicKeys([private.public_key().public_bytes_raw()])
    content = _trail(private)
    verifier: list[dict[str, float]] = []
    reference: list[dict[str, float]] = []
    for _ in range(_ROUNDS):
        reference.append({"records": _RECORDS / _seconds_of_parsing(content)})
        verifier.append({"records": _RECORDS / _seconds_of_verifying(content, keys)})
    rate = median_of(verifier, "records")
    return Measurement(
        figures=[
            Figure(
                name="records verified",
                value=rate,
                unit="records/s",
                at_least=50_000,
                note="one thread",
            ),
            Figure(
                name="verified against parsed and hashed",
                value=median_ratio(verifier, reference, "records"),
                unit="×",
                reference="json.loads and SHA-256 of each line",
                absolute=f"{rate:,.0f} of {median_of(reference, 'records'):,.0f} records/s",
            ),
        ],
        rounds={"verifier": verifier, "reference": reference},
        conditions={"records": f"{_RECORDS:,}", "checkpoint every": f"{_PER_CHECKPOINT:,}"},
    )


def _seconds_of_parsing(content: Sequence[str]) -> float:
    started = time.perf_counter()
    for text in content:
        json.loads(text)
        hashlib.sha256(text.encode()).digest()
    return time.perf_counter() - started


def _seconds_of_verifying(content: Sequence[str], keys: PublicKeys) -> float:
    started = time.perf_counter()
    found = verify_lines(content, keys)
    seconds = time.perf_counter() - started
    if not found.is_whole or found.record_count != _RECORDS:
        raise RuntimeError(f"the trail of the benchmark is not whole: {found.problems[:1]}")
    return seconds


def _trail(private: Ed25519PrivateKey) -> list[str]:
    """The lines of an export as a service would give it."""
    bounds = audit_service_pb2.AuditExportBounds(tenant_id=str(_TENANT), first_seq=1, last_seq=_RECORDS)
    content, expected = [lines.header_line(bounds)], genesis(_TENANT)
    for seq in range(1, _RECORDS + 1):
        record = _record(seq, expected)
        expected = record.digest()
        content.append(lines.record_line(_message(record, expected)))
        if seq % _PER_CHECKPOINT == 0:
            content.append(lines.checkpoint_line(_checkpoint(private, seq, expected)))
    return content


def _record(seq: int, prev_hash: bytes) -> AuditRecord:
    return AuditRecord(
        prev_hash=prev_hash,
        tenant_id=_TENANT,
        seq=seq,
        recorded_at=_BEGINNING + timedelta(milliseconds=seq),
        actor="user:01938d2e-7b1c-7a52-8c3b-2f6d4a5e9b11",
        method="/function.company.v1.CompanyService/UpdateCompany",
        request_id=f"01938d2e-7b1c-7a52-8c3b-{seq:012x}",
        event_id=UUID(int=seq),
        event_type="function.company.v1.CompanyUpdated",
        subject_type="company",
        subject_id=UUID(int=seq * 7),
        before_digest=hashlib.sha256(b"before").digest(),
        after_digest=hashlib.sha256(b"after").digest(),
        details='{"source": "bench"}' if seq % 2 else None,
    )


def _message(record: AuditRecord, hash_: bytes) -> audit_pb2.AuditRecord:
    message = audit_pb2.AuditRecord(
        seq=record.seq,
        actor=record.actor,
        method=record.method,
        request_id=record.request_id,
        event_id=str(record.event_id),
        event_type=record.event_type,
        resource_type=record.subject_type,
        resource_id=str(record.subject_id),
        before_digest=record.before_digest,
        after_digest=record.after_digest,
        details=record.details,
        prev_hash=record.prev_hash,
        hash=hash_,
    )
    message.record_time.FromDatetime(record.recorded_at)
    return message


def _checkpoint(private: Ed25519PrivateKey, seq: int, hash_: bytes) -> audit_pb2.AuditCheckpoint:
    signed_at = _BEGINNING + timedelta(milliseconds=seq)
    key_id = key_id_of(private.public_key().public_bytes_raw())
    head = Head(tenant_id=_TENANT, seq=seq, hash=hash_)
    message = audit_pb2.AuditCheckpoint(
        tenant_id=str(_TENANT),
        seq=seq,
        hash=hash_,
        key_id=key_id,
        signature=private.sign(text_to_sign(head, signed_at=signed_at, key_id=key_id)),
    )
    message.sign_time.FromDatetime(signed_at)
    return message
