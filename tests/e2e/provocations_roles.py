"""How a caller meets the reasons of roles, bindings and step-up."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from function.auth.v1 import (
    api_key_service_pb2,
    role_binding_pb2,
    role_binding_service_pb2,
    role_service_pb2,
)
from function.company.v1 import company_pb2, company_service_pb2
from function_backend.services.auth.domain.role_binding import MOST_BINDINGS
from tests.e2e.provocations import NOBODY, provokes
from tests.e2e.scene import METHODS, PATIENCE, Scene
from tests.fixtures.database_faults import as_owner
from tests.fixtures.methods import Answer, call
from tests.fixtures.subjects import Grants, Subject, role_id, server_that_asks_again, wire_subject


@provokes("ROLE_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetRole", role_service_pb2.GetRoleRequest(id=NOBODY))


@provokes("CONDITION_INVALID")
def _(scene: Scene) -> Answer:
    subject = role_binding_pb2.RoleSubject(kind=role_binding_pb2.ROLE_SUBJECT_KIND_USER, id=NOBODY)
    condition = role_binding_pb2.RoleCondition(expression="reqest.time > request.time")
    request = role_binding_service_pb2.CreateRoleBindingRequest(
        role_id=role_id("viewer"), subject=subject, condition=condition
    )
    return scene.send("CreateRoleBinding", request)


@provokes("ROLE_NAME_TAKEN")
def _(scene: Scene) -> Answer:
    return scene.send("CreateRole", _role("owner"))


@provokes("ROLE_BUILT_IN")
def _(scene: Scene) -> Answer:
    return scene.send("DeleteRole", role_service_pb2.DeleteRoleRequest(id=role_id("owner")))


@provokes("ROLE_IN_USE")
def _(scene: Scene) -> Answer:
    role = _new_role(scene)
    scene.send("CreateRole", _role("heir", inherited_role_ids=[role]))
    return scene.send("DeleteRole", role_service_pb2.DeleteRoleRequest(id=role))


@provokes("ROLE_CYCLE")
def _(scene: Scene) -> Answer:
    role = _new_role(scene)
    wish = role_service_pb2.RoleInput(inherited_role_ids=[role])
    return scene.send("UpdateRole", role_service_pb2.UpdateRoleRequest(id=role, role=wish))


@provokes("ROLE_TOO_DEEP")
def _(scene: Scene) -> Answer:
    grants = Grants.of_new_tenant(scene.usual)
    last = grants.role("step0", "company.read")
    for step in range(1, 9):
        last = grants.role(f"step{step}", inherited_role_ids=[last])
    return scene.send("CreateRole", _role("step9", inherited_role_ids=[last]), key=grants.key)


@provokes("ROLE_ETAG_MISMATCH")
def _(scene: Scene) -> Answer:
    wish = role_service_pb2.RoleInput(description="changed")
    request = role_service_pb2.UpdateRoleRequest(id=_new_role(scene), role=wish, etag="stale")
    return scene.send("UpdateRole", request)


@provokes("ROLE_BINDING_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetRoleBinding", role_binding_service_pb2.GetRoleBindingRequest(id=NOBODY))


@provokes("ROLE_SUBJECT_NOT_FOUND")
def _(scene: Scene) -> Answer:
    grants = Grants.of_new_tenant(scene.usual)
    grants.somebody()
    return scene.send("CreateRoleBinding", _binding(Subject(grants.tenant_id)), key=grants.key)


@provokes("ROLE_LIMIT_REACHED")
def _(scene: Scene) -> Answer:
    grants = Grants.of_new_tenant(scene.usual)
    somebody = grants.somebody("viewer")
    with as_owner(scene.usual.database) as connection, connection.transaction():
        connection.execute("select set_config('app.tenant_id', %s, true)", [str(grants.tenant_id)])
        connection.execute(
            """
            insert into role_binding
            select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid()))).*
            from role_binding b cross join generate_series(2, %s) where b.subject_id = %s
            """,
            [MOST_BINDINGS, somebody.id],
        )
    return scene.send("CreateRoleBinding", _binding(somebody), key=grants.key)


@provokes("LAST_ADMINISTRATOR")
def _(scene: Scene) -> Answer:
    with _subjects(scene) as grants:
        owner = grants.somebody()
        binding = grants.bind(owner, "owner")
        listed = _send(grants, "ListApiKeys", api_key_service_pb2.ListApiKeysRequest(), owner)
        for key in api_key_service_pb2.ListApiKeysResponse.FromString(listed.responses[0]).api_keys:
            _send(grants, "RevokeApiKey", api_key_service_pb2.RevokeApiKeyRequest(id=key.id), owner)
        request = role_binding_service_pb2.DeleteRoleBindingRequest(id=binding)
        return _send(grants, "DeleteRoleBinding", request, owner)


@provokes("STEP_UP_REQUIRED")
def _(scene: Scene) -> Answer:
    with _subjects(scene) as grants:
        demand = role_service_pb2.RoleStepUp(second_factor=True, max_age=Duration(seconds=300))
        careful = grants.role("careful", "company.read", step_up=demand)
        weak = grants.somebody(careful)
        return _send(grants, "ListCompanies", company_service_pb2.ListCompaniesRequest(), weak)


@provokes("RESOURCE_OUT_OF_SCOPE")
def _(scene: Scene) -> Answer:
    with _subjects(scene) as grants:
        somebody = grants.somebody()
        scope = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "north"})
        grants.bind(somebody, "editor", scope=scope)
        company = company_pb2.Company(legal_name="Elsewhere GmbH", labels={"team": "south"})
        request = company_service_pb2.CreateCompanyRequest(company=company)
        return _send(grants, "CreateCompany", request, somebody)


@contextmanager
def _subjects(scene: Scene) -> Iterator[Grants]:
    """A new tenant on the usual database, behind a server that remembers no credential."""
    usual = scene.usual
    with (
        TemporaryDirectory() as folder,
        server_that_asks_again(usual.database, Path(folder) / "log", admin_key=usual.admin_key) as server,
    ):
        yield Grants.of_new_tenant(server)


def _send(grants: Grants, name: str, request: Message, by: Subject) -> Answer:
    body = request.SerializeToString()
    return call(grants.server.channel, METHODS[name], [body], grants.metadata(by), timeout=PATIENCE)


def _role(name: str, **fields: object) -> role_service_pb2.CreateRoleRequest:
    wish = role_service_pb2.RoleInput(name=name, **fields)  # type: ignore[arg-type]
    return role_service_pb2.CreateRoleRequest(role=wish)


def _new_role(scene: Scene) -> str:
    answer = scene.send("CreateRole", _role(f"role-{uuid.uuid4().hex}", permissions=["company.read"]))
    return role_service_pb2.CreateRoleResponse.FromString(answer.responses[0]).role.id


def _binding(subject: Subject) -> role_binding_service_pb2.CreateRoleBindingRequest:
    return role_binding_service_pb2.CreateRoleBindingRequest(role_id=role_id("viewer"), subject=wire_subject(subject))
