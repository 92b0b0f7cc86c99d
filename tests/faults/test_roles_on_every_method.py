"""Every method of the contract, called by the holder of every built-in role: who gets in, who is refused, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import role_binding_pb2
from function_backend.services.auth.domain.built_in_roles import OWNER_ONLY
from function_backend.services.auth.domain.permission import PLATFORM
from tests.fixtures.database_faults import eventually
from tests.fixtures.methods import Answer, ContractMethod, call, every_method, holds_for_each
from tests.fixtures.server import RunningServer
from tests.fixtures.subjects import BUILT_IN, Grants, Subject

pytestmark = pytest.mark.timeout(600)  # Each test calls every method.
METHODS = [method for method in every_method() if not method.policy.anonymous]
PERMISSIONS = {method.policy.permission for method in METHODS}
STRONG = ("pwd", "otp", "mfa")
_ONES_OWN = "auth.self."
_EVERYBODYS = "auth.self.read"

each_role = pytest.mark.parametrize("role", ["owner", "administrator", "editor", "viewer", "auditor"])


def _opens(role: str, permission: str) -> bool:
    """Whether the role carries the permission, or people hold it about themselves."""
    return permission.startswith(_ONES_OWN) or EXPECTED[role](permission)


def _reads(permission: str) -> bool:
    """Whether no method changes anything by the permission, or carries everything away."""
    uses = [method for method in METHODS if method.policy.permission == permission]
    return not any(method.changes for method in uses) and not permission.endswith((".export", ".record"))


def _about_people(permission: str) -> bool:
    return permission.startswith(("auth.", "audit."))


# What docs/permissions.md says of them, said again.
EXPECTED: Mapping[str, Callable[[str], bool]] = {
    "owner": lambda permission: permission not in PLATFORM,
    "administrator": lambda permission: permission not in PLATFORM | OWNER_ONLY,
    "editor": lambda permission: not _about_people(permission) and permission not in PLATFORM,
    "viewer": lambda permission: not _about_people(permission) and permission not in PLATFORM and _reads(permission),
    "auditor": lambda permission: permission not in PLATFORM | OWNER_ONLY and _reads(permission),
}


def _call(server: RunningServer, method: ContractMethod, by: Subject) -> Answer:
    request: Any = method.request()
    if "validate_only" in method.request.DESCRIPTOR.fields_by_name:
        # Whatever an empty request may mean, nothing is to happen to the tenant of the others.
        request.validate_only = True
    return call(server.channel, method, [request.SerializeToString()], server.metadata(by.credential(server)))


def _is_missing(answer: Answer, method: ContractMethod) -> None:
    assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert answer.details["ErrorInfo"].metadata["permission"] == method.policy.permission


def _is_missing_unless_own(answer: Answer, method: ContractMethod) -> None:
    if method.policy.permission.startswith(_ONES_OWN):
        _gets_in(answer)
    else:
        _is_missing(answer, method)


def _gets_in(answer: Answer) -> None:
    """An empty request is mostly invalid, which nobody hears who was refused before."""
    assert answer.code not in {
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
    }


def test_the_roles_here_are_the_built_in_ones() -> None:
    assert EXPECTED.keys() == {role.name for role in BUILT_IN.by_id.values()}


@each_role
class TestBuiltInRoles:
    def test_the_holder_gets_in_where_the_role_says_so_and_nowhere_else(
        self, role_server: RunningServer, holders: Mapping[str, Subject], role: str
    ) -> None:
        def check(method: ContractMethod) -> None:
            answer = _call(role_server, method, holders[role])
            if _opens(role, method.policy.permission):
                _gets_in(answer)
            else:
                _is_missing(answer, method)

        holds_for_each(METHODS, check)

    def test_a_service_account_gets_in_just_there_without_a_sign_in(
        self, role_server: RunningServer, accounts: Mapping[str, Subject], role: str
    ) -> None:
        def check(method: ContractMethod) -> None:
            answer = _call(role_server, method, accounts[role])
            if method.policy.permission == _EVERYBODYS or EXPECTED[role](method.policy.permission):
                _gets_in(answer)
            else:
                _is_missing(answer, method)

        holds_for_each(METHODS, check)

    def test_an_old_weak_sign_in_is_not_enough_where_the_method_asks_for_more(
        self, role_server: RunningServer, holders: Mapping[str, Subject], role: str
    ) -> None:
        somebody = holders[role]
        weak = Subject(somebody.tenant_id, id=somebody.id, methods=("pwd",), signed_in_ago=30 * 86400)

        def check(method: ContractMethod) -> None:
            answer = _call(role_server, method, weak)
            if not _opens(role, method.policy.permission):
                _is_missing(answer, method)
            elif method.policy.HasField("step_up"):
                assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "STEP_UP_REQUIRED")
            else:
                _gets_in(answer)

        holds_for_each(METHODS, check)

    def test_a_role_for_some_companies_opens_only_what_answers_for_some(
        self, role_server: RunningServer, scoped: Mapping[str, Subject], role: str
    ) -> None:
        def check(method: ContractMethod) -> None:
            answer = _call(role_server, method, scoped[role])
            own = method.policy.permission.startswith(_ONES_OWN)
            if own or (EXPECTED[role](method.policy.permission) and method.policy.resource_type == "company"):
                _gets_in(answer)
            else:
                _is_missing(answer, method)

        holds_for_each(METHODS, check)

    def test_in_another_tenant_the_role_opens_nothing(
        self, role_server: RunningServer, other_tenant: Grants, holders: Mapping[str, Subject], role: str
    ) -> None:
        stranger = Subject(other_tenant.tenant_id, id=holders[role].id, methods=STRONG)
        other_tenant.people.add(stranger.kind, stranger.id)
        holds_for_each(METHODS, lambda method: _is_missing_unless_own(_call(role_server, method, stranger), method))


class TestNoRole:
    def test_without_a_role_nobody_gets_in_anywhere(self, role_server: RunningServer, nobody: Subject) -> None:
        holds_for_each(METHODS, lambda method: _is_missing_unless_own(_call(role_server, method, nobody), method))

    def test_a_role_that_was_taken_away_opens_nothing(self, role_server: RunningServer, former: Subject) -> None:
        holds_for_each(METHODS, lambda method: _is_missing_unless_own(_call(role_server, method, former), method))


@pytest.fixture(scope="module")
def tenant(role_server: RunningServer) -> Grants:
    return Grants.of_new_tenant(role_server)


@pytest.fixture(scope="module")
def other_tenant(role_server: RunningServer) -> Grants:
    return Grants.of_new_tenant(role_server)


@pytest.fixture(scope="module")
def holders(tenant: Grants) -> dict[str, Subject]:
    """A person with each role, signed in just now with a second factor; it counts for a day."""
    return {role: tenant.somebody(role, methods=STRONG, signed_in_ago=0.0) for role in EXPECTED}


@pytest.fixture(scope="module")
def accounts(tenant: Grants) -> dict[str, Subject]:
    return {role: tenant.somebody(role, kind="service_account", methods=(), signed_in_ago=None) for role in EXPECTED}


@pytest.fixture(scope="module")
def scoped(tenant: Grants) -> dict[str, Subject]:
    """A person with each role for the companies with a label."""
    found = {}
    for role in EXPECTED:
        found[role] = tenant.somebody(methods=STRONG)
        scope = role_binding_pb2.RoleScope(resource_type="company", labels={"team": "north"})
        tenant.bind(found[role], role, scope=scope)
        # What is held for resources of another type opens nothing here.
        tenant.bind(found[role], "owner", scope=role_binding_pb2.RoleScope(resource_type="document"))
    return found


@pytest.fixture(scope="module")
def nobody(tenant: Grants) -> Subject:
    return tenant.somebody(methods=STRONG)


@pytest.fixture(scope="module")
def former(tenant: Grants) -> Subject:
    """Somebody who was an owner, and whose role as an editor has come to its end."""
    somebody = tenant.somebody(methods=STRONG)
    tenant.unbind(tenant.bind(somebody, "owner"))
    end = Timestamp()
    end.GetCurrentTime()
    end.seconds += 1
    tenant.bind(somebody, "editor", expire_time=end)
    eventually(lambda: _is_over(end))
    return somebody


def _is_over(end: Timestamp) -> bool:
    now = Timestamp()
    now.GetCurrentTime()
    return now.ToNanoseconds() > end.ToNanoseconds()
