"""Signing in, refreshing, looking at sessions and ending them, letting devices in: over a real channel."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from joserfc import jws

from function.auth.v1 import (
    oauth_service_pb2,
    session_pb2,
    session_service_pb2,
)
from function_backend.services.auth.domain.secret_text import REFRESH_TOKEN, mint
from tests.fixtures.clock import SetClock
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import (
    CLIENT,
    Account,
    Person,
    make_account,
    make_person,
    refresh,
    set_state,
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


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    return make_account(server)


@pytest.fixture
def person(server: RunningServer) -> Person:
    return make_person(server, *OWN)


class TestSigningIn:
    def test_it_gives_tokens_that_work_and_a_session_that_is_seen(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        answer = sign_in(server, person)
        told = introspection(server, answer.access_token, account)
        assert told.sub == f"user:{person.id}"
        assert list(told.amr) == ["pwd"]
        assert told.auth_time
        [session] = listed_sessions(server, answer.access_token)
        assert session.id == told.sid
        assert session.current
        assert (session.user_id, session.client_id, session.address) == (str(person.id), CLIENT, "127.0.0.1")
        assert session.device.startswith("grpc-python/")
        assert session.HasField("last_use_time")

    def test_every_failure_to_prove_oneself_looks_alike(self, server: RunningServer, person: Person) -> None:
        nobody = Person(person.id, f"nobody-{uuid4().hex}")
        assert refusal_of(lambda: sign_in(server, nobody))[0] == "SIGN_IN_FAILED"
        request = oauth_service_pb2.TokenRequest(**{**person.proof, "password": "wrong"})
        assert refusal_of(lambda: tokens_of(server).Token(request, timeout=SECONDS))[0] == "SIGN_IN_FAILED"

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
        assert refusal_of(lambda: tokens_of(server).Token(request, timeout=SECONDS)) == why

    def test_a_user_of_another_tenant_is_not_found_here(self, server: RunningServer, person: Person) -> None:
        name = f"tenant-{uuid4().hex}"
        make_tenant(server, name)
        request = oauth_service_pb2.TokenRequest(**{**person.proof, "tenant": name})
        assert refusal_of(lambda: tokens_of(server).Token(request, timeout=SECONDS))[0] == "SIGN_IN_FAILED"

    def test_scopes_bound_what_the_token_may_do(self, server: RunningServer, person: Person) -> None:
        narrow = sign_in(server, person, scope="company.read")
        assert refusal_of(lambda: listed_sessions(server, narrow.access_token))[0] == "PERMISSION_MISSING"
        wide = sign_in(server, person)
        assert len(listed_sessions(server, wide.access_token)) == 2

    def test_a_token_is_no_wider_than_the_person(self, server: RunningServer) -> None:
        nobody_special = make_person(server, "company.read")
        token = sign_in(server, nobody_special, scope="*").access_token
        assert listed_sessions(server, token)
        request = session_service_pb2.ListUserSessionsRequest(user_id=str(nobody_special.id))
        metadata = server.metadata(token)
        why = refusal_of(lambda: sessions_of(server).ListUserSessions(request, metadata=metadata, timeout=SECONDS))
        assert why[0] == "PERMISSION_MISSING"

    def test_what_happened_is_in_the_audit_trail_and_no_secret_is(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        answer = sign_in(server, person)
        again = refresh(server, answer.refresh_token)
        session_id = introspection(server, again.access_token, account).sid
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
        ids = {introspection(server, each.access_token, account).sid for each in (first, second, third)}
        assert len(ids) == 1
        assert introspection(server, third.refresh_token, account).active
        assert not introspection(server, second.refresh_token, account).active

    def test_a_spent_token_that_comes_again_ends_the_session(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        first = sign_in(server, person)
        second = refresh(server, first.refresh_token)
        third = refresh(server, second.refresh_token)
        assert refusal_of(lambda: refresh(server, first.refresh_token)) == INVALID_GRANT
        for token in (third.refresh_token, second.refresh_token):
            assert refusal_of(lambda token=token: refresh(server, token)) == INVALID_GRANT
        assert not introspection(server, third.access_token, account).active
        eventually(lambda: is_refused(server, third.access_token))
        [ended] = listed_sessions(server, sign_in(server, person).access_token, show_ended=True)[:1]
        assert ended.end == session_pb2.SESSION_END_TOKEN_REUSED

    def test_a_client_that_lost_the_answer_gets_another_one(self, server: RunningServer, person: Person) -> None:
        first = sign_in(server, person)
        lost = refresh(server, first.refresh_token)
        again = refresh(server, first.refresh_token)
        assert refresh(server, again.refresh_token).access_token
        # Whoever has read the lost answer gives himself away with it.
        assert refusal_of(lambda: refresh(server, lost.refresh_token)) == INVALID_GRANT
        assert refusal_of(lambda: refresh(server, again.refresh_token)) == INVALID_GRANT

    def test_later_than_that_it_is_a_second_use(self, start_server: StartServer, set_clock: SetClock) -> None:
        server = start_server(clock=set_clock)
        first = sign_in(server, make_person(server, *OWN))
        second = refresh(server, first.refresh_token)
        set_clock.advance(timedelta(seconds=11))
        assert refusal_of(lambda: refresh(server, first.refresh_token)) == INVALID_GRANT
        assert refusal_of(lambda: refresh(server, second.refresh_token)) == INVALID_GRANT

    def test_the_window_can_be_closed(self, start_server: StartServer, set_clock: SetClock) -> None:
        server = start_server(clock=set_clock, settings={"auth.refresh_retry_window": "0s"})
        first = sign_in(server, make_person(server, *OWN))
        refresh(server, first.refresh_token)
        set_clock.advance(timedelta(milliseconds=1))
        assert refusal_of(lambda: refresh(server, first.refresh_token)) == INVALID_GRANT

    def test_an_unused_session_ends_and_a_used_one_too_at_last(
        self, start_server: StartServer, set_clock: SetClock
    ) -> None:
        server = start_server(clock=set_clock)
        person = make_person(server, *OWN)
        idle, used = sign_in(server, person).refresh_token, sign_in(server, person).refresh_token
        for _ in range(61):
            # The default: over after 12 hours without use, and after 30 days in any case.
            set_clock.advance(timedelta(hours=11, minutes=50))
            if set_clock.now().timestamp() > 0 and _ < 60:
                used = refresh(server, used).refresh_token
        assert refusal_of(lambda: refresh(server, idle)) == INVALID_GRANT
        set_clock.advance(timedelta(hours=11))
        assert refusal_of(lambda: refresh(server, used)) == INVALID_GRANT

    def test_scopes_may_be_narrowed_and_never_widened(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        first = sign_in(server, person, scope="auth.self.* company.read")
        narrow = refresh(server, first.refresh_token, scope="auth.self.read_sessions")
        assert narrow.scope == "auth.self.read_sessions"
        whole = refresh(server, narrow.refresh_token)
        assert whole.scope == "auth.self.* company.read"
        why = refusal_of(lambda: refresh(server, whole.refresh_token, scope="*"))
        assert why == ("OAUTH_INVALID_SCOPE", "invalid_scope")
        # A refused request has used nothing up.
        assert refresh(server, whole.refresh_token).access_token

    def test_tokens_of_nobody_and_other_clients_are_refused(
        self, server: RunningServer, person: Person, account: Account
    ) -> None:
        good = sign_in(server, person).refresh_token
        for token in ("x", "fbr_", mint(REFRESH_TOKEN).text, good[:-1] + ("A" if good[-1] != "A" else "B")):
            assert refusal_of(lambda token=token: refresh(server, token)) == INVALID_GRANT
        request = oauth_service_pb2.TokenRequest(
            grant_type="refresh_token",
            refresh_token=good,
            **account.proof,
        )
        assert refusal_of(lambda: tokens_of(server).Token(request, timeout=SECONDS)) == INVALID_GRANT
        assert refresh(server, good).access_token

    def test_a_suspended_person_refreshes_nothing(self, server: RunningServer, person: Person) -> None:
        token = sign_in(server, person).refresh_token
        set_state(server, "auth_user", person.id, "suspended")
        assert refusal_of(lambda: refresh(server, token)) == INVALID_GRANT


class TestEndingSessions:
    def test_one_is_ended_and_the_others_stay(self, server: RunningServer, person: Person) -> None:
        here, there = sign_in(server, person), sign_in(server, person)
        other = next(each for each in listed_sessions(server, here.access_token) if not each.current)
        ended = sessions_of(server).RevokeSession(
            session_service_pb2.RevokeSessionRequest(id=other.id),
            metadata=server.metadata(here.access_token),
            timeout=SECONDS,
        )
        assert ended.session.end == session_pb2.SESSION_END_SIGNED_OUT
        eventually(lambda: is_refused(server, there.access_token))
        assert refusal_of(lambda: refresh(server, there.refresh_token)) == INVALID_GRANT
        assert [each.current for each in listed_sessions(server, here.access_token)] == [True]

    def test_all_but_the_one_that_asks(self, server: RunningServer, person: Person) -> None:
        here, *_ = [sign_in(server, person) for _ in range(3)]
        request = session_service_pb2.RevokeAllSessionsRequest(except_current=True)
        metadata = server.metadata(here.access_token)
        answer = sessions_of(server).RevokeAllSessions(request, metadata=metadata, timeout=SECONDS)
        assert answer.revoked_count == 2
        assert len(listed_sessions(server, here.access_token)) == 1

    def test_an_administrator_sees_and_ends_those_of_others(self, server: RunningServer, person: Person) -> None:
        token = sign_in(server, person)
        stub, metadata = sessions_of(server), server.metadata()
        request = session_service_pb2.ListUserSessionsRequest(user_id=str(person.id))
        [listed] = stub.ListUserSessions(request, metadata=metadata, timeout=SECONDS).sessions
        got = stub.GetSession(session_service_pb2.GetSessionRequest(id=listed.id), metadata=metadata, timeout=SECONDS)
        assert got.session == listed
        ending = session_service_pb2.RevokeUserSessionsRequest(user_id=str(person.id))
        assert stub.RevokeUserSessions(ending, metadata=metadata, timeout=SECONDS).revoked_count == 1
        assert stub.RevokeUserSessions(ending, metadata=metadata, timeout=SECONDS).revoked_count == 0
        eventually(lambda: is_refused(server, token.access_token))
        got = stub.GetSession(session_service_pb2.GetSessionRequest(id=listed.id), metadata=metadata, timeout=SECONDS)
        assert got.session.end == session_pb2.SESSION_END_REVOKED

    def test_sessions_of_colleagues_and_of_other_tenants_do_not_exist(
        self, server: RunningServer, person: Person, other_tenant_key: str, account: Account
    ) -> None:
        session_id = introspection(server, sign_in(server, person).access_token, account).sid
        colleague = sign_in(server, make_person(server, *OWN)).access_token
        for key in (colleague, other_tenant_key):
            metadata = server.metadata(key)
            reading, ending = (
                session_service_pb2.GetSessionRequest(id=session_id),
                session_service_pb2.RevokeSessionRequest(id=session_id),
            )
            for call in (
                lambda metadata=metadata, reading=reading: sessions_of(server).GetSession(
                    reading, metadata=metadata, timeout=SECONDS
                ),
                lambda metadata=metadata, ending=ending: sessions_of(server).RevokeSession(
                    ending, metadata=metadata, timeout=SECONDS
                ),
            ):
                assert refusal_of(call)[0] == "SESSION_NOT_FOUND"
        request = session_service_pb2.ListUserSessionsRequest(user_id=str(person.id))
        theirs = sessions_of(server).ListUserSessions(
            request, metadata=server.metadata(other_tenant_key), timeout=SECONDS
        )
        assert not theirs.sessions

    def test_pages_follow_each_other(self, server: RunningServer, person: Person) -> None:
        tokens = [sign_in(server, person) for _ in range(3)]
        metadata = server.metadata(tokens[0].access_token)
        seen: list[str] = []
        page_token = ""
        while True:
            page = sessions_of(server).ListSessions(
                session_service_pb2.ListSessionsRequest(page_size=2, page_token=page_token),
                metadata=metadata,
                timeout=SECONDS,
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
        tokens_of(server).Revoke(request, timeout=SECONDS)
        assert refusal_of(lambda: refresh(server, answer.refresh_token)) == INVALID_GRANT
        eventually(lambda: is_refused(server, answer.access_token))

    def test_a_revoked_access_token_is_refused_and_its_session_goes_on(
        self, server: RunningServer, person: Person
    ) -> None:
        answer = sign_in(server, person)
        assert listed_sessions(server, answer.access_token)
        request = oauth_service_pb2.RevokeRequest(token=answer.access_token, client_id=CLIENT)
        tokens_of(server).Revoke(request, timeout=SECONDS)
        eventually(lambda: is_refused(server, answer.access_token))
        assert listed_sessions(server, refresh(server, answer.refresh_token).access_token)


def test_the_use_of_a_session_is_written_down_now_and_then(start_server: StartServer, set_clock: SetClock) -> None:
    server = start_server(clock=set_clock)
    person = make_person(server, *OWN)
    token = sign_in(server, person).access_token
    [before] = listed_sessions(server, token)
    set_clock.advance(timedelta(minutes=5))
    assert listed_sessions(server, token)
    with psycopg.connect(server.database.superuser_url) as connection:
        connection.execute(
            "select touch_sessions(array[%s]::uuid[], array[%s]::timestamptz[], '1 min')",
            (before.id, set_clock.now()),
        )
    [after] = listed_sessions(server, token)
    assert after.last_use_time.ToDatetime() - before.last_use_time.ToDatetime() == timedelta(minutes=5)
    assert after.idle_expire_time.ToDatetime() - before.idle_expire_time.ToDatetime() == timedelta(minutes=5)
    with psycopg.connect(server.database.superuser_url) as connection:
        connection.execute(
            "select touch_sessions(array[%s]::uuid[], array[%s]::timestamptz[], '1 min')",
            (before.id, set_clock.now() + timedelta(seconds=30)),
        )
    assert listed_sessions(server, token) == [after]


def test_what_nobody_needs_any_more_is_deleted(start_server: StartServer, set_clock: SetClock) -> None:
    server = start_server(clock=set_clock)
    sign_in(server, make_person(server, *OWN))
    authorize_device(server)
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
