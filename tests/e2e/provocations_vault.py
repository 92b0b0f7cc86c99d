"""How a caller meets the reasons of tenants and signing keys."""

from __future__ import annotations

import secrets
from typing import NamedTuple

import grpc
import psycopg

from function.auth.v1 import data_key_service_pb2, signing_key_service_pb2, tenant_pb2, tenant_service_pb2
from tests.e2e.provocations import NOBODY, provokes
from tests.e2e.scene import Scene
from tests.fixtures.database_faults import eventually
from tests.fixtures.methods import Answer

_POSTPONED_SQL = "update resealing set finished_at = null, retry_at = '2100-01-01' where tenant_id = %s"


class _Made(NamedTuple):
    tenant: tenant_pb2.Tenant
    key: str


@provokes("TENANT_SUSPENDED")
def _(scene: Scene) -> Answer:
    made = _child(scene)
    _suspend(scene, made.tenant)
    return eventually(
        lambda: next(
            (a for a in [scene.send("GetTenant", b"", key=made.key)] if a.code is not grpc.StatusCode.OK), None
        )
    )


@provokes("TENANT_NOT_SUSPENDED")
def _(scene: Scene) -> Answer:
    return _delete(scene, _child(scene).tenant)


@provokes("TENANT_DELETED")
def _(scene: Scene) -> Answer:
    tenant = _child(scene).tenant
    _suspend(scene, tenant)
    _delete(scene, tenant)
    return _suspend(scene, tenant)


@provokes("DATA_KEY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    made = _child(scene)
    return scene.send("GetDataKey", b"", key=made.key)


@provokes("DATA_KEY_ROTATION_RUNNING")
def _(scene: Scene) -> Answer:
    made = _child(scene)
    scene.send("RotateDataKey", b"", key=made.key)

    def is_over() -> bool | None:
        answer = scene.send("GetDataKey", b"", key=made.key)
        key = data_key_service_pb2.GetDataKeyResponse.FromString(answer.responses[0]).data_key
        return key.resealing.HasField("finish_time") or None

    eventually(is_over)
    with psycopg.connect(scene.usual.database.superuser_url) as connection:
        # As if the job had not come to the end, and were not to be tried for a while.
        connection.execute(_POSTPONED_SQL, (made.tenant.id,))
    return scene.send("RotateDataKey", b"", key=made.key)


@provokes("TENANT_TREE_TOO_DEEP")
def _(scene: Scene) -> Answer:
    parent = ""
    for _ in range(4):
        parent = _child(scene, parent).tenant.id
    return _send_child(scene, parent)


@provokes("TENANT_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    request = tenant_service_pb2.SuspendTenantRequest(id=_child(scene).tenant.id, etag="stale")
    return scene.send("SuspendTenant", request)


@provokes("TENANT_HAS_CHILDREN")
def _(scene: Scene) -> Answer:
    tenant = _child(scene).tenant
    _child(scene, tenant.id)
    _suspend(scene, tenant)
    return _delete(scene, tenant)


@provokes("TENANT_PROTECTED")
def _(scene: Scene) -> Answer:
    answer = scene.send("GetTenant", b"")
    return _suspend(scene, tenant_service_pb2.GetTenantResponse.FromString(answer.responses[0]).tenant)


@provokes("SIGNING_KEY_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("RetireSigningKey", signing_key_service_pb2.RetireSigningKeyRequest(id=NOBODY))


@provokes("SIGNING_KEY_ROTATION_PENDING")
def _(scene: Scene) -> Answer:
    """The first rotation may be the making of the first key, which signs at once."""
    return [scene.send("RotateSigningKey", b"") for _ in range(3)][-1]


def _child(scene: Scene, parent: str = "") -> _Made:
    made = tenant_service_pb2.CreateChildTenantResponse.FromString(_send_child(scene, parent).responses[0])
    return _Made(made.tenant, made.secret)


def _send_child(scene: Scene, parent: str) -> Answer:
    request = tenant_service_pb2.CreateChildTenantRequest(parent_id=parent, name=f"child-{secrets.token_hex(6)}")
    return scene.send("CreateChildTenant", request)


def _suspend(scene: Scene, tenant: tenant_pb2.Tenant) -> Answer:
    return scene.send("SuspendTenant", tenant_service_pb2.SuspendTenantRequest(id=tenant.id))


def _delete(scene: Scene, tenant: tenant_pb2.Tenant) -> Answer:
    return scene.send("DeleteTenant", tenant_service_pb2.DeleteTenantRequest(id=tenant.id, name=tenant.name))
