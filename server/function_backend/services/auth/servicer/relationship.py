"""Relationships over gRPC."""

from __future__ import annotations

from function.auth.v1 import relationship_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.auth.convert.relationship import (
    preconditions,
    relationship,
    relationship_filter,
    wanted_updates,
)
from function_backend.services.auth.service.relationships import Relationships


class RelationshipServicer:
    """`function.auth.v1.RelationshipService`."""

    def __init__(self, service: Relationships) -> None:
        self._service = service

    def WriteRelationships(
        self, request: wire.WriteRelationshipsRequest, context: Call
    ) -> wire.WriteRelationshipsResponse:
        written = self._service.write(
            wanted_updates(request.updates), preconditions(request.preconditions), reason=request.reason
        )
        return wire.WriteRelationshipsResponse(written_count=written.written, deleted_count=written.deleted)

    def DeleteRelationships(
        self, request: wire.DeleteRelationshipsRequest, context: Call
    ) -> wire.DeleteRelationshipsResponse:
        deleted = self._service.delete(
            relationship_filter(request.filter),
            preconditions(request.preconditions),
            limit=request.limit,
            reason=request.reason,
        )
        return wire.DeleteRelationshipsResponse(deleted_count=deleted.deleted, complete=deleted.complete)

    def ReadRelationships(
        self, request: wire.ReadRelationshipsRequest, context: Call
    ) -> wire.ReadRelationshipsResponse:
        page, token = self._service.read(
            relationship_filter(request.filter), page_size=request.page_size, page_token=request.page_token
        )
        return wire.ReadRelationshipsResponse(relationships=map(relationship, page.items), next_page_token=token)
