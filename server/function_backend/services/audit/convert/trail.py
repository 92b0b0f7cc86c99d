"""Records, checkpoints and keys on the wire."""

from __future__ import annotations

from function.audit.v1 import audit_pb2, audit_service_pb2
from function_backend.services.audit.domain.checkpoint import AuditKey, Checkpoint
from function_backend.services.audit.domain.record import Outcome, StoredRecord
from function_backend.services.audit.domain.retention import Retention
from function_backend.services.audit.service.exporting import ExportBatch
from function_backend.services.audit.service.reading import Verified
from function_backend.timestamps import duration, timestamp

_OUTCOMES = {
    Outcome.SUCCEEDED: audit_pb2.AUDIT_OUTCOME_SUCCEEDED,
    Outcome.DENIED: audit_pb2.AUDIT_OUTCOME_DENIED,
    Outcome.FAILED: audit_pb2.AUDIT_OUTCOME_FAILED,
}


def record(stored: StoredRecord) -> audit_pb2.AuditRecord:
    """The record."""
    value = stored.record
    return audit_pb2.AuditRecord(
        seq=value.seq,
        record_time=timestamp(value.recorded_at),
        actor=value.actor,
        method=value.method,
        request_id=value.request_id,
        event_id=str(value.event_id),
        event_type=value.event_type,
        resource_type=value.subject_type,
        resource_id=str(value.subject_id),
        before_digest=value.before_digest,
        after_digest=value.after_digest,
        details=value.details,
        outcome=_OUTCOMES[stored.outcome],
        prev_hash=value.prev_hash,
        hash=stored.hash,
    )


def checkpoint(value: Checkpoint) -> audit_pb2.AuditCheckpoint:
    """The checkpoint."""
    return audit_pb2.AuditCheckpoint(
        tenant_id=str(value.tenant_id),
        seq=value.seq,
        hash=value.hash,
        sign_time=timestamp(value.signed_at),
        key_id=value.key_id,
        signature=value.signature,
    )


def key(value: AuditKey) -> audit_pb2.AuditKey:
    """The key; there is nothing secret in it."""
    return audit_pb2.AuditKey(
        id=value.id,
        public_key=value.public_key,
        create_time=timestamp(value.created_at),
        retire_time=timestamp(value.retired_at),
    )


def retention(value: Retention) -> audit_pb2.AuditRetention:
    """How long records are kept."""
    return audit_pb2.AuditRetention(
        keep_for=duration(value.keep_for),
        effective_keep_for=duration(value.effective),
        first_seq=value.first_seq,
    )


def batch(value: ExportBatch) -> audit_service_pb2.ExportAuditRecordsResponse:
    """One message of an export."""
    return audit_service_pb2.ExportAuditRecordsResponse(
        bounds=audit_service_pb2.AuditExportBounds(
            tenant_id=str(value.bounds.tenant_id),
            first_seq=value.bounds.first_seq,
            last_seq=value.bounds.last_seq,
        ),
        records=map(record, value.records),
        checkpoints=map(checkpoint, value.checkpoints),
        resume_token=value.resume_token,
    )


def verified(value: Verified) -> audit_service_pb2.VerifyAuditTrailResponse:
    """What was found."""
    return audit_service_pb2.VerifyAuditTrailResponse(
        record_count=value.record_count,
        checkpoint_count=value.checkpoint_count,
        problems=[
            audit_service_pb2.AuditProblem(seq=problem.seq, description=problem.description)
            for problem in value.problems
        ],
        next_after_seq=value.next_after_seq,
    )
