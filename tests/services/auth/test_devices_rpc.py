"""Devices without a browser, and what is made on behalf of people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    oauth_service_pb2,
    role_binding_pb2,
    second_factor_service_pb2,
    second_factor_service_pb2_grpc,
    session_service_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from tests.fixtures.clock import SetClock
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import (
    CLIENT,
    Account,
    Person,
    bind_role,
    get_token,
    make_account,
    make_person,
    refresh,
    sign_in,
    tokens_of,
)
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer, StartServer
from tests.services.auth.oauth_calls import introspection, refusal_of
from tests.services.auth.session_calls import (
    INVALID_GRANT,
    OWN,
    SECONDS,
    authorize_device,
    is_refused,
    listed_sessions,
    sessions_of,
)

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    return make_account(server)


@pytest.fixture
def person(server: RunningServer) -> Person:
    return make_person(server, *OWN)


def _poll(server: RunningServer, device_code: str, client_id: str = CLIENT) -> oauth_service_pb2.TokenResponse:
    request = oauth_service_pb2.TokenRequest(grant_type=_DEVICE, client_id=client_id, device_code=device_code)
    return tokens_of(server).Token(request, timeout=SECONDS)


def _decide(server: RunningServer, name: str, user_code: str, token: str) -> Any:  # noqa: ANN401
    request = getattr(oauth_service_pb2, f"{name}Request")(user_code=user_code)
    return getattr(tokens_of(server), name)(request, metadata=server.metadata(token), timeout=SECONDS)


def _purges(server: RunningServer) -> int:
    """How often what is over was deleted."""
    with psycopg.connect(server.database.superuser_url) as connection:
        row = connection.execute(
            "select count(*) from job where kind = 'auth.purge_grants' and state = 'succeeded'"
        ).fetchone()
    assert row is not None
    return int(row[0])


class TestDevices:
    def test_a_person_lets_a_device_in(self, start_server: StartServer, set_clock: SetClock) -> None:
        server = start_server(clock=set_clock)
        person, account = make_person(server, *OWN), make_account(server)
        token = sign_in(server, person).access_token
        asked = authorize_device(server, scope="auth.self.read_sessions")
        assert asked.interval == 5
        assert asked.verification_uri_complete.endswith(asked.user_code)
        assert refusal_of(lambda: _poll(server, asked.device_code)) == (
            "OAUTH_AUTHORIZATION_PENDING",
            "authorization_pending",
        )
        assert refusal_of(lambda: _poll(server, asked.device_code)) == ("OAUTH_SLOW_DOWN", "slow_down")
        shown = _decide(server, "GetDeviceRequest", asked.user_code.lower().replace("-", " "), token)
        assert (shown.client_id, list(shown.scopes), shown.address) == (
            CLIENT,
            ["auth.self.read_sessions"],
            "127.0.0.1",
        )
        _decide(server, "ApproveDevice", asked.user_code, token)
        _decide(server, "ApproveDevice", asked.user_code, token)
        set_clock.advance(timedelta(seconds=11))
        answer = _poll(server, asked.device_code)
        assert answer.scope == "auth.self.read_sessions"
        told = introspection(server, answer.access_token, account)
        assert (told.sub, list(told.amr)) == (f"user:{person.id}", ["pwd"])
        assert len(listed_sessions(server, answer.access_token)) == 2
        assert refresh(server, answer.refresh_token).access_token
        assert refusal_of(lambda: _poll(server, asked.device_code)) == INVALID_GRANT

    def test_a_refused_device_and_one_that_waited_too_long_are_told_so(
        self, start_server: StartServer, set_clock: SetClock
    ) -> None:
        server = start_server(clock=set_clock)
        token = sign_in(server, make_person(server, *OWN)).access_token
        refused, forgotten = authorize_device(server), authorize_device(server)
        _decide(server, "DenyDevice", refused.user_code, token)
        assert refusal_of(lambda: _poll(server, refused.device_code)) == ("OAUTH_ACCESS_DENIED", "access_denied")
        why = refusal_of(lambda: _decide(server, "ApproveDevice", refused.user_code, token))
        assert why[0] == "DEVICE_REQUEST_NOT_FOUND"
        set_clock.advance(timedelta(minutes=11))
        eventually(lambda: _purges(server))
        token = sign_in(server, make_person(server, *OWN)).access_token
        assert refusal_of(lambda: _poll(server, forgotten.device_code)) == ("OAUTH_EXPIRED_TOKEN", "expired_token")
        why = refusal_of(lambda: _decide(server, "ApproveDevice", forgotten.user_code, token))
        assert why[0] == "DEVICE_REQUEST_NOT_FOUND"

    def test_asking_too_often_makes_it_wait_longer_each_time(self, server: RunningServer) -> None:
        asked = authorize_device(server)
        intervals = []
        for _ in range(4):
            with pytest.raises(grpc.RpcError) as refused:
                _poll(server, asked.device_code)
            status = rpc_status.from_call(cast("grpc.Call", refused.value))
            assert status is not None
            info = error_details_pb2.ErrorInfo()
            assert any(detail.Unpack(info) for detail in status.details)
            intervals.append(info.metadata["interval"])
        assert intervals == ["", "10", "15", "20"]

    def test_only_people_let_devices_in(self, server: RunningServer, account: Account) -> None:
        asked = authorize_device(server)
        bind_role(server, role_binding_pb2.ROLE_SUBJECT_KIND_SERVICE_ACCOUNT, account.id, "auth.device.*")
        for key in (server.admin_key, get_token(server, account).access_token):
            assert (
                refusal_of(lambda key=key: _decide(server, "ApproveDevice", asked.user_code, key))[0] == "NOT_A_PERSON"
            )

    @pytest.mark.parametrize("code", ["X", "AAAA-AAAA", "BCDF-GHJ", "BCDF-GHJKK", "bcdf ghjk", "'; --"])
    def test_a_code_that_nobody_shows_finds_nothing(self, server: RunningServer, person: Person, code: str) -> None:
        token = sign_in(server, person).access_token
        assert refusal_of(lambda: _decide(server, "ApproveDevice", code, token))[0] == "DEVICE_REQUEST_NOT_FOUND"

    def test_a_device_gets_no_more_than_the_credential_that_let_it_in(
        self, server: RunningServer, account: Account
    ) -> None:
        person = make_person(server, *OWN, "company.*")
        narrow = sign_in(server, person, scope="auth.device.approve company.read").access_token
        wide = authorize_device(server, scope="company.*")
        approved = _decide(server, "ApproveDevice", wide.user_code, narrow)
        assert list(approved.scopes) == ["company.read"]
        assert _poll(server, wide.device_code).scope == "company.read"
        everything = authorize_device(server)
        approved = _decide(server, "ApproveDevice", everything.user_code, narrow)
        assert list(approved.scopes) == ["auth.device.approve", "company.read"]
        beyond = authorize_device(server, scope="auth.self.revoke_sessions")
        why = refusal_of(lambda: _decide(server, "ApproveDevice", beyond.user_code, narrow))
        assert why[0] == "PERMISSION_ESCALATION"

    def test_codes_belong_to_the_client_and_the_tenant_that_began(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        asked = authorize_device(server)
        request = oauth_service_pb2.TokenRequest(
            grant_type=_DEVICE,
            device_code=asked.device_code,
            **account.proof,
        )
        assert refusal_of(lambda: tokens_of(server).Token(request, timeout=SECONDS)) == INVALID_GRANT
        assert refusal_of(lambda: _poll(server, asked.device_code, client_id="")) == INVALID_GRANT
        name = f"tenant-{uuid4().hex}"
        make_tenant(server, name)
        elsewhere = authorize_device(server, tenant=name)
        token = sign_in(server, person).access_token
        why = refusal_of(lambda: _decide(server, "ApproveDevice", elsewhere.user_code, token))
        assert why[0] == "DEVICE_REQUEST_NOT_FOUND"

    def test_a_tenants_devices_do_not_fill_the_table(
        self, server: RunningServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("function_backend.services.auth.service.devices._MOST_WAITING", 1)
        name = f"tenant-{uuid4().hex}"
        make_tenant(server, name)
        authorize_device(server, tenant=name)
        assert refusal_of(lambda: authorize_device(server, tenant=name)) == ("OAUTH_SLOW_DOWN", "slow_down")


class TestActingForPeople:
    def test_a_service_acts_for_a_person_and_the_session_still_counts(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        answer = sign_in(server, person)
        request = oauth_service_pb2.TokenRequest(
            grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
            subject_token=answer.access_token,
            subject_token_type="urn:ietf:params:oauth:token-type:access_token",
            scope="auth.self.read_sessions",
            **account.proof,
        )
        exchanged = tokens_of(server).Token(request, timeout=SECONDS)
        assert not exchanged.refresh_token
        told = introspection(server, exchanged.access_token, account)
        assert (told.sub, told.act.sub) == (f"user:{person.id}", f"service_account:{account.id}")
        assert listed_sessions(server, exchanged.access_token)
        session = listed_sessions(server, answer.access_token)[0]
        sessions_of(server).RevokeSession(
            session_service_pb2.RevokeSessionRequest(id=session.id),
            metadata=server.metadata(answer.access_token),
            timeout=SECONDS,
        )
        eventually(lambda: is_refused(server, exchanged.access_token))
        assert not introspection(server, exchanged.access_token, account).active


class TestWhatIsMadeForPeople:
    """A key or a token that somebody finds is not to take over its owner."""

    @pytest.mark.parametrize("scope", ["company.read", "auth.self.read_sessions"])
    def test_a_narrow_token_changes_nothing_about_how_its_person_signs_in(
        self, server: RunningServer, person: Person, scope: str
    ) -> None:
        token = sign_in(server, person, scope=scope).access_token
        for call in (_enrol, _change_password):
            assert refusal_of(lambda call=call: call(server, token))[0] == "PERMISSION_MISSING"

    def test_nor_does_a_key_whatever_it_carries(self, server: RunningServer) -> None:
        person = make_person(server, "*")
        for permission, reason in (("company.read", "PERMISSION_MISSING"), ("*", "NOT_A_USER")):
            request = api_key_service_pb2.CreateApiKeyRequest(
                display_name="lost", permissions=[permission], owner=f"user:{person.id}"
            )
            key = (
                api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)
                .CreateApiKey(request, metadata=server.metadata(), timeout=SECONDS)
                .secret
            )
            for call in (_enrol, _change_password):
                assert refusal_of(lambda call=call, key=key: call(server, key))[0] == reason

    def test_nor_does_whoever_acts_for_a_person(self, server: RunningServer, person: Person, account: Account) -> None:
        request = oauth_service_pb2.TokenRequest(
            grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
            subject_token=sign_in(server, person).access_token,
            subject_token_type="urn:ietf:params:oauth:token-type:access_token",
            **account.proof,
        )
        token = tokens_of(server).Token(request, timeout=SECONDS).access_token
        for call in (_enrol, _change_password):
            assert refusal_of(lambda call=call: call(server, token))[0] == "NOT_A_USER"

    def test_a_credential_for_accounts_is_none_for_the_account_of_its_owner(self, server: RunningServer) -> None:
        person = make_person(server, "company.read", "auth.user.*")
        narrow = sign_in(server, person, scope="auth.user.*").access_token
        request = api_key_service_pb2.CreateApiKeyRequest(
            display_name="lost", permissions=["auth.user.*"], owner=f"user:{person.id}"
        )
        keys = api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)
        key = keys.CreateApiKey(request, metadata=server.metadata(), timeout=SECONDS).secret
        for credential in (narrow, key):
            why = refusal_of(lambda credential=credential: _set_password(server, credential, person))
            assert why[0] == "PERMISSION_ESCALATION"
        _set_password(server, sign_in(server, person).access_token, person)

    def test_the_person_does(self, server: RunningServer, person: Person) -> None:
        token = sign_in(server, person).access_token
        _enrol(server, token)
        assert refusal_of(lambda: _change_password(server, token))[0] == "SIGN_IN_FAILED"


def _enrol(server: RunningServer, credential: str) -> None:
    second_factor_service_pb2_grpc.SecondFactorServiceStub(server.channel).EnrolTotp(
        second_factor_service_pb2.EnrolTotpRequest(), metadata=server.metadata(credential), timeout=SECONDS
    )


def _set_password(server: RunningServer, credential: str, person: Person) -> None:
    request = user_service_pb2.SetPasswordRequest(id=str(person.id), password="another harbour 77")
    user_service_pb2_grpc.UserServiceStub(server.channel).SetPassword(
        request, metadata=server.metadata(credential), timeout=SECONDS
    )


def _change_password(server: RunningServer, credential: str) -> None:
    request = user_service_pb2.ChangePasswordRequest(old_password="not this one", new_password="another harbour 77")
    user_service_pb2_grpc.UserServiceStub(server.channel).ChangePassword(
        request, metadata=server.metadata(credential), timeout=SECONDS
    )
