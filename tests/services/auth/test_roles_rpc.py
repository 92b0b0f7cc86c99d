"""Roles and their bindings over the wire: what each grants, where, for how long and to whom."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    permission_service_pb2,
    permission_service_pb2_grpc,
    role_binding_pb2,
    role_binding_service_pb2,
    role_pb2,
    role_service_pb2,
)
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures.database_faults import as_owner
from tests.fixtures.subjects import BUILT_IN, Grants, Subject, role_id, wire_subject

_SECONDS = 60


def _refusal(error: Any) -> tuple[str, dict[str, str]]:  # noqa: ANN401  an ExceptionInfo of a call
    status = rpc_status.from_call(cast("grpc.Call", error.value))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, dict(info.metadata)


def _reads(grants: Grants, subject: Subject) -> str:
    """What listing companies answers: OK, or why not."""
    stub = company_service_pb2_grpc.CompanyServiceStub(grants.server.channel)
    try:
        stub.ListCompanies(
            company_service_pb2.ListCompaniesRequest(), metadata=grants.metadata(subject), timeout=_SECONDS
        )
    except grpc.RpcError as error:
        status = rpc_status.from_call(cast("grpc.Call", error))
        assert status is not None
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in status.details)
        return info.reason
    return "OK"


class TestPermissions:
    def _list(self, grants: Grants, **how: Any) -> permission_service_pb2.ListPermissionsResponse:  # noqa: ANN401
        stub = permission_service_pb2_grpc.PermissionServiceStub(grants.server.channel)
        request = permission_service_pb2.ListPermissionsRequest(**how)
        return stub.ListPermissions(request, metadata=grants.metadata(), timeout=_SECONDS)

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
        assert _refusal(refused)[0] == "INVALID_PAGE_TOKEN"


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
        assert _refusal(refused) == ("ROLE_ETAG_MISMATCH", {"role_id": made, "current_etag": current})

    @pytest.mark.parametrize("name", ["owner", "taken"])
    def test_a_name_is_given_once(self, grants: Grants, name: str) -> None:
        grants.role("taken", "company.read")
        with pytest.raises(grpc.RpcError) as refused:
            grants.role(name, "company.read")
        assert _refusal(refused) == ("ROLE_NAME_TAKEN", {"name": name})

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
            assert _refusal(refused) == ("ROLE_CYCLE", {"role_id": first})

    def test_inheritance_is_eight_steps_deep_and_no_deeper(self, grants: Grants) -> None:
        last = grants.role("step0", "company.read")
        for step in range(1, 9):
            last = grants.role(f"step{step}", inherited_role_ids=[last])
        subject = grants.somebody(last)
        assert _reads(grants, subject) == "OK"
        with pytest.raises(grpc.RpcError) as refused:
            grants.role("step9", inherited_role_ids=[last])
        assert _refusal(refused) == ("ROLE_TOO_DEEP", {"limit": "8"})

    def test_a_bound_role_is_deleted_by_force_with_its_bindings(self, grants: Grants) -> None:
        made = grants.role("bound", "company.read")
        subject = grants.somebody(made)
        with pytest.raises(grpc.RpcError) as refused:
            grants.roles.DeleteRole(role_service_pb2.DeleteRoleRequest(id=made), metadata=grants.metadata())
        assert _refusal(refused) == ("ROLE_IN_USE", {"role_id": made, "bindings": "1", "heirs": "0"})
        gone = grants.roles.DeleteRole(
            role_service_pb2.DeleteRoleRequest(id=made, force=True), metadata=grants.metadata()
        )
        assert gone.deleted_bindings == 1
        assert _reads(grants, subject) == "PERMISSION_MISSING"
        with pytest.raises(grpc.RpcError) as missing:
            grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=made), metadata=grants.metadata())
        assert _refusal(missing) == ("ROLE_NOT_FOUND", {"role_id": made})

    def test_an_inherited_role_is_not_deleted_even_by_force(self, grants: Grants) -> None:
        made = grants.role("parent", "company.read")
        grants.role("child", inherited_role_ids=[made])
        with pytest.raises(grpc.RpcError) as refused:
            grants.roles.DeleteRole(role_service_pb2.DeleteRoleRequest(id=made, force=True), metadata=grants.metadata())
        assert _refusal(refused) == ("ROLE_IN_USE", {"role_id": made, "bindings": "0", "heirs": "1"})

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
        assert _refusal(changed) == _refusal(deleted) == ("ROLE_BUILT_IN", {"role_id": viewer})

    def test_a_rehearsal_makes_no_role(self, grants: Grants) -> None:
        request = role_service_pb2.CreateRoleRequest(
            role=role_service_pb2.RoleInput(name="rehearsed", permissions=["company.read"]), validate_only=True
        )
        made = grants.roles.CreateRole(request, metadata=grants.metadata()).role.id
        with pytest.raises(grpc.RpcError) as missing:
            grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=made), metadata=grants.metadata())
        assert _refusal(missing)[0] == "ROLE_NOT_FOUND"


class TestBindings:
    def test_a_role_lets_its_holder_in_until_the_binding_is_deleted(self, grants: Grants) -> None:
        subject = grants.somebody()
        assert _reads(grants, subject) == "PERMISSION_MISSING"
        binding = grants.bind(subject, "viewer", reason="reads the reports")
        assert _reads(grants, subject) == "OK"
        gone = grants.unbind(binding)
        assert _reads(grants, subject) == "PERMISSION_MISSING"
        assert (gone.reason, gone.delete_reason) == ("reads the reports", "no longer needed")
        assert gone.deleter == gone.granter
        assert gone.HasField("delete_time")
        assert grants.unbind(binding) == gone

    def test_a_changed_role_counts_at_once_for_whoever_inherits_it(self, grants: Grants) -> None:
        base = grants.role("base", "company.update")
        subject = grants.somebody(grants.role("heir", inherited_role_ids=[base]))
        assert _reads(grants, subject) == "PERMISSION_MISSING"
        request = role_service_pb2.UpdateRoleRequest(
            id=base, role=role_service_pb2.RoleInput(permissions=["company.read"])
        )
        grants.roles.UpdateRole(request, metadata=grants.metadata())
        assert _reads(grants, subject) == "OK"

    def test_members_of_a_group_and_of_groups_in_it_hold_its_roles(self, grants: Grants) -> None:
        member = grants.somebody()
        inner = grants.people.group(("user", member.id))
        outer = grants.people.group(("group", inner))
        assert _reads(grants, member) == "PERMISSION_MISSING"
        grants.bind(outer, "viewer")
        assert _reads(grants, member) == "OK"
        assert _reads(grants, grants.somebody()) == "PERMISSION_MISSING"

    def test_a_service_account_holds_roles_like_a_user(self, grants: Grants) -> None:
        account = grants.somebody("viewer", kind="service_account", signed_in_ago=None, methods=())
        assert _reads(grants, account) == "OK"

    def test_a_binding_stops_counting_when_it_expires(self, grants: Grants) -> None:
        subject = grants.somebody()
        binding = grants.bind(subject, "viewer", expire_time=_from_now(hours=1))
        assert _reads(grants, subject) == "OK"
        with as_owner(grants.server.database) as connection, connection.transaction():
            connection.execute("select set_config('app.tenant_id', %s, true)", [str(grants.tenant_id)])
            connection.execute("update role_binding set expires_at = now() where id = %s", [binding])
        assert _reads(grants, subject) == "PERMISSION_MISSING"

    def test_an_end_in_the_past_is_refused(self, grants: Grants) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            grants.bind(grants.somebody(), "viewer", expire_time=_from_now(hours=-1))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    def test_lists_are_by_subject_role_and_scope(self, grants: Grants) -> None:
        first, second = grants.somebody(), grants.somebody()
        scope = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "north"})
        bindings = {
            "first viewer": grants.bind(first, "viewer"),
            "first editor": grants.bind(first, "editor", scope=scope),
            "second viewer": grants.bind(second, "viewer", expire_time=_from_now(hours=1)),
        }
        gone = grants.bind(first, "auditor")
        grants.unbind(gone)

        def found(**filter: Any) -> set[str]:  # noqa: ANN401
            request = role_binding_service_pb2.ListRoleBindingsRequest(page_size=1, **filter)
            ids: set[str] = set()
            while True:
                page = grants.bindings.ListRoleBindings(request, metadata=grants.metadata())
                ids |= {binding.id for binding in page.role_bindings}
                if not page.next_page_token:
                    return ids
                request.page_token = page.next_page_token

        assert found() == set(bindings.values())
        assert found(show_ended=True) == {*bindings.values(), gone}
        assert found(subject=wire_subject(first)) == {bindings["first viewer"], bindings["first editor"]}
        assert found(role_id=role_id("viewer")) == {bindings["first viewer"], bindings["second viewer"]}
        assert found(scope=scope) == {bindings["first editor"]}
        assert found(scope=role_binding_pb2.RoleScope()) == {bindings["first viewer"], bindings["second viewer"]}

    def test_who_granted_what_and_why_is_in_the_audit_trail(self, grants: Grants) -> None:
        subject = grants.somebody()
        binding = grants.bind(subject, "viewer", reason="ticket 4711")
        grants.unbind(binding)
        with as_owner(grants.server.database) as connection, connection.transaction():
            connection.execute("select set_config('app.tenant_id', %s, true)", [str(grants.tenant_id)])
            rows = connection.execute(
                "select event_type, actor, details from audit_record where subject_id = %s order by seq", [binding]
            ).fetchall()
        told = {"subject": f"user:{subject.id}", "role_id": role_id("viewer")}
        assert [(kind.rpartition(".")[2], details) for kind, _, details in rows] == [
            ("RoleBindingCreated", {**told, "reason": "ticket 4711"}),
            ("RoleBindingDeleted", {**told, "reason": "no longer needed"}),
        ]
        assert all(actor.startswith("api_key:") for _, actor, _ in rows)

    def test_nobody_who_does_not_exist_gets_a_role(self, grants: Grants) -> None:
        grants.somebody()  # so that there are people at all
        nobody = Subject(grants.tenant_id)
        with pytest.raises(grpc.RpcError) as refused:
            grants.bind(nobody, "viewer")
        assert _refusal(refused) == ("ROLE_SUBJECT_NOT_FOUND", {"subject": f"user:{nobody.id}"})

    @pytest.mark.parametrize(
        ("scope", "field"),
        [
            (role_binding_pb2.RoleScope(resource_id=str(uuid.uuid4())), "scope.resource_type"),
            (role_binding_pb2.RoleScope(labels={"a": "b"}), "scope.resource_type"),
            (
                role_binding_pb2.RoleScope(resource_type="company", resource_id=str(uuid.uuid4()), labels={"a": "b"}),
                "scope.labels",
            ),
        ],
        ids=["an id without a type", "labels without a type", "an id and labels"],
    )
    def test_a_scope_that_contradicts_itself_is_refused(
        self, grants: Grants, scope: role_binding_pb2.RoleScope, field: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            grants.bind(grants.somebody(), "viewer", scope=scope)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (refused.value.details() or "").startswith(field)


class TestConditions:
    @pytest.mark.parametrize(
        ("networks", "outcome"),
        [
            (["127.0.0.0/8"], "OK"),
            (["10.0.0.0/8", "127.0.0.1"], "OK"),
            (["10.0.0.0/8"], "PERMISSION_MISSING"),
            (["::1/128"], "PERMISSION_MISSING"),
        ],
    )
    def test_a_network_is_that_of_the_connection(self, grants: Grants, networks: list[str], outcome: str) -> None:
        subject = grants.somebody()
        grants.bind(subject, "viewer", condition=role_binding_pb2.RoleCondition(client_networks=networks))
        assert _reads(grants, subject) == outcome

    def test_hours_count_by_the_clocks_of_their_zone(self, grants: Grants) -> None:
        now = datetime.now(UTC)
        begin, end = (now - timedelta(hours=1)).strftime("%H:%M"), (now + timedelta(hours=1)).strftime("%H:%M")
        inside, outside = grants.somebody(), grants.somebody()
        for subject, hours in ((inside, (begin, end)), (outside, (end, begin))):
            window = role_binding_pb2.RoleTimeWindow(begin=hours[0], end=hours[1], time_zone="UTC")
            grants.bind(subject, "viewer", condition=role_binding_pb2.RoleCondition(time_windows=[window]))
        assert (_reads(grants, inside), _reads(grants, outside)) == ("OK", "PERMISSION_MISSING")

    def test_a_second_factor_is_asked_of_people_and_never_had_by_services(self, grants: Grants) -> None:
        condition = role_binding_pb2.RoleCondition(second_factor=True)
        weak = grants.somebody()
        strong = Subject(grants.tenant_id, id=weak.id, methods=("pwd", "otp", "mfa"))
        account = grants.somebody(kind="service_account", signed_in_ago=None, methods=())
        for subject in (weak, account):
            grants.bind(subject, "viewer", condition=condition)
        assert [_reads(grants, each) for each in (weak, strong, account)] == [
            "PERMISSION_MISSING",
            "OK",
            "PERMISSION_MISSING",
        ]

    @pytest.mark.parametrize(
        ("condition", "field"),
        [
            (role_binding_pb2.RoleCondition(client_networks=["10.0.0.1/8"]), "condition.client_networks[0]"),
            (role_binding_pb2.RoleCondition(client_networks=["example.org"]), "condition.client_networks[0]"),
            (
                role_binding_pb2.RoleCondition(
                    time_windows=[role_binding_pb2.RoleTimeWindow(begin="08:00", end="17:00", time_zone="Mars/Olympus")]
                ),
                "condition.time_windows[0].time_zone",
            ),
            (
                role_binding_pb2.RoleCondition(
                    time_windows=[
                        role_binding_pb2.RoleTimeWindow(begin="08:00", end="17:00", time_zone="../../etc/passwd")
                    ]
                ),
                "condition.time_windows[0].time_zone",
            ),
        ],
        ids=["bits behind the length", "a name", "an unknown zone", "a path"],
    )
    def test_a_condition_that_cannot_be_read_is_refused(
        self, grants: Grants, condition: role_binding_pb2.RoleCondition, field: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            grants.bind(grants.somebody(), "viewer", condition=condition)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (refused.value.details() or "").startswith(field)

    def test_it_comes_back_as_it_was_given(self, grants: Grants) -> None:
        condition = role_binding_pb2.RoleCondition(
            client_networks=["10.0.0.0/8", "2001:db8::/32"],
            time_windows=[
                role_binding_pb2.RoleTimeWindow(
                    days=[role_binding_pb2.ROLE_WEEKDAY_MONDAY, role_binding_pb2.ROLE_WEEKDAY_SUNDAY],
                    begin="22:30",
                    end="06:00",
                    time_zone="Europe/Berlin",
                )
            ],
            second_factor=True,
            max_sign_in_age=Duration(seconds=600),
        )
        binding = grants.bind(grants.somebody(), "viewer", condition=condition)
        got = grants.bindings.GetRoleBinding(
            role_binding_service_pb2.GetRoleBindingRequest(id=binding), metadata=grants.metadata()
        ).role_binding
        assert got.condition == condition


class TestStepUp:
    def test_a_role_asks_for_the_sign_in_that_it_demands(self, grants: Grants) -> None:
        demand = role_service_pb2.RoleStepUp(second_factor=True, max_age=Duration(seconds=300))
        weak = grants.somebody(grants.role("careful", "company.read", step_up=demand))
        stub = company_service_pb2_grpc.CompanyServiceStub(grants.server.channel)
        with pytest.raises(grpc.RpcError) as refused:
            stub.ListCompanies(company_service_pb2.ListCompaniesRequest(), metadata=grants.metadata(weak))
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
        assert _refusal(refused) == (
            "STEP_UP_REQUIRED",
            {"permission": "company.read", "acr_values": "mfa", "max_age": "300"},
        )
        old = Subject(grants.tenant_id, id=weak.id, methods=("pwd", "mfa"), signed_in_ago=301)
        strong = Subject(grants.tenant_id, id=weak.id, methods=("pwd", "mfa"), signed_in_ago=200)
        assert (_reads(grants, old), _reads(grants, strong)) == ("STEP_UP_REQUIRED", "OK")

    def test_it_is_asked_for_what_the_role_inherits_too(self, grants: Grants) -> None:
        demand = role_service_pb2.RoleStepUp(second_factor=True)
        careful = grants.role("careful", inherited_role_ids=[role_id("viewer")], step_up=demand)
        assert _reads(grants, grants.somebody(careful)) == "STEP_UP_REQUIRED"
        assert _reads(grants, grants.somebody(careful, "viewer")) == "OK"

    def test_services_pass_for_nobody_signs_in_with_them(self, grants: Grants) -> None:
        demand = role_service_pb2.RoleStepUp(second_factor=True, max_age=Duration(seconds=1))
        careful = grants.role("careful", "company.read", step_up=demand)
        account = grants.somebody(careful, kind="service_account", signed_in_ago=None, methods=())
        assert _reads(grants, account) == "OK"

    def test_a_method_can_ask_for_a_recent_sign_in(self, grants: Grants) -> None:
        fresh = grants.somebody("owner")
        stale = Subject(grants.tenant_id, id=fresh.id, signed_in_ago=12 * 3600 + 60)
        unknown = Subject(grants.tenant_id, id=fresh.id, signed_in_ago=None)
        for subject in (stale, unknown):
            with pytest.raises(grpc.RpcError) as refused:
                grants.role("late", "company.read", by=subject)
            assert _refusal(refused) == (
                "STEP_UP_REQUIRED",
                {"permission": "auth.role.create", "acr_values": "", "max_age": "43200"},
            )
        assert grants.role("early", "company.read", by=fresh)


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


def _from_now(**ago: float) -> Timestamp:
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC) + timedelta(**ago))
    return moment
