"""The events of the audit trail as their messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function.audit.v1 import audit_events_pb2 as wire
from function_backend.kernel.events import DomainEvent
from function_backend.services.audit import events
from function_backend.services.audit.convert import trail


def _checkpoint_signed(event: events.CheckpointSigned) -> bytes:
    return wire.CheckpointSigned(checkpoint=trail.checkpoint(event.checkpoint)).SerializeToString()


def _records_dropped(event: events.AuditRecordsDropped) -> bytes:
    message = wire.AuditRecordsDropped(checkpoint=trail.checkpoint(event.checkpoint), first_seq=event.first_seq)
    return message.SerializeToString()


def _retention_set(event: events.AuditRetentionSet) -> bytes:
    return wire.AuditRetentionSet(retention=trail.retention(event.retention)).SerializeToString()


def _key_created(event: events.AuditKeyCreated) -> bytes:
    return wire.AuditKeyCreated(key=trail.key(event.key)).SerializeToString()


def _call_denied(event: events.CallDenied) -> bytes:
    call = event.call
    return wire.CallDenied(
        method=call.method,
        status=call.status,
        reason=call.reason,
        permission=call.permission,
        address=call.address,
        count=event.count,
    ).SerializeToString()


def _sensitive_read(event: events.SensitiveRead) -> bytes:
    call = event.call
    return wire.SensitiveRead(
        method=call.method,
        resource_type=call.resource_type,
        resource_id="" if call.resource_id is None else str(call.resource_id),
        address=call.address,
    ).SerializeToString()


EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    events.CheckpointSigned: _checkpoint_signed,
    events.AuditRecordsDropped: _records_dropped,
    events.AuditRetentionSet: _retention_set,
    events.AuditKeyCreated: _key_created,
    events.CallDenied: _call_denied,
    events.SensitiveRead: _sensitive_read,
}
"""How the events of the slice are serialised."""
