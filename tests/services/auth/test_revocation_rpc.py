"""Whatever is taken from a caller by one server, another server refuses too: each kind of it, by its own method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    group_pb2,
    group_service_pb2,
    group_service_pb2_grpc,
    oauth_service_pb2,
    role_binding_pb2,
    role_binding_service_pb2,
    role_binding_service_pb2_grpc,
    role_service_pb2,
    role_service_pb2_grpc,
    service_account_service_pb2,
    service_account_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
    tenant_pb2,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures import postgres
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import (
    CLIENT,
    Account,
    Person,
    get_token,
    make_account,
    make_person,
    refresh,
    sign_in,
    tokens_of,
)
from tests.fixtures.principals import NewTenant, make_child_tenant
from tests.fixtures.server import RunningServer, running_server

_SECONDS = 60


@dataclass(frozen=True)
class Caller:
    """A user and a service account of a tenant of their own, who may read companies by a role, the user in a group."""

    server: RunningServer
    tenant: NewTenant
    person: Person
    account: Account
    group_id: str
    role_id: str
    bindings: tuple[str, ...]

    def stub(self, kind: Callable[[grpc.Channel], Any]) -> Any:  # noqa: ANN401 - any of the stubs
        return kind(self.server.channel)

    @property
    def by(self) -> dict[str, Any]:
        """The metadata of a call by the tenant's administration."""
        return {"metadata": self.server.metadata(self.tenant.key), "timeout": _SECONDS}

    @property
    def above(self) -> dict[str, Any]:
        """The metadata of a call by the administration of the tenant above."""
        return {"metadata": self.server.metadata(), "timeout": _SECONDS}

    def sign_in(self) -> oauth_service_pb2.TokenResponse:
        return sign_in(self.server, self.person, tenant=self.tenant.tenant.name)

    def key(self, **more: object) -> api_key_service_pb2.CreateApiKeyResponse:
        request = api_key_service_pb2.CreateApiKeyRequest(display_name="x", permissions=["company.read"], **more)  # type: ignore[arg-type]
        made: api_key_service_pb2.CreateApiKeyResponse = self.keys.CreateApiKey(request, **self.by)
        return made

    @property
    def keys(self) -> Any:  # noqa: ANN401
        return self.stub(api_key_service_pb2_grpc.ApiKeyServiceStub)

    @property
    def users(self) -> Any:  # noqa: ANN401
        return self.stub(user_service_pb2_grpc.UserServiceStub)

    @property
    def roles(self) -> Any:  # noqa: ANN401
        return self.stub(role_service_pb2_grpc.RoleServiceStub)


Taking = Callable[[Caller], tuple[str, Callable[[], object]]]
"""Gives the caller a credential, and what takes it away."""


def _key(caller: Caller) -> tuple[str, Callable[[], object]]:
    made = caller.key()
    request = api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id)
    return made.secret, lambda: caller.keys.RevokeApiKey(request, **caller.by)


def _narrowed_key(caller: Caller) -> tuple[str, Callable[[], object]]:
    made = caller.key()
    change = api_key_service_pb2.ApiKeyChange(id=made.api_key.id, permissions=["auth.user.read"])
    request = api_key_service_pb2.UpdateApiKeyRequest(api_key=change)
    return made.secret, lambda: caller.keys.UpdateApiKey(request, **caller.by)


def _rerolled_key(caller: Caller) -> tuple[str, Callable[[], object]]:
    made = caller.key()
    request = api_key_service_pb2.RerollApiKeyRequest(id=made.api_key.id)
    return made.secret, lambda: caller.keys.RerollApiKey(request, **caller.by)


def _keys_of_an_owner(caller: Caller) -> tuple[str, Callable[[], object]]:
    owner = f"user:{caller.person.id}"
    request = api_key_service_pb2.RevokeApiKeysOfOwnerRequest(owner=owner)
    return caller.key(owner=owner).secret, lambda: caller.keys.RevokeApiKeysOfOwner(request, **caller.by)


def _key_of_somebody_suspended(caller: Caller) -> tuple[str, Callable[[], object]]:
    request = user_service_pb2.SuspendUserRequest(id=str(caller.person.id))
    return caller.key(owner=f"user:{caller.person.id}").secret, lambda: caller.users.SuspendUser(request, **caller.by)


def _token(caller: Caller) -> tuple[str, Callable[[], object]]:
    token = caller.sign_in().access_token
    request = oauth_service_pb2.RevokeRequest(token=token, client_id=CLIENT)
    return token, lambda: tokens_of(caller.server).Revoke(request, timeout=_SECONDS)


def _signing_out(caller: Caller) -> tuple[str, Callable[[], object]]:
    answer = caller.sign_in()
    request = oauth_service_pb2.RevokeRequest(token=answer.refresh_token, client_id=CLIENT)
    return answer.access_token, lambda: tokens_of(caller.server).Revoke(request, timeout=_SECONDS)


def _stolen_refresh_token(caller: Caller) -> tuple[str, Callable[[], object]]:
    first = caller.sign_in()
    second = refresh(caller.server, first.refresh_token)
    refresh(caller.server, second.refresh_token)

    def steal() -> None:
        with pytest.raises(grpc.RpcError):
            refresh(caller.server, first.refresh_token)

    return second.access_token, steal


def _sessions_of_a_user(caller: Caller) -> tuple[str, Callable[[], object]]:
    request = session_service_pb2.RevokeUserSessionsRequest(user_id=str(caller.person.id))
    sessions = caller.stub(session_service_pb2_grpc.SessionServiceStub)
    return caller.sign_in().access_token, lambda: sessions.RevokeUserSessions(request, **caller.by)


def _new_password(caller: Caller) -> tuple[str, Callable[[], object]]:
    request = user_service_pb2.SetPasswordRequest(id=str(caller.person.id), password="another harbour 77")
    return caller.sign_in().access_token, lambda: caller.users.SetPassword(request, **caller.by)


def _suspended_user(caller: Caller) -> tuple[str, Callable[[], object]]:
    request = user_service_pb2.SuspendUserRequest(id=str(caller.person.id))
    return caller.sign_in().access_token, lambda: caller.users.SuspendUser(request, **caller.by)


def _locked_user(caller: Caller) -> tuple[str, Callable[[], object]]:
    request = user_service_pb2.LockUserRequest(id=str(caller.person.id))
    return caller.sign_in().access_token, lambda: caller.users.LockUser(request, **caller.by)


def _deleted_user(caller: Caller) -> tuple[str, Callable[[], object]]:
    request = user_service_pb2.DeleteUserRequest(id=str(caller.person.id))
    return caller.sign_in().access_token, lambda: caller.users.DeleteUser(request, **caller.by)


def _disabled_account(caller: Caller) -> tuple[str, Callable[[], object]]:
    token = get_token(caller.server, caller.account).access_token
    request = service_account_service_pb2.DisableServiceAccountRequest(id=caller.account.client_id)
    accounts = caller.stub(service_account_service_pb2_grpc.ServiceAccountServiceStub)
    return token, lambda: accounts.DisableServiceAccount(request, **caller.by)


def _binding(caller: Caller) -> tuple[str, Callable[[], object]]:
    token = get_token(caller.server, caller.account).access_token
    bindings = caller.stub(role_binding_service_pb2_grpc.RoleBindingServiceStub)
    requests = [role_binding_service_pb2.DeleteRoleBindingRequest(id=each) for each in caller.bindings]
    return token, lambda: [bindings.DeleteRoleBinding(request, **caller.by) for request in requests]


def _changed_role(caller: Caller) -> tuple[str, Callable[[], object]]:
    token = get_token(caller.server, caller.account).access_token
    role = role_service_pb2.RoleInput(permissions=["auth.user.read"])
    request = role_service_pb2.UpdateRoleRequest(id=caller.role_id, role=role)
    return token, lambda: caller.roles.UpdateRole(request, **caller.by)


def _deleted_role(caller: Caller) -> tuple[str, Callable[[], object]]:
    request = role_service_pb2.DeleteRoleRequest(id=caller.role_id, force=True)
    return caller.sign_in().access_token, lambda: caller.roles.DeleteRole(request, **caller.by)


def _member(caller: Caller) -> tuple[str, Callable[[], object]]:
    groups = caller.stub(group_service_pb2_grpc.GroupServiceStub)
    request = group_service_pb2.RemoveMembersRequest(id=caller.group_id, members=[_as_member(caller.person)])
    return caller.sign_in().access_token, lambda: groups.RemoveMembers(request, **caller.by)


def _tenant(caller: Caller) -> tuple[str, Callable[[], object]]:
    tenants = caller.stub(tenant_service_pb2_grpc.TenantServiceStub)
    request = tenant_service_pb2.SuspendTenantRequest(id=caller.tenant.tenant.id)
    return caller.sign_in().access_token, lambda: tenants.SuspendTenant(request, **caller.above)


def _tenant_above(caller: Caller) -> tuple[str, Callable[[], object]]:
    below = make_child_tenant(caller.server, by=caller.tenant.key)
    tenants = caller.stub(tenant_service_pb2_grpc.TenantServiceStub)
    request = tenant_service_pb2.SuspendTenantRequest(id=caller.tenant.tenant.id)
    return below.key, lambda: tenants.SuspendTenant(request, **caller.above)


def _second_factor(caller: Caller) -> tuple[str, Callable[[], object]]:
    tenants = caller.stub(tenant_service_pb2_grpc.TenantServiceStub)
    settings = tenant_pb2.TenantSettings(second_factor_required=True)
    request = tenant_service_pb2.UpdateTenantRequest(
        tenant=tenant_pb2.Tenant(id=caller.tenant.tenant.id, settings=settings)
    )
    return caller.sign_in().access_token, lambda: tenants.UpdateTenant(request, **caller.by)


