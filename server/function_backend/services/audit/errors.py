"""How the use cases of the audit trail fail, each with its reason."""

from __future__ import annotations

from datetime import timedelta

from function_backend.kernel.errors import NotFoundError, PreconditionError, Resource


class AuditRecordNotFoundError(NotFoundError):
    """The trail has no such record, or no longer."""

    reason = "AUDIT_RECORD_NOT_FOUND"

    def __init__(self, seq: int) -> None:
        super().__init__(
            f"The audit trail has no record {seq}.",
            metadata={"seq": str(seq)},
            resource=Resource("audit_record", str(seq)),
        )


class AuditRetentionTooShortError(PreconditionError):
    """The installation keeps records for longer at the least."""

    reason = "AUDIT_RETENTION_TOO_SHORT"

    def __init__(self, shortest: timedelta) -> None:
        days = f"{shortest / timedelta(days=1):g}"
        super().__init__(f"Audit records are kept for {days} days at the least.", metadata={"shortest_days": days})
