"""Signing in, refreshing, looking at sessions and ending them, letting devices in: over a real channel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from joserfc import jws

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    oauth_service_pb2,
    role_binding_pb2,
    second_factor_service_pb2,
    second_factor_service_pb2_grpc,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
    user_service_pb2,
    user_service_pb2_grpc,
)
from function_backend.services.auth.domain.secret_text import REFRESH_TOKEN, mint
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
    set_state,
    sign_in,
    tokens_of,
)
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 10
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_OWN = ("auth.device.*",)
_INVALID_GRANT = ("OAUTH_INVALID_GRANT", "invalid_grant")


def _why(call: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever it is, it raises
    """The reason and the OAuth code of the refusal."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    status = rpc_status.from_call(cast("grpc.Call", refused.value))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, info.metadata["error"]


def _sessions(server: RunningServer) -> session_service_pb2_grpc.SessionServiceStub:
    return session_service_pb2_grpc.SessionServiceStub(server.channel)


def _listed(server: RunningServer, token: str, *, show_ended: bool = False) -> list[session_pb2.Session]:
    request = session_service_pb2.ListSessionsRequest(show_ended=show_ended)
    return list(_sessions(server).ListSessions(request, metadata=server.metadata(token), timeout=_SECONDS).sessions)


def _introspect(server: RunningServer, token: str, account: Account) -> oauth_service_pb2.IntrospectResponse:
    request = oauth_service_pb2.IntrospectRequest(token=token, **account.proof)
    return tokens_of(server).Introspect(request, timeout=_SECONDS)


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    return make_account(server)


@pytest.fixture
def person(server: RunningServer) -> Person:
    return make_person(server, *_OWN)


