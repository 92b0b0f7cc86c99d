"""What a tenant decides for itself takes effect on its callers, and on nobody else's."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
import pyotp
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    credential_service_pb2,
    credential_service_pb2_grpc,
    oauth_service_pb2,
    role_binding_pb2,
    role_binding_service_pb2,
    role_binding_service_pb2_grpc,
    second_factor_service_pb2,
    second_factor_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
    tenant_pb2,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures.clock import SetClock
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import PASSWORD, Person, make_person, refresh, sign_in
from tests.fixtures.principals import NewTenant, make_child_tenant
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.subjects import role_id

_SECONDS = 60


@pytest.fixture
def tenant(server: RunningServer) -> NewTenant:
    return make_child_tenant(server)


@pytest.fixture
def person(server: RunningServer, tenant: NewTenant) -> Person:
    """Somebody who may read companies of the tenant."""
    return _person(server, tenant)


class TestSecondFactor:
    def test_without_one_people_may_only_see_to_themselves(
        self, server: RunningServer, tenant: NewTenant, person: Person
    ) -> None:
        before = _sign_in(server, tenant, person).access_token
        assert _reads(server, before) == "OK"
        _decide(server, tenant, second_factor_required=True)
        eventually(lambda: _reads(server, before) == "STEP_UP_REQUIRED")
        weak = _sign_in(server, tenant, person).access_token
        assert _reads(server, weak) == "STEP_UP_REQUIRED"
        seed = _enrol(server, weak)
        assert _reads(server, weak) == "STEP_UP_REQUIRED"
        assert _why(lambda: _sign_in(server, tenant, person)) == "SECOND_FACTOR_REQUIRED"
        # The code of the enrolment is used up; the next one counts already.
        strong = _sign_in(server, tenant, person, otp=seed.at(datetime.now(UTC), counter_offset=1)).access_token
        assert _reads(server, strong) == "OK"

    def test_a_verifier_is_told_that_nothing_is_held(
        self, server: RunningServer, tenant: NewTenant, person: Person
    ) -> None:
        _decide(server, tenant, second_factor_required=True)
        token = _sign_in(server, tenant, person).access_token
        request = credential_service_pb2.VerifyCredentialRequest(bearer=token, permissions=["company.read"])
        told = credential_service_pb2_grpc.CredentialServiceStub(server.channel).VerifyCredential(
            request, metadata=server.metadata(tenant.key), timeout=_SECONDS
        )
        assert told.valid
        assert dict(told.permissions) == {"company.read": False}

    def test_a_tenant_that_no_longer_asks_for_it_lets_people_go_on(
        self, server: RunningServer, tenant: NewTenant, person: Person
    ) -> None:
        _decide(server, tenant, second_factor_required=True)
        token = _sign_in(server, tenant, person).access_token
        assert _reads(server, token) == "STEP_UP_REQUIRED"
        _decide(server, tenant, second_factor_required=False)
        eventually(lambda: _reads(server, token) == "OK")

    def test_keys_and_people_of_other_tenants_go_on(self, server: RunningServer, tenant: NewTenant) -> None:
        other = make_child_tenant(server)
        token = _sign_in(server, other, _person(server, other)).access_token
        _decide(server, tenant, second_factor_required=True)
        assert _reads(server, token) == "OK"
        assert _reads(server, tenant.key) == "OK"


class TestPasswords:
    def test_the_shortest_one_is_the_tenants(self, server: RunningServer, tenant: NewTenant) -> None:
        _decide(server, tenant, password_min_length=len(PASSWORD) + 1)
        eventually(lambda: _outcome(lambda: make_person(server, by=tenant.key)) == "PASSWORD_REFUSED")
        _decide(server, tenant, password_min_length=len(PASSWORD))
        eventually(lambda: _outcome(lambda: make_person(server, by=tenant.key)) == "OK")

    def test_former_ones_are_refused_as_far_back_as_the_tenant_says(
        self, server: RunningServer, tenant: NewTenant, person: Person
    ) -> None:
        _decide(server, tenant, password_history=1)
        words = itertools.count()

        def back_to_the_former() -> str:
            former = f"{PASSWORD} {next(words)}"
            _change_password(server, tenant, person, former)
            _change_password(server, tenant, person, f"{PASSWORD} {next(words)}")
            return _outcome(lambda: _change_password(server, tenant, person, former))

        eventually(lambda: back_to_the_former() == "PASSWORD_REFUSED")
        _decide(server, tenant, password_history=0)
        eventually(lambda: back_to_the_former() == "OK")


class TestTokensAndSessions:
    def test_tokens_live_as_long_as_the_tenant_says(
        self, server: RunningServer, tenant: NewTenant, person: Person
    ) -> None:
        assert _sign_in(server, tenant, person).expires_in == 600
        _decide(server, tenant, access_token_lifetime=Duration(seconds=90))
        eventually(lambda: _sign_in(server, tenant, person).expires_in == 90)

    def test_sessions_end_when_the_tenant_says(self, server: RunningServer, tenant: NewTenant, person: Person) -> None:
        _decide(
            server,
            tenant,
            session_idle_lifetime=Duration(seconds=3600),
            session_absolute_lifetime=Duration(seconds=7200),
        )

        def lives() -> tuple[timedelta, timedelta]:
            """Of a session that begins now: at most, and unused."""
            token = _sign_in(server, tenant, person).access_token
            sessions = session_service_pb2_grpc.SessionServiceStub(server.channel).ListSessions(
                session_service_pb2.ListSessionsRequest(), metadata=server.metadata(token), timeout=_SECONDS
            )
            session = max(sessions.sessions, key=lambda one: one.create_time.ToDatetime())
            begun = session.create_time.ToDatetime()
            return session.expire_time.ToDatetime() - begun, session.idle_expire_time.ToDatetime() - begun

        eventually(lambda: lives() == (timedelta(hours=2), timedelta(hours=1)))

    def test_refresh_tokens_live_as_long_as_the_tenant_says(
        self, start_server: StartServer, set_clock: SetClock
    ) -> None:
        server = start_server(clock=set_clock)
        tenant = make_child_tenant(server)
        person = _person(server, tenant)
        _decide(server, tenant, refresh_token_lifetime=Duration(seconds=60))
        first = _sign_in(server, tenant, person).refresh_token
        set_clock.advance(timedelta(seconds=50))
        assert refresh(server, first).access_token

        def after_a_minute_and_more() -> str:
            late = _sign_in(server, tenant, person).refresh_token
            set_clock.advance(timedelta(seconds=70))
            return _outcome(lambda: refresh(server, late))

        eventually(lambda: after_a_minute_and_more() == "OAUTH_INVALID_GRANT")

    def test_grants_that_the_tenant_does_not_allow_are_refused(
        self, server: RunningServer, tenant: NewTenant, person: Person
    ) -> None:
        _decide(server, tenant, allowed_grants=[tenant_pb2.GRANT_CLIENT_CREDENTIALS])
        eventually(lambda: _outcome(lambda: _sign_in(server, tenant, person)) == "OAUTH_UNAUTHORIZED_CLIENT")
        _decide(server, tenant, allowed_grants=[tenant_pb2.GRANT_PASSWORD])
        eventually(lambda: _outcome(lambda: _sign_in(server, tenant, person)) == "OK")
        assert _sign_in(server, tenant, person).refresh_token == ""


def _person(server: RunningServer, tenant: NewTenant) -> Person:
    person = make_person(server, by=tenant.key)
    subject = role_binding_pb2.RoleSubject(kind=role_binding_pb2.ROLE_SUBJECT_KIND_USER, id=str(person.id))
    role_binding_service_pb2_grpc.RoleBindingServiceStub(server.channel).CreateRoleBinding(
        role_binding_service_pb2.CreateRoleBindingRequest(role_id=role_id("viewer"), subject=subject),
        metadata=server.metadata(tenant.key),
        timeout=_SECONDS,
    )
    return person


def _decide(server: RunningServer, tenant: NewTenant, **settings: object) -> None:
    changed = tenant_pb2.Tenant(id=tenant.tenant.id, settings=tenant_pb2.TenantSettings(**settings))  # type: ignore[arg-type]
    request = tenant_service_pb2.UpdateTenantRequest(tenant=changed)
    request.update_mask.paths.extend(f"settings.{name}" for name in settings)
    tenant_service_pb2_grpc.TenantServiceStub(server.channel).UpdateTenant(
        request, metadata=server.metadata(tenant.key), timeout=_SECONDS
    )


def _sign_in(
    server: RunningServer, tenant: NewTenant, person: Person, **fields: object
) -> oauth_service_pb2.TokenResponse:
    return sign_in(server, person, tenant=tenant.tenant.name, **fields)


def _enrol(server: RunningServer, token: str) -> pyotp.TOTP:
    """Gives the person of the token a second factor."""
    stub = second_factor_service_pb2_grpc.SecondFactorServiceStub(server.channel)
    metadata = server.metadata(token)
    seed = pyotp.TOTP(
        stub.EnrolTotp(second_factor_service_pb2.EnrolTotpRequest(), metadata=metadata, timeout=_SECONDS).secret
    )
    stub.ConfirmTotp(second_factor_service_pb2.ConfirmTotpRequest(code=seed.now()), metadata=metadata, timeout=_SECONDS)
    return seed


def _change_password(server: RunningServer, tenant: NewTenant, person: Person, password: str) -> None:
    user_service_pb2_grpc.UserServiceStub(server.channel).SetPassword(
        user_service_pb2.SetPasswordRequest(id=str(person.id), password=password),
        metadata=server.metadata(tenant.key),
        timeout=_SECONDS,
    )


def _reads(server: RunningServer, credential: str) -> str:
    """The outcome of reading companies."""
    stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
    request, metadata = company_service_pb2.ListCompaniesRequest(), server.metadata(credential)
    return _outcome(lambda: stub.ListCompanies(request, metadata=metadata, timeout=_SECONDS))


def _outcome(call: Callable[[], object]) -> str:
    """OK or the reason of the refusal."""
    try:
        call()
    except grpc.RpcError as refused:
        return _reason(refused)
    return "OK"


def _why(call: Any) -> str:  # noqa: ANN401 - whatever it is, it raises
    with pytest.raises(grpc.RpcError) as refused:
        call()
    return _reason(refused.value)


def _reason(refused: grpc.RpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", refused))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason
