"""Data keys on the wire."""

from __future__ import annotations

from function.auth.v1 import data_key_events_pb2, data_key_pb2
from function_backend.services.auth.domain.data_key import DataKey, Resealing
from function_backend.services.auth.events.data_key import DataKeyRotated
from function_backend.timestamps import timestamp


def data_key(value: DataKey) -> data_key_pb2.DataKey:
    """The key as callers see it; there is nothing secret in it."""
    return data_key_pb2.DataKey(
        tenant_id=str(value.tenant_id),
        id=str(value.id),
        generation=value.generation,
        key_count=value.key_count,
        create_time=timestamp(value.created_at),
        resealing=None if value.resealing is None else _resealing(value.resealing),
    )


def data_key_rotated(event: DataKeyRotated) -> bytes:
    """The event's message."""
    return data_key_events_pb2.DataKeyRotated(data_key=data_key(event.data_key)).SerializeToString()


def _resealing(value: Resealing) -> data_key_pb2.Resealing:
    return data_key_pb2.Resealing(
        start_time=timestamp(value.started_at),
        update_time=timestamp(value.updated_at),
        table=value.table,
        resealed_count=value.resealed,
        fault_count=value.faults,
        finish_time=timestamp(value.finished_at),
        drop_time=timestamp(value.dropped_at),
    )
