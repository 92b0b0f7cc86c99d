"""How a caller meets the reasons of relation schemas, relationships and checks."""

from __future__ import annotations

from function.auth.v1 import (
    permission_check_service_pb2,
    relation_schema_service_pb2,
    relationship_pb2,
    relationship_service_pb2,
)
from tests.e2e.provocations import NOBODY, provokes
from tests.e2e.scene import Scene
from tests.fixtures.methods import Answer
from tests.fixtures.principals import make_tenant

_SCHEMA = """
definition user {}
definition group { relation member: user | group#member permission everybody = member }
definition document { relation viewer: user permission view = viewer }
"""


def _tenant(scene: Scene) -> str:
    """The key of a tenant with a schema."""
    key = make_tenant(scene.usual)
    scene.send("WriteSchema", _schema(_SCHEMA), key=key)
    return key


def _schema(text: str, etag: str = "") -> relation_schema_service_pb2.WriteSchemaRequest:
    return relation_schema_service_pb2.WriteSchemaRequest(text=text, etag=etag)


def _write(
    *relationships: tuple[str, str, str],
    operation: relationship_pb2.RelationshipOperation.ValueType = relationship_pb2.RELATIONSHIP_OPERATION_TOUCH,
    preconditions: tuple[relationship_pb2.Precondition, ...] = (),
) -> relationship_service_pb2.WriteRelationshipsRequest:
    return relationship_service_pb2.WriteRelationshipsRequest(
        updates=[
            relationship_pb2.RelationshipUpdate(
                operation=operation,
                relationship=relationship_pb2.Relationship(resource=resource, relation=relation, subject=subject),
            )
            for resource, relation, subject in relationships
        ],
        preconditions=preconditions,
    )


def _check(resource: str, permission: str) -> permission_check_service_pb2.CheckPermissionRequest:
    return permission_check_service_pb2.CheckPermissionRequest(
        resource=resource, permission=permission, subject="user:ann"
    )


@provokes("RELATION_SCHEMA_INVALID")
def _(scene: Scene) -> Answer:
    return scene.send("WriteSchema", _schema("definition document { relation viewer: user }"), key=_tenant(scene))


@provokes("RELATION_SCHEMA_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("CheckPermission", _check("document:1", "view"), key=make_tenant(scene.usual))


@provokes("RELATION_SCHEMA_ORPHANS_TUPLES")
def _(scene: Scene) -> Answer:
    key = _tenant(scene)
    scene.send("WriteRelationships", _write(("document:1", "viewer", "user:ann")), key=key)
    return scene.send("WriteSchema", _schema("definition user {}"), key=key)


@provokes("RELATION_SCHEMA_CHANGED")
def _(scene: Scene) -> Answer:
    return scene.send("WriteSchema", _schema("definition user {}", etag="0" * 64), key=_tenant(scene))


@provokes("RELATION_UNKNOWN")
def _(scene: Scene) -> Answer:
    return scene.send("CheckPermission", _check("document:1", "veiw"), key=_tenant(scene))


@provokes("RELATIONSHIP_INVALID")
def _(scene: Scene) -> Answer:
    return scene.send("WriteRelationships", _write(("document:1", "viewer", "group:eng")), key=_tenant(scene))


@provokes("RELATIONSHIP_EXISTS")
def _(scene: Scene) -> Answer:
    key = _tenant(scene)
    request = _write(("document:1", "viewer", "user:ann"), operation=relationship_pb2.RELATIONSHIP_OPERATION_CREATE)
    scene.send("WriteRelationships", request, key=key)
    return scene.send("WriteRelationships", request, key=key)


@provokes("PRECONDITION_FAILED")
def _(scene: Scene) -> Answer:
    condition = relationship_pb2.Precondition(
        kind=relationship_pb2.PRECONDITION_KIND_MUST_EXIST,
        filter=relationship_pb2.RelationshipFilter(resource_type="document"),
    )
    request = _write(("document:1", "viewer", "user:ann"), preconditions=(condition,))
    return scene.send("WriteRelationships", request, key=_tenant(scene))


@provokes("CHECK_TOO_COMPLEX")
def _(scene: Scene) -> Answer:
    key = _tenant(scene)
    chain = [(f"group:g{number}", "member", f"group:g{number + 1}#member") for number in range(70)]
    scene.send("WriteRelationships", _write(*chain, ("group:g70", "member", "user:ann")), key=key)
    return scene.send("CheckPermission", _check("group:g0", "everybody"), key=key)


@provokes("DECISION_NOT_FOUND")
def _(scene: Scene) -> Answer:
    request = permission_check_service_pb2.ExplainPermissionRequest(decision_id=NOBODY)
    return scene.send("ExplainPermission", request, key=_tenant(scene))
