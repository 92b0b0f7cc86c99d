"""Relation schemas on the wire."""

from __future__ import annotations

from function.auth.v1 import relation_schema_events_pb2, relation_schema_pb2
from function_backend.services.auth.domain.relation_schema import SchemaVersion
from function_backend.services.auth.domain.relations.difference import Change, ChangeKind
from function_backend.services.auth.events.relation_schema import RelationSchemaWritten
from function_backend.timestamps import timestamp

_KINDS = {
    ChangeKind.ADDED: relation_schema_pb2.SCHEMA_CHANGE_KIND_ADDED,
    ChangeKind.REMOVED: relation_schema_pb2.SCHEMA_CHANGE_KIND_REMOVED,
    ChangeKind.CHANGED: relation_schema_pb2.SCHEMA_CHANGE_KIND_CHANGED,
}


def relation_schema(value: SchemaVersion) -> relation_schema_pb2.RelationSchema:
    """The version as callers see it."""
    return relation_schema_pb2.RelationSchema(
        version=value.version,
        etag=value.content_hash,
        text=value.text,
        canonical_text=value.canonical_text,
        create_time=timestamp(value.created_at),
        creator=value.creator,
        reason=value.reason,
    )


def schema_change(value: Change) -> relation_schema_pb2.SchemaChange:
    """The difference as callers see it."""
    return relation_schema_pb2.SchemaChange(
        kind=_KINDS[value.kind],
        definition=value.definition,
        name=value.name,
        before=value.before,
        after=value.after,
    )


def relation_schema_written(event: RelationSchemaWritten) -> bytes:
    """The event's message."""
    message = relation_schema_events_pb2.RelationSchemaWritten(schema=relation_schema(event.version))
    return message.SerializeToString()
