"""Attempts to get more by roles than was given, and to leave a tenant without anybody in charge."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    role_binding_pb2,
    role_binding_service_pb2,
    role_service_pb2,
)
from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function_backend.events.recording import EventRecorder
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.engine import Database
from function_backend.persistence.settings import DatabaseSettings
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.service.guards import RoleGuards
from tests.factories.auth import calling
from tests.fixtures.database_faults import as_owner
from tests.fixtures.server import RunningServer
from tests.fixtures.subjects import BUILT_IN, Grants, Subject, role_id, wire_subject

_SECONDS = 60
_NORTH = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "north"})
_VIEWED = tuple(sorted(BUILT_IN.named("viewer").content.permissions - {"company.read"}))
"""What viewers hold besides `company.read`."""
_MANAGING = ("auth.role.*", "auth.role_binding.*")


def _refused(attempt: Callable[[], object]) -> tuple[str, dict[str, str]]:
    with pytest.raises(grpc.RpcError) as refused:
        attempt()
    status = rpc_status.from_call(cast("grpc.Call", refused.value))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, dict(info.metadata)


@pytest.fixture
def manager(grants: Grants) -> Subject:
    """Somebody who manages roles and reads companies, and may do nothing else."""
    return grants.somebody(grants.role("manager", *_MANAGING, "company.read", *_VIEWED))


class TestEscalation:
    @pytest.mark.parametrize("wanted", ["company.update", "company.*", "auth.*", "*"])
    def test_nobody_makes_a_role_of_what_they_lack(self, grants: Grants, manager: Subject, wanted: str) -> None:
        assert _refused(lambda: grants.role("more", wanted, by=manager)) == (
            "PERMISSION_ESCALATION",
            {"permission": wanted},
        )

    @pytest.mark.parametrize("role", ["owner", "administrator", "editor"])
    def test_nobody_binds_a_role_that_grants_what_they_lack(self, grants: Grants, manager: Subject, role: str) -> None:
        assert _refused(lambda: grants.bind(manager, role, by=manager))[0] == "PERMISSION_ESCALATION"
        assert grants.bind(grants.somebody(), "viewer", by=manager)

    def test_nobody_inherits_what_they_lack(self, grants: Grants, manager: Subject) -> None:
        strong = grants.role("strong", "company.update")
        middle = grants.role("middle", inherited_role_ids=[strong])
        for inherited in (strong, middle, role_id("editor")):
            attempt = _inherit(grants, f"heir-{inherited[:8]}", inherited, by=manager)
            assert _refused(attempt)[0] == "PERMISSION_ESCALATION"

    def test_nobody_edits_a_role_they_hold_into_more(self, grants: Grants, manager: Subject) -> None:
        own = grants.role("own", "company.read", by=manager)
        grants.bind(manager, own, by=manager)
        for wish in (
            role_service_pb2.RoleInput(permissions=["company.delete"]),
            role_service_pb2.RoleInput(inherited_role_ids=[role_id("editor")]),
        ):
            assert _refused(_update(grants, own, wish, by=manager))[0] == "PERMISSION_ESCALATION"

    def test_nobody_softens_a_role_that_grants_more_than_they_hold(self, grants: Grants, manager: Subject) -> None:
        demand = role_service_pb2.RoleStepUp(second_factor=True)
        careful = grants.role("careful", "company.update", step_up=demand)
        request = role_service_pb2.UpdateRoleRequest(id=careful, role=role_service_pb2.RoleInput())
        request.update_mask.paths.append("step_up")
        attempt = lambda: grants.roles.UpdateRole(request, metadata=grants.metadata(manager))  # noqa: E731
        assert _refused(attempt) == ("PERMISSION_ESCALATION", {"permission": "company.update"})

    def test_what_is_held_in_a_scope_is_handed_on_within_it_alone(self, grants: Grants, manager: Subject) -> None:
        writer = grants.role("writer", "company.update")
        grants.bind(manager, writer, scope=_NORTH)
        narrower = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "north", "tier": "gold"})
        for scope in (_NORTH, narrower):
            assert grants.bind(grants.somebody(), writer, by=manager, scope=scope)
        wider = role_binding_pb2.RoleScope(resource_type="company")
        other = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "south"})
        one = role_binding_pb2.RoleScope(resource_type="company", resource_id=str(uuid.uuid4()))
        elsewhere = role_binding_pb2.RoleScope(resource_type="document", labels={"team": "north"})
        whole_tenant = role_binding_pb2.RoleScope()
        for scope in (whole_tenant, wider, other, one, elsewhere):
            attempt = _bind(grants, manager, writer, by=manager, scope=scope)
            assert _refused(attempt) == ("PERMISSION_ESCALATION", {"permission": "company.update"})
        assert _refused(lambda: grants.role("all-over", "company.update", by=manager))[0] == "PERMISSION_ESCALATION"

    def test_what_is_held_for_a_time_or_under_a_condition_is_not_handed_on(
        self, grants: Grants, manager: Subject
    ) -> None:
        writer = grants.role("writer", "company.update")
        soon = Timestamp()
        soon.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
        here = role_binding_pb2.RoleCondition(client_networks=["127.0.0.0/8"])
        for terms in ({"expire_time": soon}, {"condition": here}, {"condition": here, "scope": _NORTH}):
            grants.bind(manager, writer, **terms)
        made = _companies(grants).CreateCompany(
            company_service_pb2.CreateCompanyRequest(company=company_pb2.Company(legal_name="Held GmbH")),
            metadata=grants.metadata(),
        )
        renamed = company_pb2.Company(id=made.company.id, legal_name="Held for a time GmbH")
        # It does count for the holder.
        updated = _companies(grants).UpdateCompany(
            company_service_pb2.UpdateCompanyRequest(company=renamed), metadata=grants.metadata(manager)
        )
        assert updated.company.legal_name == "Held for a time GmbH"
        for scope in ({}, {"scope": _NORTH}):
            attempt = _bind(grants, manager, writer, by=manager, **scope)
            assert _refused(attempt) == ("PERMISSION_ESCALATION", {"permission": "company.update"})

    def test_a_key_cannot_outlast_what_its_maker_holds_for_a_time(self, grants: Grants) -> None:
        maker = grants.somebody(grants.role("key-maker", "auth.api_key.create"))
        soon = Timestamp()
        soon.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
        grants.bind(maker, "viewer", expire_time=soon)
        wish = api_key_service_pb2.CreateApiKeyRequest(display_name="for ever", permissions=["company.read"])
        keys = api_key_service_pb2_grpc.ApiKeyServiceStub(grants.server.channel)
        assert _refused(lambda: keys.CreateApiKey(wish, metadata=grants.metadata(maker))) == (
            "PERMISSION_ESCALATION",
            {"permission": "company.read"},
        )

    def test_a_permission_within_a_scope_opens_no_method_of_the_whole_tenant(self, grants: Grants) -> None:
        somebody = grants.somebody()
        grants.bind(somebody, "owner", scope=role_binding_pb2.RoleScope(resource_type="company"))
        grants.bind(somebody, "owner", scope=_NORTH)
        assert _refused(lambda: grants.role("mine", "company.read", by=somebody))[0] == "PERMISSION_MISSING"
        imported = company_service_pb2.ImportCompaniesRequest(
            config=company_service_pb2.ImportConfig(match_scheme="lei")
        )
        attempt = lambda: _companies(grants).ImportCompanies(iter([imported]), metadata=grants.metadata(somebody))  # noqa: E731
        assert _refused(attempt)[0] == "PERMISSION_MISSING"

    def test_platform_permissions_are_in_no_built_in_role(self, grants: Grants) -> None:
        owner = grants.somebody("owner", methods=("pwd", "mfa"))
        assert _refused(lambda: grants.role("platform", "auth.tenant.create", by=owner)) == (
            "PERMISSION_ESCALATION",
            {"permission": "auth.tenant.create"},
        )
        for role in BUILT_IN.by_id.values():
            assert not PermissionSet(role.content.permissions).allows("auth.tenant.create")
            assert not PermissionSet(role.content.permissions).allows("auth.tenant.list")


class TestGroups:
    def test_who_changes_a_group_must_hold_what_its_members_are_granted(
        self, grants: Grants, guarded: Callable[[Grants, Principal, Callable[..., object]], object]
    ) -> None:
        inner = grants.people.group()
        outer = grants.people.group(("group", inner))
        free = grants.people.group()
        grants.bind(outer, "viewer")
        grants.bind(inner, grants.role("writer", "company.update"), scope=_NORTH)
        grants.bind(inner, "auditor", condition=role_binding_pb2.RoleCondition(client_networks=["10.0.0.0/8"]))
        strong = _principal(grants, "company.*", "auth.*", "audit.*", *_VIEWED)
        for held, group, missing in (
            ((), free, None),
            (("company.*", *_VIEWED), outer, None),
            ((), outer, "company.read"),
            (("company.read", "auth.*", *_VIEWED), inner, "company.update"),
            (("company.*", "audit.*", *_VIEWED), inner, "auth."),
        ):
            caller = _principal(grants, *held)
            attempt = lambda guards, work, group=group: guards.refuse_unless_held(work, group)  # noqa: E731
            if missing is None:
                guarded(grants, caller, attempt)
            else:
                with pytest.raises(ServiceError) as refused:
                    guarded(grants, caller, attempt)
                assert refused.value.reason == "PERMISSION_ESCALATION"
                assert refused.value.metadata["permission"].startswith(missing)
        guarded(grants, strong, lambda guards, work: guards.refuse_unless_held(work, inner))


class TestLastAdministrator:
    def test_the_last_one_is_not_unbound(self, grants: Grants) -> None:
        first = grants.somebody()
        binding = grants.bind(first, "owner")
        _revoke_all_keys(grants, first)
        assert _refused(lambda: grants.unbind(binding, by=first))[0] == "LAST_ADMINISTRATOR"
        second = grants.somebody()
        other = grants.bind(second, "administrator", by=first)
        grants.unbind(binding, by=first)
        assert _refused(lambda: grants.unbind(other, by=second))[0] == "LAST_ADMINISTRATOR"

    def test_what_ends_by_itself_or_counts_here_and_there_makes_no_administrator(self, grants: Grants) -> None:
        first = grants.somebody()
        binding = grants.bind(first, "owner")
        _revoke_all_keys(grants, first)
        soon = Timestamp()
        soon.FromDatetime(datetime.now(UTC) + timedelta(days=1))
        for terms in (
            {"expire_time": soon},
            {"scope": role_binding_pb2.RoleScope(resource_type="company")},
            {"condition": role_binding_pb2.RoleCondition(client_networks=["10.0.0.0/8"])},
        ):
            grants.bind(grants.somebody(), "owner", by=first, **terms)
        grants.bind(grants.people.group(), "owner", by=first)  # nobody is in it
        suspended = grants.somebody()
        grants.bind(suspended, "owner", by=first)
        grants.people.suspend(suspended.id)
        assert _refused(lambda: grants.unbind(binding, by=first))[0] == "LAST_ADMINISTRATOR"

    def test_a_member_of_a_group_can_be_the_one_who_stays(self, grants: Grants) -> None:
        first, member = grants.somebody(), grants.somebody()
        binding = grants.bind(first, "owner")
        _revoke_all_keys(grants, first)
        inner = grants.people.group(("user", member.id))
        grants.bind(grants.people.group(("group", inner)), "administrator", by=first)
        assert grants.unbind(binding, by=first).HasField("delete_time")

    def test_the_role_of_the_last_one_is_neither_emptied_nor_deleted(self, grants: Grants) -> None:
        first = grants.somebody("owner")
        chief = grants.role("chief", inherited_role_ids=[role_id("administrator")], by=first)
        leader = grants.role("leader", inherited_role_ids=[chief], by=first)
        binding = grants.bind(first, leader)
        _revoke_all_keys(grants, first)
        for owner in _bindings_of(grants, first, role_id("owner")):
            grants.unbind(owner, by=first)
        assert binding
        emptied = role_service_pb2.UpdateRoleRequest(id=chief, role=role_service_pb2.RoleInput())
        emptied.update_mask.paths.append("inherited_role_ids")
        attempts: list[Callable[[], object]] = [
            lambda: grants.roles.UpdateRole(emptied, metadata=grants.metadata(first)),
            lambda: grants.roles.DeleteRole(
                role_service_pb2.DeleteRoleRequest(id=leader, force=True), metadata=grants.metadata(first)
            ),
        ]
        for attempt in attempts:
            assert _refused(attempt)[0] == "LAST_ADMINISTRATOR"

    def test_of_two_who_remove_each_other_at_once_one_stays(self, grants: Grants) -> None:
        first, second = grants.somebody(), grants.somebody()
        bindings = [grants.bind(each, "owner") for each in (first, second)]
        _revoke_all_keys(grants, first)
        outcomes: list[str] = []

        def unbind(by: Subject, binding: str) -> None:
            try:
                grants.unbind(binding, by=by)
            except grpc.RpcError as error:
                outcomes.append(_reason_of(error))
            else:
                outcomes.append("OK")

        threads = [
            threading.Thread(target=unbind, args=(first, bindings[1])),
            threading.Thread(target=unbind, args=(second, bindings[0])),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_SECONDS)
        assert "OK" in outcomes
        assert sorted(outcomes) in (["LAST_ADMINISTRATOR", "OK"], ["OK", "PERMISSION_MISSING"])

    def test_where_nobody_is_in_charge_anyway_things_can_still_be_taken_away(self, grants: Grants) -> None:
        chief, former = grants.somebody(), grants.somebody()
        grants.bind(chief, "owner")
        binding = grants.bind(former, "owner")
        clerk = grants.somebody(grants.role("clerk", "auth.role_binding.delete"))
        _revoke_all_keys(grants, chief)
        for subject in (chief, former):
            grants.people.suspend(subject.id)
        assert grants.unbind(binding, by=clerk).HasField("delete_time")

    def test_others_are_unbound_while_somebody_is_left(self, grants: Grants) -> None:
        assert grants.unbind(grants.bind(grants.somebody(), "owner")).HasField("delete_time")


class TestAnotherTenant:
    def test_its_roles_and_bindings_do_not_exist(self, grants: Grants, role_server: RunningServer) -> None:
        other = Grants.of_new_tenant(role_server)
        role = other.role("theirs", "company.read")
        subject = other.somebody()
        binding = other.bind(subject, role)
        mine = grants.somebody()
        attempts: list[tuple[Callable[[], object], str]] = [
            (lambda: _get_role(grants, role), "ROLE_NOT_FOUND"),
            (_update(grants, role, role_service_pb2.RoleInput(name="mine")), "ROLE_NOT_FOUND"),
            (
                lambda: grants.roles.DeleteRole(
                    role_service_pb2.DeleteRoleRequest(id=role, force=True), metadata=grants.metadata()
                ),
                "ROLE_NOT_FOUND",
            ),
            (_inherit(grants, "heir", role), "ROLE_NOT_FOUND"),
            (_bind(grants, mine, role), "ROLE_NOT_FOUND"),
            (_bind(grants, subject, "viewer"), "ROLE_SUBJECT_NOT_FOUND"),
            (lambda: grants.unbind(binding), "ROLE_BINDING_NOT_FOUND"),
            (
                lambda: grants.bindings.GetRoleBinding(
                    role_binding_service_pb2.GetRoleBindingRequest(id=binding), metadata=grants.metadata()
                ),
                "ROLE_BINDING_NOT_FOUND",
            ),
        ]
        for attempt, reason in attempts:
            assert _refused(attempt)[0] == reason
        found = grants.bindings.ListRoleBindings(
            role_binding_service_pb2.ListRoleBindingsRequest(subject=wire_subject(subject), show_ended=True),
            metadata=grants.metadata(),
        )
        assert not found.role_bindings

    def test_the_same_person_in_another_tenant_holds_nothing_of_it(
        self, grants: Grants, role_server: RunningServer
    ) -> None:
        subject = grants.somebody("owner")
        other = Grants.of_new_tenant(role_server)
        stranger = Subject(other.tenant_id, id=subject.id)
        other.people.add("user", stranger.id)
        assert _refused(lambda: _get_role(other, role_id("viewer"), by=stranger))[0] == "PERMISSION_MISSING"


class TestOtherAttempts:
    def test_a_binding_in_a_condition_nobody_knows_grants_nothing(self, grants: Grants) -> None:
        subject = grants.somebody("viewer")
        assert _get_companies(grants, subject) is not None
        with as_owner(grants.server.database) as connection, connection.transaction():
            connection.execute("select set_config('app.tenant_id', %s, true)", [str(grants.tenant_id)])
            connection.execute(
                'update role_binding set condition = \'{"cel": "true"}\' where subject_id = %s', [subject.id]
            )
        assert _refused(lambda: _get_companies(grants, subject))[0] == "PERMISSION_MISSING"

    @pytest.mark.parametrize("name", ["Owner", "a b", "a\nb", "ä", "-a", "a" * 64])
    def test_a_name_that_could_be_mistaken_is_refused(self, grants: Grants, name: str) -> None:
        assert _refused(lambda: grants.role(name, "company.read"))[0] == "INVALID_REQUEST"

    def test_a_step_up_of_a_role_is_no_way_around_that_of_a_method(self, grants: Grants) -> None:
        demand = role_service_pb2.RoleStepUp(max_age=Duration(seconds=30 * 86400))
        lax = grants.role("lax", inherited_role_ids=[role_id("owner")], step_up=demand)
        stale = Subject(grants.tenant_id, signed_in_ago=13 * 3600)
        grants.people.add("user", stale.id)
        grants.bind(stale, lax)
        assert _refused(lambda: grants.role("late", "company.read", by=stale))[0] == "STEP_UP_REQUIRED"


@pytest.fixture
def guarded(role_server: RunningServer) -> Any:  # noqa: ANN401  a function of a fixture
    """Runs something with the guards in a unit of work of the principal, on the database of the server."""
    pools = Database(DatabaseSettings(url=role_server.database.app_url))
    transactions = Transactions(pools, EventRecorder(SystemClock()))

    def run(_: Grants, principal: Principal, use: Callable[..., object]) -> object:
        with calling(principal), transactions.reading() as work:
            return use(RoleGuards(BUILT_IN, SystemClock(), transactions), work)

    yield run
    pools.dispose()


def _principal(grants: Grants, *permissions: str) -> Principal:
    return Principal("user", uuid.uuid4(), grants.tenant_id, PermissionSet(frozenset(permissions)))


def _companies(grants: Grants) -> company_service_pb2_grpc.CompanyServiceStub:
    return company_service_pb2_grpc.CompanyServiceStub(grants.server.channel)


def _get_companies(grants: Grants, by: Subject) -> object:
    return _companies(grants).ListCompanies(company_service_pb2.ListCompaniesRequest(), metadata=grants.metadata(by))


def _get_role(grants: Grants, role: str, *, by: Subject | None = None) -> object:
    return grants.roles.GetRole(role_service_pb2.GetRoleRequest(id=role), metadata=grants.metadata(by))


def _update(
    grants: Grants, role: str, wish: role_service_pb2.RoleInput, *, by: Subject | None = None
) -> Callable[[], object]:
    request = role_service_pb2.UpdateRoleRequest(id=role, role=wish)
    return lambda: grants.roles.UpdateRole(request, metadata=grants.metadata(by))


def _inherit(grants: Grants, name: str, inherited: str, *, by: Subject | None = None) -> Callable[[], object]:
    return lambda: grants.role(name, by=by, inherited_role_ids=[inherited])


def _bind(
    grants: Grants,
    subject: Subject,
    role: str,
    *,
    by: Subject | None = None,
    **more: Any,  # noqa: ANN401
) -> Callable[[], object]:
    return lambda: grants.bind(subject, role, by=by, **more)


def _bindings_of(grants: Grants, subject: Subject, role: str) -> list[str]:
    request = role_binding_service_pb2.ListRoleBindingsRequest(subject=wire_subject(subject), role_id=role)
    found = grants.bindings.ListRoleBindings(request, metadata=grants.metadata(subject))
    return [binding.id for binding in found.role_bindings]


def _revoke_all_keys(grants: Grants, by: Subject) -> None:
    """Leaves nobody with a key, so that only people administer the tenant."""
    keys = api_key_service_pb2_grpc.ApiKeyServiceStub(grants.server.channel)
    for key in keys.ListApiKeys(api_key_service_pb2.ListApiKeysRequest(), metadata=grants.metadata(by)).api_keys:
        keys.RevokeApiKey(api_key_service_pb2.RevokeApiKeyRequest(id=key.id), metadata=grants.metadata(by))


def _reason_of(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason
