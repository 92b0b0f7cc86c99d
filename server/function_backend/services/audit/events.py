"""What happens to the audit trail, and the calls that it tells of though they changed nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.observed_calls import Observation, ObservedCall
from function_backend.services.audit.domain.checkpoint import AuditKey, Checkpoint
from function_backend.services.audit.domain.record import Outcome
from function_backend.services.audit.domain.retention import Retention

CALL = "call"
"""The type of the resource where a call is about none that is known."""

_SPACE = UUID("5b0b5c2c-0a4e-4d6f-9c39-6a2f3f5d1c01")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSigned(DomainEvent):
    """The head of the tenant's chain was signed."""

    type: ClassVar[str] = "function.audit.v1.CheckpointSigned"
    subject_type: ClassVar[str] = "audit_trail"

    checkpoint: Checkpoint

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self:
        """The event. The trail of a tenant is named by the tenant's id."""
        return cls(
            subject_id=checkpoint.tenant_id,
            sequence=checkpoint.seq,
            occurred_at=checkpoint.signed_at,
            after_digest=checkpoint.hash,
            details={"seq": str(checkpoint.seq), "key_id": checkpoint.key_id},
            checkpoint=checkpoint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecordsDropped(DomainEvent):
    """Old records were dropped."""

    type: ClassVar[str] = "function.audit.v1.AuditRecordsDropped"
    subject_type: ClassVar[str] = "audit_trail"

    checkpoint: Checkpoint
    first_seq: int

    @classmethod
    def of(cls, checkpoint: Checkpoint, *, first_seq: int, at: datetime) -> Self:
        """The event."""
        return cls(
            subject_id=checkpoint.tenant_id,
            sequence=checkpoint.seq,
            occurred_at=at,
            before_digest=checkpoint.hash,
            details={"first_seq": str(first_seq), "last_seq": str(checkpoint.seq)},
            checkpoint=checkpoint,
            first_seq=first_seq,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRetentionSet(DomainEvent):
    """A tenant decided how long it keeps its records."""

    type: ClassVar[str] = "function.audit.v1.AuditRetentionSet"
    subject_type: ClassVar[str] = "audit_trail"

    retention: Retention

    @classmethod
    def of(cls, tenant_id: UUID, retention: Retention, *, at: datetime, sequence: int) -> Self:
        """The event."""
        kept = "" if retention.keep_for is None else str(int(retention.keep_for.total_seconds()))
        return cls(
            subject_id=tenant_id,
            sequence=sequence,
            occurred_at=at,
            details={"keep_seconds": kept},
            retention=retention,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditKeyCreated(DomainEvent):
    """A key that signs checkpoints was made."""

    type: ClassVar[str] = "function.audit.v1.AuditKeyCreated"
    subject_type: ClassVar[str] = "audit_key"

    key: AuditKey

    @classmethod
    def of(cls, key: AuditKey) -> Self:
        """The event. Resources have UUIDs: that of a key follows from its id."""
        return cls(
            subject_id=uuid.uuid5(_SPACE, key.id),
            sequence=1,
            occurred_at=key.created_at,
            details={"key_id": key.id, "public_key": key.public_key.hex()},
            key=key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedEvent(DomainEvent):
    """A call that changed nothing; an event only where the settings publish such calls."""

    # Of the resource that was read, which is not the same for all events of the class.
    subject_type: str  # type: ignore[misc]
    call: ObservedCall
    count: int

    @classmethod
    def of(cls, call: ObservedCall, *, count: int = 1) -> Self:
        """The event; `count` calls in a row that were the same are one."""
        return cls(
            subject_type=subject_type_of(call),
            subject_id=subject_of(call),
            sequence=1,
            occurred_at=call.at,
            details=details_of(call, count=count),
            call=call,
            count=count,
        )


class CallDenied(ObservedEvent):
    """A call was refused."""

    type: ClassVar[str] = "function.audit.v1.CallDenied"


class SensitiveRead(ObservedEvent):
    """Something sensitive was read."""

    type: ClassVar[str] = "function.audit.v1.SensitiveRead"


def type_of(call: ObservedCall) -> str:
    """The type of the record."""
    return CallDenied.type if call.observation is Observation.DENIED else SensitiveRead.type


def subject_type_of(call: ObservedCall) -> str:
    """The type of the resource that was read; that of calls where none is known."""
    return CALL if call.resource_id is None or not call.resource_type else call.resource_type


def subject_of(call: ObservedCall) -> UUID:
    """The resource that was read; where none is known, the call has an id of its own."""
    return call.resource_id or new_id()


def details_of(call: ObservedCall, *, count: int) -> dict[str, str]:
    """What the record says of the call beside who made it."""
    details = {
        "outcome": "" if call.status == "OK" else Outcome.DENIED.value,
        "status": "" if call.status == "OK" else call.status,
        "reason": call.reason,
        "permission": call.permission,
        "resource_type": call.resource_type,
        "address": call.address,
        "time": call.at.isoformat(),
        "count": str(count) if count > 1 else "",
    }
    return {name: value for name, value in details.items() if value}
