"""Roles over the wire: what each grants."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import (
    permission_service_pb2,
    permission_service_pb2_grpc,
    role_pb2,
    role_service_pb2,
)
from tests.fixtures.subjects import BUILT_IN, Grants, role_id
from tests.services.auth.role_calls import SECONDS, reads, refusal


class TestPermissions:
    def _list(self, grants: Grants, **how: Any) -> permission_service_pb2.ListPermissionsResponse:  # noqa: ANN401
        stub = permission_service_pb2_grpc.PermissionServiceStub(grants.server.channel)
        request = permission_service_pb2.ListPermissionsRequest(**how)
        return stub.ListPermissions(request, metadata=grants.metadata(), timeout=SECONDS)

    def test_the_catalogue_names_the_methods_of_each_permission(self, grants: Grants) -> None:
        [found] = self._list(grants, pattern="company.read").permissions
        assert "/function.company.v1.CompanyService/GetCompany" in [use.method for use in found.uses]
        assert {use.resource_type for use in found.uses} == {"company"}
        assert found.only_reads
        assert not found.platform
        assert list(found.built_in_roles) == ["owner", "administrator", "editor", "viewer", "auditor"]

    def test_a_method_leads_to_its_one_permission(self, grants: Grants) -> None:
        method = "/function.auth.v1.TenantService/CreateTenant"
        [found] = self._list(grants, method=method).permissions
        assert (found.name, found.platform, list(found.built_in_roles)) == ("auth.tenant.create", True, [])
        [use] = found.uses
        assert use.step_up.second_factor
        assert use.step_up.max_age.ToTimedelta() == timedelta(hours=1)

    def test_pages_join_to_the_whole_in_order(self, grants: Grants) -> None:
        whole = [found.name for found in self._list(grants, page_size=1000).permissions]
        pages, token = [], ""
        while True:
            page = self._list(grants, page_size=3, page_token=token)
            pages += [found.name for found in page.permissions]
            token = page.next_page_token
            if not token:
                break
        assert pages == whole == sorted(whole)
        assert len(whole) > 10

    def test_a_token_of_another_question_is_refused(self, grants: Grants) -> None:
        token = self._list(grants, page_size=1).next_page_token
        with pytest.raises(grpc.RpcError) as refused:
            self._list(grants, page_size=1, page_token=token, pattern="company.*")
        assert refusal(refused)[0] == "INVALID_PAGE_TOKEN"


class TestRoles:
    def test_a_role_is_shown_with_all_that_it_inherits(self, grants: Grants) -> None:
        lower = grants.role("readers", "company.read")
        upper = grants.role(
            "writers",
            "company.update",
            inherited_role_ids=[lower, role_id("auditor")],
            description="Who writes",
            step_up=role_service_pb2.RoleStepUp(second_factor=True, max_age=Duration(seconds=300)),
        )
        got = grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=upper), metadata=grants.metadata()).role
        assert (got.name, got.description, list(got.permissions)) == ("writers", "Who writes", ["company.update"])
        assert set(got.inherited_role_ids) == {lower, role_id("auditor")}
        assert {"company.read", "company.update", "auth.role.read"} <= set(got.effective_permissions)
        assert got.step_up.second_factor
        assert got.step_up.max_age.ToTimedelta() == timedelta(seconds=300)
        assert got.creator.startswith("api_key:")
        assert not got.built_in

    def test_built_in_roles_are_listed_first_like_all_others(self, grants: Grants) -> None:
        made = grants.role("mine", "company.read")
        found: list[role_pb2.Role] = []
        token = ""
        while True:
            request = role_service_pb2.ListRolesRequest(page_size=2, page_token=token)
            page = grants.roles.ListRoles(request, metadata=grants.metadata())
            found += page.roles
            token = page.next_page_token
            if not token:
                break
        assert [role.name for role in found] == ["owner", "administrator", "editor", "viewer", "auditor", "mine"]
        assert [role.built_in for role in found] == [True] * 5 + [False]
        assert found[-1].id == made
        assert all(role.effective_permissions for role in found)

    def test_a_change_sets_what_the_mask_names_and_nothing_else(self, grants: Grants) -> None:
        made = grants.role("before", "company.read", description="stays")
        wish = role_service_pb2.RoleInput(name="after", description="goes", permissions=["company.update"])
        request = role_service_pb2.UpdateRoleRequest(id=made, role=wish)
        request.update_mask.paths.extend(["name", "permissions"])
        changed = grants.roles.UpdateRole(request, metadata=grants.metadata()).role
        assert (changed.name, changed.description) == ("after", "stays")
        assert list(changed.permissions) == ["company.update"]

    def test_without_a_mask_the_populated_fields_count(self, grants: Grants) -> None:
        made = grants.role("before", "company.read", description="stays")
        request = role_service_pb2.UpdateRoleRequest(id=made, role=role_service_pb2.RoleInput(name="after"))
        changed = grants.roles.UpdateRole(request, metadata=grants.metadata()).role
        assert (changed.name, changed.description, list(changed.permissions)) == ("after", "stays", ["company.read"])

    def test_a_change_without_a_difference_keeps_the_etag(self, grants: Grants) -> None:
        made = grants.role("same", "company.read")
        before = grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=made), metadata=grants.metadata()).role
        request = role_service_pb2.UpdateRoleRequest(
            id=made, role=role_service_pb2.RoleInput(name="same"), etag=before.etag
        )
        assert grants.roles.UpdateRole(request, metadata=grants.metadata()).role == before

    def test_a_change_over_somebody_elses_is_refused(self, grants: Grants) -> None:
        made = grants.role("raced", "company.read")
        got = grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=made), metadata=grants.metadata()).role
        first = role_service_pb2.UpdateRoleRequest(
            id=made, role=role_service_pb2.RoleInput(description="first"), etag=got.etag
        )
        current = grants.roles.UpdateRole(first, metadata=grants.metadata()).role.etag
        with pytest.raises(grpc.RpcError) as refused:
            grants.roles.UpdateRole(first, metadata=grants.metadata())
        assert refusal(refused) == ("ROLE_ETAG_MISMATCH", {"role_id": made, "current_etag": current})

    @pytest.mark.parametrize("name", ["owner", "taken"])
    def test_a_name_is_given_once(self, grants: Grants, name: str) -> None:
        grants.role("taken", "company.read")
        with pytest.raises(grpc.RpcError) as refused:
            grants.role(name, "company.read")
        assert refusal(refused) == ("ROLE_NAME_TAKEN", {"name": name})

    def test_unknown_permissions_are_named_with_the_nearest(self, grants: Grants) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            grants.role("typing", "company.reed")
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "did you mean 'company.read'?" in (refused.value.details() or "")

    def test_a_circle_of_inheritance_is_refused(self, grants: Grants) -> None:
        first = grants.role("first", "company.read")
        second = grants.role("second", inherited_role_ids=[first])
        third = grants.role("third", inherited_role_ids=[second])
        for inherited in (first, second, third):
            request = role_service_pb2.UpdateRoleRequest(
                id=first, role=role_service_pb2.RoleInput(inherited_role_ids=[inherited])
            )
            with pytest.raises(grpc.RpcError) as refused:
                grants.roles.UpdateRole(request, metadata=grants.metadata())
            assert refusal(refused) == ("ROLE_CYCLE", {"role_id": first})

    def test_inheritance_is_eight_steps_deep_and_no_deeper(self, grants: Grants) -> None:
        last = grants.role("step0", "company.read")
        for step in range(1, 9):
            last = grants.role(f"step{step}", inherited_role_ids=[last])
        subject = grants.somebody(last)
        assert reads(grants, subject) == "OK"
        with pytest.raises(grpc.RpcError) as refused:
            grants.role("step9", inherited_role_ids=[last])
        assert refusal(refused) == ("ROLE_TOO_DEEP", {"limit": "8"})

    def test_a_bound_role_is_deleted_by_force_with_its_bindings(self, grants: Grants) -> None:
        made = grants.role("bound", "company.read")
        subject = grants.somebody(made)
        with pytest.raises(grpc.RpcError) as refused:
            grants.roles.DeleteRole(role_service_pb2.DeleteRoleRequest(id=made), metadata=grants.metadata())
        assert refusal(refused) == ("ROLE_IN_USE", {"role_id": made, "bindings": "1", "heirs": "0"})
        gone = grants.roles.DeleteRole(
            role_service_pb2.DeleteRoleRequest(id=made, force=True), metadata=grants.metadata()
        )
        assert gone.deleted_bindings == 1
        assert reads(grants, subject) == "PERMISSION_MISSING"
        with pytest.raises(grpc.RpcError) as missing:
            grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=made), metadata=grants.metadata())
        assert refusal(missing) == ("ROLE_NOT_FOUND", {"role_id": made})

    def test_an_inherited_role_is_not_deleted_even_by_force(self, grants: Grants) -> None:
        made = grants.role("parent", "company.read")
        grants.role("child", inherited_role_ids=[made])
        with pytest.raises(grpc.RpcError) as refused:
            grants.roles.DeleteRole(role_service_pb2.DeleteRoleRequest(id=made, force=True), metadata=grants.metadata())
        assert refusal(refused) == ("ROLE_IN_USE", {"role_id": made, "bindings": "0", "heirs": "1"})

    def test_built_in_roles_cannot_be_changed_or_deleted(self, grants: Grants) -> None:
        viewer = role_id("viewer")
        wish = role_service_pb2.RoleInput(permissions=["company.*"])
        with pytest.raises(grpc.RpcError) as changed:
            grants.roles.UpdateRole(
                role_service_pb2.UpdateRoleRequest(id=viewer, role=wish), metadata=grants.metadata()
            )
        with pytest.raises(grpc.RpcError) as deleted:
            grants.roles.DeleteRole(
                role_service_pb2.DeleteRoleRequest(id=viewer, force=True), metadata=grants.metadata()
            )
        assert refusal(changed) == refusal(deleted) == ("ROLE_BUILT_IN", {"role_id": viewer})

    def test_a_rehearsal_makes_no_role(self, grants: Grants) -> None:
        request = role_service_pb2.CreateRoleRequest(
            role=role_service_pb2.RoleInput(name="rehearsed", permissions=["company.read"]), validate_only=True
        )
        made = grants.roles.CreateRole(request, metadata=grants.metadata()).role.id
        with pytest.raises(grpc.RpcError) as missing:
            grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=made), metadata=grants.metadata())
        assert refusal(missing)[0] == "ROLE_NOT_FOUND"


def test_every_change_makes_the_workers_ask_again(grants: Grants) -> None:
    """The epoch is what even a worker without notifications looks at twice a second."""
    role = grants.role("watched", "company.read")
    subject = grants.somebody()
    group = grants.people.group()
    bindings: list[str] = []
    changed = role_service_pb2.UpdateRoleRequest(id=role, role=role_service_pb2.RoleInput(description="changed"))
    for change in (
        lambda: bindings.append(grants.bind(subject, role)),
        lambda: bindings.append(grants.bind(group, role)),
        lambda: grants.roles.UpdateRole(changed, metadata=grants.metadata()),
        lambda: grants.unbind(bindings[0]),
        lambda: grants.unbind(bindings[1]),
        lambda: grants.roles.DeleteRole(role_service_pb2.DeleteRoleRequest(id=role), metadata=grants.metadata()),
    ):
        before = _epoch(grants)
        change()
        assert _epoch(grants) == before + 1


def _epoch(grants: Grants) -> int:
    with psycopg.connect(grants.server.database.app_url) as connection:
        [(epoch,)] = connection.execute("select epoch from auth_epoch").fetchall()
    return int(epoch)


def test_every_built_in_role_has_a_name_and_a_fixed_id() -> None:
    names = [role.name for role in BUILT_IN.by_id.values()]
    assert names == ["owner", "administrator", "editor", "viewer", "auditor"]
    assert [str(each) for each in BUILT_IN.by_id] == sorted(str(each) for each in BUILT_IN.by_id)


def test_the_tables_of_roles_hide_other_tenants(grants: Grants) -> None:
    grants.somebody(grants.role("hidden", "company.read"))
    with psycopg.connect(grants.server.database.app_url) as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", [str(uuid.uuid4())])
        for table in ("role", "role_binding", "role_inheritance"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)