TAKINGS: dict[str, tuple[Taking, str]] = {
    "a key is revoked": (_key, "CREDENTIAL_REVOKED"),
    "a key is narrowed": (_narrowed_key, "PERMISSION_MISSING"),
    "a key is re-rolled": (_rerolled_key, "CREDENTIAL_INVALID"),
    "the keys of an owner are revoked": (_keys_of_an_owner, "CREDENTIAL_REVOKED"),
    "the owner of a key is suspended": (_key_of_somebody_suspended, "SUBJECT_DISABLED"),
    "a token is revoked": (_token, "CREDENTIAL_REVOKED"),
    "a person signs out": (_signing_out, "SESSION_ENDED"),
    "a refresh token is used twice": (_stolen_refresh_token, "SESSION_ENDED"),
    "the sessions of a user are revoked": (_sessions_of_a_user, "SESSION_ENDED"),
    "a user gets another password": (_new_password, "SESSION_ENDED"),
    "a user is suspended": (_suspended_user, "SUBJECT_DISABLED"),
    "a user is locked": (_locked_user, "SUBJECT_DISABLED"),
    "a user is deleted": (_deleted_user, "SUBJECT_DISABLED"),
    "a service account is disabled": (_disabled_account, "SUBJECT_DISABLED"),
    "a binding is deleted": (_binding, "PERMISSION_MISSING"),
    "a role grants less": (_changed_role, "PERMISSION_MISSING"),
    "a role is deleted": (_deleted_role, "PERMISSION_MISSING"),
    "a member leaves a group": (_member, "PERMISSION_MISSING"),
    "a tenant is suspended": (_tenant, "TENANT_SUSPENDED"),
    "the tenant above is suspended": (_tenant_above, "TENANT_SUSPENDED"),
    "the tenant asks for a second factor": (_second_factor, "STEP_UP_REQUIRED"),
}


@pytest.mark.parametrize("what", TAKINGS)
def test_it_is_refused_by_the_other_server_too(server: RunningServer, other_server: RunningServer, what: str) -> None:
    take, reason = TAKINGS[what]
    credential, taking = take(_caller(server))
    servers = (server, other_server)
    assert [_outcome(each, credential) for each in servers] == ["OK", "OK"]
    taking()
    eventually(lambda: [_outcome(each, credential) for each in servers] == [reason, reason])


@pytest.fixture(scope="module")
def other_server(
    server: RunningServer, database: postgres.Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """Another server on the database of `server`."""
    log = tmp_path_factory.mktemp("other server") / "log"
    with running_server(database, log, admin_key=server.admin_key) as running:
        yield running


def _caller(server: RunningServer) -> Caller:
    tenant = make_child_tenant(server)
    by: dict[str, Any] = {"metadata": server.metadata(tenant.key), "timeout": _SECONDS}
    person = make_person(server, by=tenant.key)
    account = make_account(server, by=tenant.key, tenant=tenant.tenant.name)
    groups = group_service_pb2_grpc.GroupServiceStub(server.channel)
    group = groups.CreateGroup(group_service_pb2.CreateGroupRequest(group=group_pb2.Group(name="readers")), **by).group
    groups.AddMembers(group_service_pb2.AddMembersRequest(id=group.id, members=[_as_member(person)]), **by)
    role = role_service_pb2_grpc.RoleServiceStub(server.channel).CreateRole(
        role_service_pb2.CreateRoleRequest(
            role=role_service_pb2.RoleInput(name=f"r{uuid4().hex}", permissions=["company.read"])
        ),
        **by,
    )
    subjects = (
        role_binding_pb2.RoleSubject(kind=role_binding_pb2.ROLE_SUBJECT_KIND_GROUP, id=group.id),
        role_binding_pb2.RoleSubject(kind=role_binding_pb2.ROLE_SUBJECT_KIND_SERVICE_ACCOUNT, id=account.client_id),
    )
    bindings = role_binding_service_pb2_grpc.RoleBindingServiceStub(server.channel)
    made = [
        bindings.CreateRoleBinding(
            role_binding_service_pb2.CreateRoleBindingRequest(role_id=role.role.id, subject=subject), **by
        ).role_binding.id
        for subject in subjects
    ]
    return Caller(server, tenant, person, account, group.id, role.role.id, tuple(made))


def _as_member(person: Person) -> group_pb2.Member:
    return group_pb2.Member(kind=group_pb2.MEMBER_KIND_USER, id=str(person.id))


def _outcome(server: RunningServer, credential: str) -> str:
    """OK, or why the server does not let the credential read companies."""
    stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
    request = company_service_pb2.ListCompaniesRequest()
    try:
        stub.ListCompanies(request, metadata=server.metadata(credential), timeout=_SECONDS)
    except grpc.RpcError as refused:
        status = rpc_status.from_call(cast("grpc.Call", refused))
        assert status is not None
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in status.details)
        return info.reason
    return "OK"
