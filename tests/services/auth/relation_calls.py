"""Relationships and checks as their callers see them."""

from __future__ import annotations

from function.auth.v1 import (
    permission_check_service_pb2 as checks_pb2,
)
from function.auth.v1 import (
    permission_check_service_pb2_grpc,
    relation_schema_service_pb2,
    relation_schema_service_pb2_grpc,
    relationship_pb2,
    relationship_service_pb2,
    relationship_service_pb2_grpc,
)
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer

SECONDS = 60

SCHEMA = """
definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}

definition document {
  relation parent: folder
  relation viewer: user | user:* | group#member
  relation editor: user
  relation banned: user
  permission edit = editor - banned
  permission view = viewer + edit + parent->view - banned
}
"""


class Caller:
    """A tenant's administrator."""

    def __init__(self, server: RunningServer, key: str) -> None:
        self.metadata = server.metadata(key)
        self.schemas = relation_schema_service_pb2_grpc.RelationSchemaServiceStub(server.channel)
        self.relationships = relationship_service_pb2_grpc.RelationshipServiceStub(server.channel)
        self.checks = permission_check_service_pb2_grpc.PermissionCheckServiceStub(server.channel)

    def write_schema(self, text: str = SCHEMA, **fields: object) -> relation_schema_service_pb2.WriteSchemaResponse:
        request = relation_schema_service_pb2.WriteSchemaRequest(text=text, **fields)  # type: ignore[arg-type]
        return self.schemas.WriteSchema(request, metadata=self.metadata, timeout=SECONDS)

    def write(
        self, *tuples: str, operation: str = "TOUCH", **fields: object
    ) -> relationship_service_pb2.WriteRelationshipsResponse:
        request = relationship_service_pb2.WriteRelationshipsRequest(
            updates=[
                relationship_pb2.RelationshipUpdate(
                    operation=relationship_pb2.RelationshipOperation.Value(f"RELATIONSHIP_OPERATION_{operation}"),
                    relationship=relationship(each),
                )
                for each in tuples
            ],
            **fields,  # type: ignore[arg-type]
        )
        return self.relationships.WriteRelationships(request, metadata=self.metadata, timeout=SECONDS)

    def check(self, resource: str, permission: str, subject: str, **fields: object) -> bool:
        return self.answer(resource, permission, subject, **fields).permitted

    def answer(
        self, resource: str, permission: str, subject: str, **fields: object
    ) -> checks_pb2.CheckPermissionResponse:
        request = checks_pb2.CheckPermissionRequest(
            resource=resource,
            permission=permission,
            subject=subject,
            **fields,  # type: ignore[arg-type]
        )
        return self.checks.CheckPermission(request, metadata=self.metadata, timeout=SECONDS)

    def resources(self, resource_type: str, permission: str, subject: str, *, page_size: int = 0) -> list[str]:
        found: list[str] = []
        request = checks_pb2.ListPermittedResourcesRequest(
            resource_type=resource_type, permission=permission, subject=subject, page_size=page_size
        )
        while True:
            page = self.checks.ListPermittedResources(request, metadata=self.metadata, timeout=SECONDS)
            found += page.resource_ids
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def subjects(
        self, resource: str, permission: str, subject_type: str, relation: str = "", *, page_size: int = 0
    ) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        request = checks_pb2.ListPermittedSubjectsRequest(
            resource=resource,
            permission=permission,
            subject_type=subject_type,
            subject_relation=relation,
            page_size=page_size,
        )
        while True:
            page = self.checks.ListPermittedSubjects(request, metadata=self.metadata, timeout=SECONDS)
            found += [(each.subject, each.excluded) for each in page.subjects]
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def explain(self, **fields: object) -> checks_pb2.ExplainPermissionResponse:
        request = checks_pb2.ExplainPermissionRequest(**fields)  # type: ignore[arg-type]
        return self.checks.ExplainPermission(request, metadata=self.metadata, timeout=SECONDS)


def relationship(text: str) -> relationship_pb2.Relationship:
    resource, _, rest = text.partition("#")
    relation, _, subject = rest.partition("@")
    return relationship_pb2.Relationship(resource=resource, relation=relation, subject=subject)


def caller_with_schema(server: RunningServer) -> Caller:
    """The administrator of a new tenant with the schema."""
    made = Caller(server, make_tenant(server))
    made.write_schema()
    return made
