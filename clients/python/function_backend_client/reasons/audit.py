"""The reasons of the audit trail."""

from __future__ import annotations

from function_backend_client.errors import NotFoundError, PreconditionError


class AuditRecordNotFoundError(NotFoundError):
    """The audit trail has no such record, or no longer."""

    default_reason = "AUDIT_RECORD_NOT_FOUND"


class AuditRetentionTooShortError(PreconditionError):
    """The installation keeps audit records for longer; `metadata["shortest_days"]` says how long at the least."""

    default_reason = "AUDIT_RETENTION_TOO_SHORT"
