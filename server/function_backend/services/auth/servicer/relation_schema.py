"""Relation schemas over gRPC."""

from __future__ import annotations

from function.auth.v1 import relation_schema_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.auth.convert.relation_schema import relation_schema, schema_change
from function_backend.services.auth.service.relation_schemas import RelationSchemas


class RelationSchemaServicer:
    """`function.auth.v1.RelationSchemaService`."""

    def __init__(self, service: RelationSchemas) -> None:
        self._service = service

    def WriteSchema(self, request: wire.WriteSchemaRequest, context: Call) -> wire.WriteSchemaResponse:
        written = self._service.write(request.text, etag=request.etag, reason=request.reason)
        return wire.WriteSchemaResponse(
            schema=relation_schema(written.version), changes=map(schema_change, written.changes)
        )

    def ReadSchema(self, request: wire.ReadSchemaRequest, context: Call) -> wire.ReadSchemaResponse:
        found = self._service.read(request.version, etag=request.etag)
        return wire.ReadSchemaResponse(schema=relation_schema(found))

    def ListSchemaVersions(
        self, request: wire.ListSchemaVersionsRequest, context: Call
    ) -> wire.ListSchemaVersionsResponse:
        page, token = self._service.list(request.page_size, request.page_token)
        return wire.ListSchemaVersionsResponse(schemas=map(relation_schema, page.items), next_page_token=token)

    def DiffSchema(self, request: wire.DiffSchemaRequest, context: Call) -> wire.DiffSchemaResponse:
        changes = self._service.diff(request.from_version, request.to_version, request.text)
        return wire.DiffSchemaResponse(changes=map(schema_change, changes))
