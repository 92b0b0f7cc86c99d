"""Relationships on the wire."""

from __future__ import annotations

from collections.abc import Iterable

from function.auth.v1 import relationship_events_pb2, relationship_pb2
from function_backend.services.auth.domain.relations.references import Relationship, Resource, Subject, Tuple
from function_backend.services.auth.domain.relationship_change import Filter, Operation, Precondition
from function_backend.services.auth.events.relationship import RelationshipsChanged
from function_backend.services.auth.service.relationships import WantedUpdate
from function_backend.timestamps import read_moment, timestamp

_OPERATIONS = {
    relationship_pb2.RELATIONSHIP_OPERATION_CREATE: Operation.CREATE,
    relationship_pb2.RELATIONSHIP_OPERATION_TOUCH: Operation.TOUCH,
    relationship_pb2.RELATIONSHIP_OPERATION_DELETE: Operation.DELETE,
}
_WIRE_OPERATIONS = {operation: wire for wire, operation in _OPERATIONS.items()}


def wanted_updates(updates: Iterable[relationship_pb2.RelationshipUpdate]) -> list[WantedUpdate]:
    """The changes that are asked for."""
    return [
        WantedUpdate(
            operation=_OPERATIONS[each.operation],
            resource=each.relationship.resource,
            relation=each.relationship.relation,
            subject=each.relationship.subject,
            expires_at=read_moment(each.relationship.expire_time, f"updates[{number}].relationship.expire_time")
            if each.relationship.HasField("expire_time")
            else None,
        )
        for number, each in enumerate(updates)
    ]


def relationship_filter(message: relationship_pb2.RelationshipFilter) -> Filter:
    """The filter."""
    return Filter(
        resource_type=message.resource_type,
        resource_id=message.resource_id,
        relation=message.relation,
        subject_type=message.subject_type,
        subject_id=message.subject_id,
        subject_relation=message.subject_relation if message.HasField("subject_relation") else None,
    )


def preconditions(messages: Iterable[relationship_pb2.Precondition]) -> list[Precondition]:
    """The preconditions."""
    return [
        Precondition(
            relationship_filter(each.filter), must_exist=each.kind == relationship_pb2.PRECONDITION_KIND_MUST_EXIST
        )
        for each in messages
    ]


def relationship(value: Relationship) -> relationship_pb2.Relationship:
    """The relationship as callers see it."""
    message = _bare(value.key)
    message.MergeFrom(
        relationship_pb2.Relationship(
            expire_time=timestamp(value.expires_at),
            create_time=timestamp(value.created_at),
            writer=value.writer,
            reason=value.reason,
        )
    )
    return message


def relationships_changed(event: RelationshipsChanged) -> bytes:
    """The event's message."""
    message = relationship_events_pb2.RelationshipsChanged(reason=event.reason, schema_version=event.schema_version)
    for each in event.updates:
        update = message.updates.add(operation=_WIRE_OPERATIONS[each.operation], relationship=_bare(each.key))
        if each.expires_at is not None:
            update.relationship.expire_time.CopyFrom(timestamp(each.expires_at))
    return message.SerializeToString()


def _bare(key: Tuple) -> relationship_pb2.Relationship:
    return relationship_pb2.Relationship(
        resource=str(Resource(key.resource_type, key.resource_id)),
        relation=key.relation,
        subject=str(Subject(key.subject_type, key.subject_id, key.subject_relation)),
    )
