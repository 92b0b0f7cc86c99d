"""Bindings of roles over the wire: where, for how long, under what conditions and to whom."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import (
    role_binding_pb2,
    role_binding_service_pb2,
    role_service_pb2,
)
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures.database_faults import as_owner
from tests.fixtures.subjects import Grants, Subject, role_id, wire_subject
from tests.services.auth.role_calls import from_now, reads, refusal


class TestBindings:
    def test_a_role_lets_its_holder_in_until_the_binding_is_deleted(self, grants: Grants) -> None:
        subject = grants.somebody()
        assert reads(grants, subject) == "PERMISSION_MISSING"
        binding = grants.bind(subject, "viewer", reason="reads the reports")
        assert reads(grants, subject) == "OK"
        gone = grants.unbind(binding)
        assert reads(grants, subject) == "PERMISSION_MISSING"
        assert (gone.reason, gone.delete_reason) == ("reads the reports", "no longer needed")
        assert gone.deleter == gone.granter
        assert gone.HasField("delete_time")
        assert grants.unbind(binding) == gone

    def test_a_changed_role_counts_at_once_for_whoever_inherits_it(self, grants: Grants) -> None:
        base = grants.role("base", "company.update")
        subject = grants.somebody(grants.role("heir", inherited_role_ids=[base]))
        assert reads(grants, subject) == "PERMISSION_MISSING"
        request = role_service_pb2.UpdateRoleRequest(
            id=base, role=role_service_pb2.RoleInput(permissions=["company.read"])
        )
        grants.roles.UpdateRole(request, metadata=grants.metadata())
        assert reads(grants, subject) == "OK"

    def test_members_of_a_group_and_of_groups_in_it_hold_its_roles(self, grants: Grants) -> None:
        member = grants.somebody()
        inner = grants.people.group(("user", member.id))
        outer = grants.people.group(("group", inner))
        assert reads(grants, member) == "PERMISSION_MISSING"
        grants.bind(outer, "viewer")
        assert reads(grants, member) == "OK"
        assert reads(grants, grants.somebody()) == "PERMISSION_MISSING"

    def test_a_service_account_holds_roles_like_a_user(self, grants: Grants) -> None:
        account = grants.somebody("viewer", kind="service_account", signed_in_ago=None, methods=())
        assert reads(grants, account) == "OK"

    def test_a_binding_stops_counting_when_it_expires(self, grants: Grants) -> None:
        subject = grants.somebody()
        binding = grants.bind(subject, "viewer", expire_time=from_now(hours=1))
        assert reads(grants, subject) == "OK"
        with as_owner(grants.server.database) as connection, connection.transaction():
            connection.execute("select set_config('app.tenant_id', %s, true)", [str(grants.tenant_id)])
            connection.execute("update role_binding set expires_at = now() where id = %s", [binding])
        assert reads(grants, subject) == "PERMISSION_MISSING"

    def test_an_end_in_the_past_is_refused(self, grants: Grants) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            grants.bind(grants.somebody(), "viewer", expire_time=from_now(hours=-1))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    def test_lists_are_by_subject_role_and_scope(self, grants: Grants) -> None:
        first, second = grants.somebody(), grants.somebody()
        scope = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "north"})
        bindings = {
            "first viewer": grants.bind(first, "viewer"),
            "first editor": grants.bind(first, "editor", scope=scope),
            "second viewer": grants.bind(second, "viewer", expire_time=from_now(hours=1)),
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
        assert refusal(refused) == ("ROLE_SUBJECT_NOT_FOUND", {"subject": f"user:{nobody.id}"})

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
        assert reads(grants, subject) == outcome

    def test_hours_count_by_the_clocks_of_their_zone(self, grants: Grants) -> None:
        now = datetime.now(UTC)
        begin, end = (now - timedelta(hours=1)).strftime("%H:%M"), (now + timedelta(hours=1)).strftime("%H:%M")
        inside, outside = grants.somebody(), grants.somebody()
        for subject, hours in ((inside, (begin, end)), (outside, (end, begin))):
            window = role_binding_pb2.RoleTimeWindow(begin=hours[0], end=hours[1], time_zone="UTC")
            grants.bind(subject, "viewer", condition=role_binding_pb2.RoleCondition(time_windows=[window]))
        assert (reads(grants, inside), reads(grants, outside)) == ("OK", "PERMISSION_MISSING")

    def test_a_second_factor_is_asked_of_people_and_never_had_by_services(self, grants: Grants) -> None:
        condition = role_binding_pb2.RoleCondition(second_factor=True)
        weak = grants.somebody()
        strong = Subject(grants.tenant_id, id=weak.id, methods=("pwd", "otp", "mfa"))
        account = grants.somebody(kind="service_account", signed_in_ago=None, methods=())
        for subject in (weak, account):
            grants.bind(subject, "viewer", condition=condition)
        assert [reads(grants, each) for each in (weak, strong, account)] == [
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
        assert refusal(refused) == (
            "STEP_UP_REQUIRED",
            {"permission": "company.read", "acr_values": "mfa", "max_age": "300"},
        )
        old = Subject(grants.tenant_id, id=weak.id, methods=("pwd", "mfa"), signed_in_ago=301)
        strong = Subject(grants.tenant_id, id=weak.id, methods=("pwd", "mfa"), signed_in_ago=200)
        assert (reads(grants, old), reads(grants, strong)) == ("STEP_UP_REQUIRED", "OK")

    def test_it_is_asked_for_what_the_role_inherits_too(self, grants: Grants) -> None:
        demand = role_service_pb2.RoleStepUp(second_factor=True)
        careful = grants.role("careful", inherited_role_ids=[role_id("viewer")], step_up=demand)
        assert reads(grants, grants.somebody(careful)) == "STEP_UP_REQUIRED"
        assert reads(grants, grants.somebody(careful, "viewer")) == "OK"

    def test_services_pass_for_nobody_signs_in_with_them(self, grants: Grants) -> None:
        demand = role_service_pb2.RoleStepUp(second_factor=True, max_age=Duration(seconds=1))
        careful = grants.role("careful", "company.read", step_up=demand)
        account = grants.somebody(careful, kind="service_account", signed_in_ago=None, methods=())
        assert reads(grants, account) == "OK"

    def test_a_method_can_ask_for_a_recent_sign_in(self, grants: Grants) -> None:
        fresh = grants.somebody("owner")
        stale = Subject(grants.tenant_id, id=fresh.id, signed_in_ago=12 * 3600 + 60)
        unknown = Subject(grants.tenant_id, id=fresh.id, signed_in_ago=None)
        for subject in (stale, unknown):
            with pytest.raises(grpc.RpcError) as refused:
                grants.role("late", "company.read", by=subject)
            assert refusal(refused) == (
                "STEP_UP_REQUIRED",
                {"permission": "auth.role.create", "acr_values": "", "max_age": "43200"},
            )
        assert grants.role("early", "company.read", by=fresh)