class TestSigningIn:
    def test_it_gives_tokens_that_work_and_a_session_that_is_seen(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        answer = sign_in(server, person)
        told = _introspect(server, answer.access_token, account)
        assert told.sub == f"user:{person.id}"
        assert list(told.amr) == ["pwd"]
        assert told.auth_time
        [session] = _listed(server, answer.access_token)
        assert session.id == told.sid
        assert session.current
        assert (session.user_id, session.client_id, session.address) == (str(person.id), CLIENT, "127.0.0.1")
        assert session.device.startswith("grpc-python/")
        assert session.HasField("last_use_time")

    def test_every_failure_to_prove_oneself_looks_alike(self, server: RunningServer, person: Person) -> None:
        nobody = Person(person.id, f"nobody-{uuid4().hex}")
        assert _why(lambda: sign_in(server, nobody))[0] == "SIGN_IN_FAILED"
        request = oauth_service_pb2.TokenRequest(**{**person.proof, "password": "wrong"})
        assert _why(lambda: tokens_of(server).Token(request, timeout=_SECONDS))[0] == "SIGN_IN_FAILED"

    @pytest.mark.parametrize(
        ("fields", "why"),
        [
            ({"tenant": ""}, ("OAUTH_INVALID_REQUEST", "invalid_request")),
            ({"tenant": "there-is-none"}, ("OAUTH_INVALID_CLIENT", "invalid_client")),
            ({"client_id": "somebody"}, ("OAUTH_INVALID_CLIENT", "invalid_client")),
            ({"client_id": ""}, ("OAUTH_INVALID_CLIENT", "invalid_client")),
            ({"username": ""}, ("OAUTH_INVALID_REQUEST", "invalid_request")),
            ({"password": ""}, ("OAUTH_INVALID_REQUEST", "invalid_request")),
        ],
        ids=str,
    )
    def test_incomplete_requests_are_refused(
        self, server: RunningServer, person: Person, fields: dict[str, str], why: tuple[str, str]
    ) -> None:
        request = oauth_service_pb2.TokenRequest(**{**person.proof, **fields})
        assert _why(lambda: tokens_of(server).Token(request, timeout=_SECONDS)) == why

    def test_a_user_of_another_tenant_is_not_found_here(self, server: RunningServer, person: Person) -> None:
        name = f"tenant-{uuid4().hex}"
        make_tenant(server, name)
        request = oauth_service_pb2.TokenRequest(**{**person.proof, "tenant": name})
        assert _why(lambda: tokens_of(server).Token(request, timeout=_SECONDS))[0] == "SIGN_IN_FAILED"

    def test_scopes_bound_what_the_token_may_do(self, server: RunningServer, person: Person) -> None:
        narrow = sign_in(server, person, scope="company.read")
        assert _why(lambda: _listed(server, narrow.access_token))[0] == "PERMISSION_MISSING"
        wide = sign_in(server, person)
        assert len(_listed(server, wide.access_token)) == 2

    def test_a_token_is_no_wider_than_the_person(self, server: RunningServer) -> None:
        nobody_special = make_person(server, "company.read")
        token = sign_in(server, nobody_special, scope="*").access_token
        assert _listed(server, token)
        request = session_service_pb2.ListUserSessionsRequest(user_id=str(nobody_special.id))
        metadata = server.metadata(token)
        why = _why(lambda: _sessions(server).ListUserSessions(request, metadata=metadata, timeout=_SECONDS))
        assert why[0] == "PERMISSION_MISSING"

    def test_what_happened_is_in_the_audit_trail_and_no_secret_is(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        answer = sign_in(server, person)
        again = refresh(server, answer.refresh_token)
        session_id = _introspect(server, again.access_token, account).sid
        with psycopg.connect(server.database.superuser_url) as connection:
            rows = connection.execute(
                "select event_type, actor from audit_record where subject_id = %s order by seq", (session_id,)
            ).fetchall()
            everything = connection.execute("select r::text from audit_record r").fetchall()
            stored = connection.execute("select t::text from refresh_token t").fetchall()
        actor = f"user:{person.id}"
        assert rows == [("function.auth.v1.SessionCreated", actor), ("function.auth.v1.SessionRefreshed", actor)]
        for secret in (answer.refresh_token, again.refresh_token, answer.access_token):
            assert not any(secret in text for (text,) in everything + stored)


class TestRefreshing:
    def test_each_token_is_good_once_and_the_next_one_goes_on(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        first = sign_in(server, person)
        second = refresh(server, first.refresh_token)
        third = refresh(server, second.refresh_token)
        assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
        ids = {_introspect(server, each.access_token, account).sid for each in (first, second, third)}
        assert len(ids) == 1
        assert _introspect(server, third.refresh_token, account).active
        assert not _introspect(server, second.refresh_token, account).active

    def test_a_spent_token_that_comes_again_ends_the_session(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        first = sign_in(server, person)
        second = refresh(server, first.refresh_token)
        third = refresh(server, second.refresh_token)
        assert _why(lambda: refresh(server, first.refresh_token)) == _INVALID_GRANT
        for token in (third.refresh_token, second.refresh_token):
            assert _why(lambda token=token: refresh(server, token)) == _INVALID_GRANT
        assert not _introspect(server, third.access_token, account).active
        eventually(lambda: _is_refused(server, third.access_token))
        [ended] = _listed(server, sign_in(server, person).access_token, show_ended=True)[:1]
        assert ended.end == session_pb2.SESSION_END_TOKEN_REUSED

    def test_a_client_that_lost_the_answer_gets_another_one(self, server: RunningServer, person: Person) -> None:
        first = sign_in(server, person)
        lost = refresh(server, first.refresh_token)
        again = refresh(server, first.refresh_token)
        assert refresh(server, again.refresh_token).access_token
        # Whoever has read the lost answer gives himself away with it.
        assert _why(lambda: refresh(server, lost.refresh_token)) == _INVALID_GRANT
        assert _why(lambda: refresh(server, again.refresh_token)) == _INVALID_GRANT

    def test_later_than_that_it_is_a_second_use(self, start_server: StartServer, set_clock: SetClock) -> None:
        server = start_server(clock=set_clock)
        first = sign_in(server, make_person(server, *_OWN))
        second = refresh(server, first.refresh_token)
        set_clock.advance(timedelta(seconds=11))
        assert _why(lambda: refresh(server, first.refresh_token)) == _INVALID_GRANT
        assert _why(lambda: refresh(server, second.refresh_token)) == _INVALID_GRANT

    def test_the_window_can_be_closed(self, start_server: StartServer, set_clock: SetClock) -> None:
        server = start_server(clock=set_clock, settings={"auth.refresh_retry_window": "0s"})
        first = sign_in(server, make_person(server, *_OWN))
        refresh(server, first.refresh_token)
        set_clock.advance(timedelta(milliseconds=1))
        assert _why(lambda: refresh(server, first.refresh_token)) == _INVALID_GRANT

    def test_an_unused_session_ends_and_a_used_one_too_at_last(
        self, start_server: StartServer, set_clock: SetClock
    ) -> None:
        server = start_server(clock=set_clock)
        person = make_person(server, *_OWN)
        idle, used = sign_in(server, person).refresh_token, sign_in(server, person).refresh_token
        for _ in range(61):
            # The default: over after 12 hours without use, and after 30 days in any case.
            set_clock.advance(timedelta(hours=11, minutes=50))
            if set_clock.now().timestamp() > 0 and _ < 60:
                used = refresh(server, used).refresh_token
        assert _why(lambda: refresh(server, idle)) == _INVALID_GRANT
        set_clock.advance(timedelta(hours=11))
        assert _why(lambda: refresh(server, used)) == _INVALID_GRANT

    def test_scopes_may_be_narrowed_and_never_widened(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        first = sign_in(server, person, scope="auth.self.* company.read")
        narrow = refresh(server, first.refresh_token, scope="auth.self.read_sessions")
        assert narrow.scope == "auth.self.read_sessions"
        whole = refresh(server, narrow.refresh_token)
        assert whole.scope == "auth.self.* company.read"
        why = _why(lambda: refresh(server, whole.refresh_token, scope="*"))
        assert why == ("OAUTH_INVALID_SCOPE", "invalid_scope")
        # A refused request has used nothing up.
        assert refresh(server, whole.refresh_token).access_token

    def test_tokens_of_nobody_and_other_clients_are_refused(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        good = sign_in(server, person).refresh_token
        for token in ("x", "fbr_", mint(REFRESH_TOKEN).text, good[:-1] + ("A" if good[-1] != "A" else "B")):
            assert _why(lambda token=token: refresh(server, token)) == _INVALID_GRANT
        request = oauth_service_pb2.TokenRequest(
            grant_type="refresh_token",
            refresh_token=good,
            **account.proof,
        )
        assert _why(lambda: tokens_of(server).Token(request, timeout=_SECONDS)) == _INVALID_GRANT
        assert refresh(server, good).access_token

    def test_a_suspended_person_refreshes_nothing(self, server: RunningServer, person: Person) -> None:
        token = sign_in(server, person).refresh_token
        set_state(server, "auth_user", person.id, "suspended")
        assert _why(lambda: refresh(server, token)) == _INVALID_GRANT


def _is_refused(server: RunningServer, token: str) -> str:
    try:
        _listed(server, token)
    except grpc.RpcError:
        return "refused"
    return ""


class TestEndingSessions:
    def test_one_is_ended_and_the_others_stay(self, server: RunningServer, person: Person) -> None:
        here, there = sign_in(server, person), sign_in(server, person)
        other = next(each for each in _listed(server, here.access_token) if not each.current)
        ended = _sessions(server).RevokeSession(
            session_service_pb2.RevokeSessionRequest(id=other.id),
            metadata=server.metadata(here.access_token),
            timeout=_SECONDS,
        )
        assert ended.session.end == session_pb2.SESSION_END_SIGNED_OUT
        eventually(lambda: _is_refused(server, there.access_token))
        assert _why(lambda: refresh(server, there.refresh_token)) == _INVALID_GRANT
        assert [each.current for each in _listed(server, here.access_token)] == [True]

    def test_all_but_the_one_that_asks(self, server: RunningServer, person: Person) -> None:
        here, *_ = [sign_in(server, person) for _ in range(3)]
        request = session_service_pb2.RevokeAllSessionsRequest(except_current=True)
        metadata = server.metadata(here.access_token)
        answer = _sessions(server).RevokeAllSessions(request, metadata=metadata, timeout=_SECONDS)
        assert answer.revoked_count == 2
        assert len(_listed(server, here.access_token)) == 1

    def test_an_administrator_sees_and_ends_those_of_others(self, server: RunningServer, person: Person) -> None:
        token = sign_in(server, person)
        stub, metadata = _sessions(server), server.metadata()
        request = session_service_pb2.ListUserSessionsRequest(user_id=str(person.id))
        [listed] = stub.ListUserSessions(request, metadata=metadata, timeout=_SECONDS).sessions
        got = stub.GetSession(session_service_pb2.GetSessionRequest(id=listed.id), metadata=metadata, timeout=_SECONDS)
        assert got.session == listed
        ending = session_service_pb2.RevokeUserSessionsRequest(user_id=str(person.id))
        assert stub.RevokeUserSessions(ending, metadata=metadata, timeout=_SECONDS).revoked_count == 1
        assert stub.RevokeUserSessions(ending, metadata=metadata, timeout=_SECONDS).revoked_count == 0
        eventually(lambda: _is_refused(server, token.access_token))
        got = stub.GetSession(session_service_pb2.GetSessionRequest(id=listed.id), metadata=metadata, timeout=_SECONDS)
        assert got.session.end == session_pb2.SESSION_END_REVOKED

    def test_sessions_of_colleagues_and_of_other_tenants_do_not_exist(
        self, server: RunningServer, person: Person, other_tenant_key: str, account: Account
    ) -> None:
        session_id = _introspect(server, sign_in(server, person).access_token, account).sid
        colleague = sign_in(server, make_person(server, *_OWN)).access_token
        for key in (colleague, other_tenant_key):
            metadata = server.metadata(key)
            reading, ending = (
                session_service_pb2.GetSessionRequest(id=session_id),
                session_service_pb2.RevokeSessionRequest(id=session_id),
            )
            for call in (
                lambda metadata=metadata, reading=reading: _sessions(server).GetSession(
                    reading, metadata=metadata, timeout=_SECONDS
                ),
                lambda metadata=metadata, ending=ending: _sessions(server).RevokeSession(
                    ending, metadata=metadata, timeout=_SECONDS
                ),
            ):
                assert _why(call)[0] == "SESSION_NOT_FOUND"
        request = session_service_pb2.ListUserSessionsRequest(user_id=str(person.id))
        theirs = _sessions(server).ListUserSessions(
            request, metadata=server.metadata(other_tenant_key), timeout=_SECONDS
        )
        assert not theirs.sessions

    def test_pages_follow_each_other(self, server: RunningServer, person: Person) -> None:
        tokens = [sign_in(server, person) for _ in range(3)]
        metadata = server.metadata(tokens[0].access_token)
        seen: list[str] = []
        page_token = ""
        while True:
            page = _sessions(server).ListSessions(
                session_service_pb2.ListSessionsRequest(page_size=2, page_token=page_token),
                metadata=metadata,
                timeout=_SECONDS,
            )
            seen += [each.id for each in page.sessions]
            page_token = page.next_page_token
            if not page_token:
                break
        assert seen == sorted(set(seen))
        assert len(seen) == 3

    def test_signing_out_by_the_refresh_token_ends_the_session(self, server: RunningServer, person: Person) -> None:
        answer = sign_in(server, person)
        request = oauth_service_pb2.RevokeRequest(token=answer.refresh_token, client_id=CLIENT)
        tokens_of(server).Revoke(request, timeout=_SECONDS)
        assert _why(lambda: refresh(server, answer.refresh_token)) == _INVALID_GRANT
        eventually(lambda: _is_refused(server, answer.access_token))

    def test_a_revoked_access_token_is_refused_and_its_session_goes_on(
        self, server: RunningServer, person: Person
    ) -> None:
        answer = sign_in(server, person)
        assert _listed(server, answer.access_token)
        request = oauth_service_pb2.RevokeRequest(token=answer.access_token, client_id=CLIENT)
        tokens_of(server).Revoke(request, timeout=_SECONDS)
        eventually(lambda: _is_refused(server, answer.access_token))
        assert _listed(server, refresh(server, answer.refresh_token).access_token)


def _authorize(server: RunningServer, **fields: object) -> oauth_service_pb2.AuthorizeDeviceResponse:
    request = oauth_service_pb2.AuthorizeDeviceRequest(
        **{"client_id": CLIENT, "tenant": "default", **fields}  # type: ignore[arg-type]
    )
    return tokens_of(server).AuthorizeDevice(request, timeout=_SECONDS)


def _poll(server: RunningServer, device_code: str, client_id: str = CLIENT) -> oauth_service_pb2.TokenResponse:
    request = oauth_service_pb2.TokenRequest(grant_type=_DEVICE, client_id=client_id, device_code=device_code)
    return tokens_of(server).Token(request, timeout=_SECONDS)


def _decide(server: RunningServer, name: str, user_code: str, token: str) -> Any:  # noqa: ANN401
    request = getattr(oauth_service_pb2, f"{name}Request")(user_code=user_code)
    return getattr(tokens_of(server), name)(request, metadata=server.metadata(token), timeout=_SECONDS)


class TestDevices:
    def test_a_person_lets_a_device_in(self, start_server: StartServer, set_clock: SetClock) -> None:
        server = start_server(clock=set_clock)
        person, account = make_person(server, *_OWN), make_account(server)
        token = sign_in(server, person).access_token
        asked = _authorize(server, scope="auth.self.read_sessions")
        assert asked.interval == 5
        assert asked.verification_uri_complete.endswith(asked.user_code)
        assert _why(lambda: _poll(server, asked.device_code)) == (
            "OAUTH_AUTHORIZATION_PENDING",
            "authorization_pending",
        )
        assert _why(lambda: _poll(server, asked.device_code)) == ("OAUTH_SLOW_DOWN", "slow_down")
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
        told = _introspect(server, answer.access_token, account)
        assert (told.sub, list(told.amr)) == (f"user:{person.id}", ["pwd"])
        assert len(_listed(server, answer.access_token)) == 2
        assert refresh(server, answer.refresh_token).access_token
        assert _why(lambda: _poll(server, asked.device_code)) == _INVALID_GRANT

    def test_a_refused_device_and_one_that_waited_too_long_are_told_so(
        self, start_server: StartServer, set_clock: SetClock
    ) -> None:
        server = start_server(clock=set_clock)
        token = sign_in(server, make_person(server, *_OWN)).access_token
        refused, forgotten = _authorize(server), _authorize(server)
        _decide(server, "DenyDevice", refused.user_code, token)
        assert _why(lambda: _poll(server, refused.device_code)) == ("OAUTH_ACCESS_DENIED", "access_denied")
        why = _why(lambda: _decide(server, "ApproveDevice", refused.user_code, token))
        assert why[0] == "DEVICE_REQUEST_NOT_FOUND"
        set_clock.advance(timedelta(minutes=11))
        token = sign_in(server, make_person(server, *_OWN)).access_token
        assert _why(lambda: _poll(server, forgotten.device_code)) == ("OAUTH_EXPIRED_TOKEN", "expired_token")
        why = _why(lambda: _decide(server, "ApproveDevice", forgotten.user_code, token))
        assert why[0] == "DEVICE_REQUEST_NOT_FOUND"

    def test_asking_too_often_makes_it_wait_longer_each_time(self, server: RunningServer) -> None:
        asked = _authorize(server)
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
        asked = _authorize(server)
        bind_role(server, role_binding_pb2.ROLE_SUBJECT_KIND_SERVICE_ACCOUNT, account.id, "auth.device.*")
        for key in (server.admin_key, get_token(server, account).access_token):
            assert _why(lambda key=key: _decide(server, "ApproveDevice", asked.user_code, key))[0] == "NOT_A_PERSON"

    @pytest.mark.parametrize("code", ["X", "AAAA-AAAA", "BCDF-GHJ", "BCDF-GHJKK", "bcdf ghjk", "'; --"])
    def test_a_code_that_nobody_shows_finds_nothing(self, server: RunningServer, person: Person, code: str) -> None:
        token = sign_in(server, person).access_token
        assert _why(lambda: _decide(server, "ApproveDevice", code, token))[0] == "DEVICE_REQUEST_NOT_FOUND"

    def test_a_device_gets_no_more_than_the_credential_that_let_it_in(
        self, server: RunningServer, account: Account
    ) -> None:
        person = make_person(server, *_OWN, "company.*")
        narrow = sign_in(server, person, scope="auth.device.approve company.read").access_token
        wide = _authorize(server, scope="company.*")
        approved = _decide(server, "ApproveDevice", wide.user_code, narrow)
        assert list(approved.scopes) == ["company.read"]
        assert _poll(server, wide.device_code).scope == "company.read"
        everything = _authorize(server)
        approved = _decide(server, "ApproveDevice", everything.user_code, narrow)
        assert list(approved.scopes) == ["auth.device.approve", "company.read"]
        beyond = _authorize(server, scope="auth.self.revoke_sessions")
        why = _why(lambda: _decide(server, "ApproveDevice", beyond.user_code, narrow))
        assert why[0] == "PERMISSION_ESCALATION"

    def test_codes_belong_to_the_client_and_the_tenant_that_began(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        asked = _authorize(server)
        request = oauth_service_pb2.TokenRequest(
            grant_type=_DEVICE,
            device_code=asked.device_code,
            **account.proof,
        )
        assert _why(lambda: tokens_of(server).Token(request, timeout=_SECONDS)) == _INVALID_GRANT
        assert _why(lambda: _poll(server, asked.device_code, client_id="")) == _INVALID_GRANT
        name = f"tenant-{uuid4().hex}"
        make_tenant(server, name)
        elsewhere = _authorize(server, tenant=name)
        token = sign_in(server, person).access_token
        why = _why(lambda: _decide(server, "ApproveDevice", elsewhere.user_code, token))
        assert why[0] == "DEVICE_REQUEST_NOT_FOUND"

    def test_a_tenants_devices_do_not_fill_the_table(
        self, server: RunningServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("function_backend.services.auth.service.devices._MOST_WAITING", 1)
        name = f"tenant-{uuid4().hex}"
        make_tenant(server, name)
        _authorize(server, tenant=name)
        assert _why(lambda: _authorize(server, tenant=name)) == ("OAUTH_SLOW_DOWN", "slow_down")


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
        exchanged = tokens_of(server).Token(request, timeout=_SECONDS)
        assert not exchanged.refresh_token
        told = _introspect(server, exchanged.access_token, account)
        assert (told.sub, told.act.sub) == (f"user:{person.id}", f"service_account:{account.id}")
        assert _listed(server, exchanged.access_token)
        session = _listed(server, answer.access_token)[0]
        _sessions(server).RevokeSession(
            session_service_pb2.RevokeSessionRequest(id=session.id),
            metadata=server.metadata(answer.access_token),
            timeout=_SECONDS,
        )
        eventually(lambda: _is_refused(server, exchanged.access_token))
        assert not _introspect(server, exchanged.access_token, account).active


def test_the_use_of_a_session_is_written_down_now_and_then(start_server: StartServer, set_clock: SetClock) -> None:
    server = start_server(clock=set_clock)
    person = make_person(server, *_OWN)
    token = sign_in(server, person).access_token
    [before] = _listed(server, token)
    set_clock.advance(timedelta(minutes=5))
    assert _listed(server, token)
    with psycopg.connect(server.database.superuser_url) as connection:
        connection.execute(
            "select touch_sessions(array[%s]::uuid[], array[%s]::timestamptz[], '1 min')",
            (before.id, set_clock.now()),
        )
    [after] = _listed(server, token)
    assert after.last_use_time.ToDatetime() - before.last_use_time.ToDatetime() == timedelta(minutes=5)
    assert after.idle_expire_time.ToDatetime() - before.idle_expire_time.ToDatetime() == timedelta(minutes=5)
    with psycopg.connect(server.database.superuser_url) as connection:
        connection.execute(
            "select touch_sessions(array[%s]::uuid[], array[%s]::timestamptz[], '1 min')",
            (before.id, set_clock.now() + timedelta(seconds=30)),
        )
    assert _listed(server, token) == [after]


def test_what_nobody_needs_any_more_is_deleted(start_server: StartServer, set_clock: SetClock) -> None:
    server = start_server(clock=set_clock)
    sign_in(server, make_person(server, *_OWN))
    _authorize(server)
    with psycopg.connect(server.database.superuser_url) as connection:
        later = set_clock.now() + timedelta(days=61)
        purged = connection.execute("select purge_grants(%s, %s, 100)", (later, later - timedelta(days=30))).fetchone()
        left = connection.execute(
            "select (select count(*) from session), (select count(*) from refresh_token),"
            " (select count(*) from device_authorization)"
        ).fetchone()
    assert purged == (2,)
    assert left == (0, 0, 0)


def test_the_header_of_a_token_says_nothing_but_its_key(server: RunningServer, person: Person) -> None:
    token = sign_in(server, person).access_token
    header = jws.extract_compact(token.encode()).headers()
    assert header.keys() == {"alg", "kid", "typ"}


class TestWhatIsMadeForPeople:
    """A key or a token that somebody finds is not to take over its owner."""

    @pytest.mark.parametrize("scope", ["company.read", "auth.self.read_sessions"])
    def test_a_narrow_token_changes_nothing_about_how_its_person_signs_in(
        self, server: RunningServer, person: Person, scope: str
    ) -> None:
        token = sign_in(server, person, scope=scope).access_token
        for call in (_enrol, _change_password):
            assert _why(lambda call=call: call(server, token))[0] == "PERMISSION_MISSING"

    def test_nor_does_a_key_whatever_it_carries(self, server: RunningServer) -> None:
        person = make_person(server, "*")
        for permission, reason in (("company.read", "PERMISSION_MISSING"), ("*", "NOT_A_USER")):
            request = api_key_service_pb2.CreateApiKeyRequest(
                display_name="lost", permissions=[permission], owner=f"user:{person.id}"
            )
            key = (
                api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)
                .CreateApiKey(request, metadata=server.metadata(), timeout=_SECONDS)
                .secret
            )
            for call in (_enrol, _change_password):
                assert _why(lambda call=call, key=key: call(server, key))[0] == reason

    def test_nor_does_whoever_acts_for_a_person(self, server: RunningServer, person: Person, account: Account) -> None:
        request = oauth_service_pb2.TokenRequest(
            grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
            subject_token=sign_in(server, person).access_token,
            subject_token_type="urn:ietf:params:oauth:token-type:access_token",
            **account.proof,
        )
        token = tokens_of(server).Token(request, timeout=_SECONDS).access_token
        for call in (_enrol, _change_password):
            assert _why(lambda call=call: call(server, token))[0] == "NOT_A_USER"

    def test_a_credential_for_accounts_is_none_for_the_account_of_its_owner(self, server: RunningServer) -> None:
        person = make_person(server, "company.read", "auth.user.*")
        narrow = sign_in(server, person, scope="auth.user.*").access_token
        request = api_key_service_pb2.CreateApiKeyRequest(
            display_name="lost", permissions=["auth.user.*"], owner=f"user:{person.id}"
        )
        keys = api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)
        key = keys.CreateApiKey(request, metadata=server.metadata(), timeout=_SECONDS).secret
        for credential in (narrow, key):
            why = _why(lambda credential=credential: _set_password(server, credential, person))
            assert why[0] == "PERMISSION_ESCALATION"
        _set_password(server, sign_in(server, person).access_token, person)

    def test_the_person_does(self, server: RunningServer, person: Person) -> None:
        token = sign_in(server, person).access_token
        _enrol(server, token)
        assert _why(lambda: _change_password(server, token))[0] == "SIGN_IN_FAILED"


def _enrol(server: RunningServer, credential: str) -> None:
    second_factor_service_pb2_grpc.SecondFactorServiceStub(server.channel).EnrolTotp(
        second_factor_service_pb2.EnrolTotpRequest(), metadata=server.metadata(credential), timeout=_SECONDS
    )


def _set_password(server: RunningServer, credential: str, person: Person) -> None:
    request = user_service_pb2.SetPasswordRequest(id=str(person.id), password="another harbour 77")
    user_service_pb2_grpc.UserServiceStub(server.channel).SetPassword(
        request, metadata=server.metadata(credential), timeout=_SECONDS
    )


def _change_password(server: RunningServer, credential: str) -> None:
    request = user_service_pb2.ChangePasswordRequest(old_password="not this one", new_password="another harbour 77")
    user_service_pb2_grpc.UserServiceStub(server.channel).ChangePassword(
        request, metadata=server.metadata(credential), timeout=_SECONDS
    )
