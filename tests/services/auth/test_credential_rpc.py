from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Self, cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    credential_pb2,
    credential_service_pb2,
    credential_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
)
from function_backend.services.auth.domain.key_text import mint
from tests.fixtures.clock import SetClock
from tests.fixtures.database_faults import closed_to_everybody, eventually
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 60
_PATIENCE = 60


def _credentials(server: RunningServer) -> credential_service_pb2_grpc.CredentialServiceStub:
    return credential_service_pb2_grpc.CredentialServiceStub(server.channel)


def _keys(server: RunningServer) -> api_key_service_pb2_grpc.ApiKeyServiceStub:
    return api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)


def _verify(
    server: RunningServer, bearer: str, *permissions: str, by: str | None = None, audience: str = ""
) -> credential_service_pb2.VerifyCredentialResponse:
    request = credential_service_pb2.VerifyCredentialRequest(bearer=bearer, permissions=permissions, audience=audience)
    return _credentials(server).VerifyCredential(request, metadata=server.metadata(by), timeout=_SECONDS)


def _made(server: RunningServer, *permissions: str, **fields: object) -> api_key_service_pb2.CreateApiKeyResponse:
    wish = api_key_service_pb2.CreateApiKeyRequest(
        display_name="verified",
        permissions=permissions,
        **fields,  # type: ignore[arg-type]
    )
    return _keys(server).CreateApiKey(wish, metadata=server.metadata(), timeout=_SECONDS)


class TestAValidKey:
    def test_it_says_who_it_is_what_it_may_do_and_how_often(self, server: RunningServer) -> None:
        made = _made(server, "company.read", rate_limit_per_second=7, max_calls_per_day=100)
        answer = _verify(server, made.secret, "company.read", "company.create", "company.*")
        assert (answer.valid, answer.reason, answer.message) == (True, "", "")
        identity = answer.identity
        assert identity.credential_kind == credential_pb2.CREDENTIAL_KIND_API_KEY
        assert identity.subject == f"api_key:{made.api_key.id}"
        assert identity.credential_id == made.api_key.id
        assert list(identity.permissions) == ["auth.self.read", "company.read"]
        assert identity.limits.rate_limit_per_second == 7
        assert (identity.limits.max_calls_per_day, identity.limits.remaining_calls_today) == (100, 99)
        assert dict(answer.permissions) == {"company.read": True, "company.create": False, "company.*": False}
        assert 0 < answer.remember_for.ToTimedelta().total_seconds() <= 60

    def test_a_branch_is_held_only_as_a_whole(self, server: RunningServer) -> None:
        made = _made(server, "company.*")
        assert dict(_verify(server, made.secret, "company.*", "company.read", "*").permissions) == {
            "company.*": True,
            "company.read": True,
            "*": False,
        }

    def test_it_is_remembered_no_longer_than_it_lives(self, server: RunningServer) -> None:
        soon = Timestamp()
        soon.FromDatetime(datetime.now(UTC) + timedelta(seconds=30))
        made = _made(server, "company.read", expire_time=soon)
        answer = _verify(server, made.secret)
        assert answer.identity.expire_time.seconds == soon.seconds
        assert answer.remember_for.ToTimedelta() <= timedelta(seconds=30)


class TestAnInvalidOne:
    @pytest.mark.parametrize(
        "text",
        ["x", "fbk_", "../../etc/passwd", "' or 1=1 --", "a\r\nauthorization: Bearer b", "é" * 40, "e" * 8192],
    )
    def test_nonsense_is_answered_and_is_no_failure(self, server: RunningServer, text: str) -> None:
        answer = _verify(server, text, "company.read")
        assert (answer.valid, answer.reason) == (False, "CREDENTIAL_INVALID")
        assert not answer.HasField("identity")
        assert not answer.permissions

    @pytest.mark.parametrize("text", ["", "x" * 8193])
    def test_nothing_and_too_much_are_no_requests(self, server: RunningServer, text: str) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            _verify(server, text)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    def test_an_unknown_and_a_revoked_key_have_their_reasons(self, server: RunningServer) -> None:
        assert _verify(server, mint(uuid4()).text).reason == "CREDENTIAL_INVALID"
        made = _made(server, "company.read")
        request = api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id)
        _keys(server).RevokeApiKey(request, metadata=server.metadata(), timeout=_SECONDS)
        assert _verify(server, made.secret).reason == "CREDENTIAL_REVOKED"

    def test_an_expired_key_has_its_reason(self, start_server: StartServer) -> None:
        clock = SetClock()
        server = start_server(clock=clock)
        soon = Timestamp()
        soon.FromDatetime(clock.now() + timedelta(hours=1))
        made = _made(server, "company.read", expire_time=soon)
        assert _verify(server, made.secret).valid
        clock.advance(timedelta(hours=1))
        assert _verify(server, made.secret).reason == "CREDENTIAL_EXPIRED"

    def test_a_used_up_key_has_its_reason(self, server: RunningServer) -> None:
        made = _made(server, "company.read", max_calls_per_day=1)
        assert _verify(server, made.secret).identity.limits.remaining_calls_today == 0
        assert _verify(server, made.secret).reason == "API_KEY_QUOTA_EXCEEDED"

    @pytest.mark.parametrize(
        "header",
        [
            '{"alg":"none"}',
            '{"alg":"HS256","kid":"../../dev/null"}',
            '{"alg":"ES256","kid":"01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"}',
            '{"alg":"ES256","jwk":{"kty":"EC"}}',
        ],
    )
    def test_a_token_with_a_forged_header_is_invalid(self, server: RunningServer, header: str) -> None:
        def part(text: str) -> str:
            return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

        token = ".".join([part(header), part('{"sub":"user:x","tenant":"x"}'), part("signature")])
        assert _verify(server, token).reason == "CREDENTIAL_INVALID"


class TestAnotherTenant:
    def test_its_keys_are_unknown_whatever_their_state_is(self, server: RunningServer, other_tenant_key: str) -> None:
        made = _made(server, "company.read")
        for _ in range(2):
            answer = _verify(server, made.secret, "company.read", by=other_tenant_key)
            assert (answer.valid, answer.reason) == (False, "CREDENTIAL_INVALID")
            assert not answer.HasField("identity")
        request = api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id)
        _keys(server).RevokeApiKey(request, metadata=server.metadata(), timeout=_SECONDS)
        assert _verify(server, made.secret, by=other_tenant_key).reason == "CREDENTIAL_INVALID"

    def test_whoever_may_verify_any_learns_of_all(self, server: RunningServer, other_tenant_key: str) -> None:
        assert _verify(server, other_tenant_key, "company.read").valid
        narrow = make_key(server, "auth.credential.verify")
        assert _verify(server, other_tenant_key, by=narrow).reason == "CREDENTIAL_INVALID"
        wide = make_key(server, "auth.credential.verify", "auth.credential.verify_any")
        assert _verify(server, other_tenant_key, by=wide).valid

    def test_a_tenants_administrator_does_not_hold_what_reaches_beyond_it(
        self, server: RunningServer, other_tenant_key: str
    ) -> None:
        held = _verify(server, other_tenant_key, "auth.credential.verify", "auth.credential.verify_any").permissions
        assert dict(held) == {"auth.credential.verify": True, "auth.credential.verify_any": False}

    def test_a_suspended_tenants_keys_have_their_reason(self, server: RunningServer) -> None:
        key = make_tenant(server)
        tenants = tenant_service_pb2_grpc.TenantServiceStub(server.channel)
        own = tenants.GetTenant(
            tenant_service_pb2.GetTenantRequest(), metadata=server.metadata(key), timeout=_SECONDS
        ).tenant
        assert _verify(server, key).valid
        tenants.SuspendTenant(
            tenant_service_pb2.SuspendTenantRequest(id=own.id), metadata=server.metadata(), timeout=_SECONDS
        )
        eventually(lambda: _verify(server, key).reason == "TENANT_SUSPENDED")


class TestCertificates:
    def test_only_those_who_may_verify_any_may_ask(self, server: RunningServer, other_tenant_key: str) -> None:
        for request in (
            credential_service_pb2.VerifyCredentialRequest(spiffe_id="spiffe://example.org/nobody"),
            credential_service_pb2.VerifyCredentialRequest(certificate_pem="-----BEGIN CERTIFICATE-----\nMII\n"),
        ):
            for key in (None, other_tenant_key):
                answer = _credentials(server).VerifyCredential(request, metadata=server.metadata(key), timeout=_SECONDS)
                assert (answer.valid, answer.reason) == (False, "CERTIFICATE_UNKNOWN")

    def test_a_certificate_is_no_bearer(self, server: RunningServer) -> None:
        assert _verify(server, "-----BEGIN CERTIFICATE-----\nMII\n").reason == "CREDENTIAL_INVALID"


class TestWhoAmI:
    def test_the_narrowest_credential_may_ask_about_itself(self, server: RunningServer) -> None:
        made = _made(server, "company.read")
        answer = _credentials(server).WhoAmI(
            credential_service_pb2.WhoAmIRequest(), metadata=server.metadata(made.secret), timeout=_SECONDS
        )
        assert answer.identity.subject == f"api_key:{made.api_key.id}"

    def test_nobody_without_a_credential_may(self, server: RunningServer) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            _credentials(server).WhoAmI(credential_service_pb2.WhoAmIRequest(), timeout=_SECONDS)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED

    def test_what_a_caller_says_of_its_certificate_counts_for_nothing(self, server: RunningServer) -> None:
        forged = (("x-forwarded-client-cert", "URI=spiffe://example.org/x"), ("x509_pem_cert", "x"))
        with pytest.raises(grpc.RpcError) as refused:
            _credentials(server).WhoAmI(credential_service_pb2.WhoAmIRequest(), metadata=forged, timeout=_SECONDS)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


class TestDatabaseAway:
    def test_what_is_not_remembered_is_unavailable_and_never_valid_or_invalid(
        self, fresh_server: RunningServer
    ) -> None:
        known = make_key(fresh_server, "company.read")
        assert _verify(fresh_server, known).valid
        with closed_to_everybody(fresh_server.database), pytest.raises(grpc.RpcError) as away:
            for _ in range(1000):
                # The remembered caller itself is trusted for less than a second.
                _verify(fresh_server, mint(uuid4()).text)
        assert away.value.code() is grpc.StatusCode.UNAVAILABLE


class TestRevocations:
    def test_they_are_listed_after_a_cursor_in_their_order(self, server: RunningServer) -> None:
        start = _listed(server, 0).next_cursor
        ids = [_revoked(server) for _ in range(3)]
        page = _listed(server, start)
        assert [revocation.id for revocation in page.revocations if revocation.id in ids] == ids
        assert {revocation.kind for revocation in page.revocations} == {credential_pb2.REVOKED_KIND_API_KEY}
        assert not page.reset
        assert not _listed(server, page.next_cursor).revocations

    def test_pages_follow_each_other_without_loss(self, server: RunningServer) -> None:
        cursor = _listed(server, 0).next_cursor
        ids = [_revoked(server) for _ in range(5)]
        found: list[str] = []
        more = True
        while more:
            page = _listed(server, cursor, page_size=2)
            found += [revocation.id for revocation in page.revocations]
            cursor, more = page.next_cursor, page.more
        assert found == ids

    def test_a_cursor_from_before_the_log_asks_to_drop_everything(self, server: RunningServer) -> None:
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute("update revocation_horizon set forgotten_to = greatest(forgotten_to, 2)")
        assert _listed(server, 1).reset

    def test_a_cursor_from_the_future_asks_to_drop_everything(self, server: RunningServer) -> None:
        assert _listed(server, 1 << 40).reset

    def test_other_tenants_are_not_told(self, server: RunningServer, other_tenant_key: str) -> None:
        cursor = _listed(server, 0).next_cursor
        _revoked(server)
        page = _listed(server, cursor, by=other_tenant_key)
        assert not page.revocations
        assert page.next_cursor > cursor


class TestWatching:
    def test_a_revocation_arrives_and_silence_is_told_too(self, server: RunningServer) -> None:
        with _watching(server) as stream:
            first = next(stream)
            assert first.cursor > 0
            revoked = _revoked(server)
            told = _until(stream, revoked)
            assert told.cursor >= told.revocations[0].epoch > first.cursor
            assert not next(stream).revocations

    def test_a_stream_goes_on_where_another_ended(self, server: RunningServer) -> None:
        with _watching(server) as stream:
            cursor = next(stream).cursor
        missed = _revoked(server)
        with _watching(server, cursor=cursor) as stream:
            first = next(stream)
            assert [revocation.id for revocation in first.revocations] == [missed]
            assert not first.reset

    def test_another_tenants_stream_hears_nothing_of_it(self, server: RunningServer, other_tenant_key: str) -> None:
        with _watching(server, by=other_tenant_key) as stream:
            cursor = next(stream).cursor
            _revoked(server)
            while (told := next(stream)).cursor == cursor:
                assert not told.revocations
            assert not told.revocations

    def test_a_stream_ends_with_the_credential_it_was_opened_with(self, server: RunningServer) -> None:
        made = _made(server, "auth.credential.verify")
        with _watching(server, by=made.secret) as stream:
            next(stream)
            request = api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id)
            _keys(server).RevokeApiKey(request, metadata=server.metadata(), timeout=_SECONDS)
            with pytest.raises(grpc.RpcError) as ended:
                for _ in stream:
                    pass
        assert ended.value.code() is grpc.StatusCode.UNAUTHENTICATED

    def test_a_stream_ends_well_when_the_server_goes(self, start_server: StartServer) -> None:
        server = start_server()
        with _watching(server) as stream:
            next(stream)
            server.backend._end_streams()
            # An end without an error: whoever reads goes elsewhere with its last cursor.
            assert all(not told.reset for told in stream)

    def test_a_call_without_the_permission_is_refused_with_its_reason(self, server: RunningServer) -> None:
        key = make_key(server, "company.read")
        with _watching(server, by=key) as stream, pytest.raises(grpc.RpcError) as refused:
            next(stream)
        assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED

    def test_many_idle_streams_take_no_thread(self, start_server: StartServer) -> None:
        server = start_server(settings={"server.stream_threads": 1, "server.threads": 2})
        streams = [_watching(server) for _ in range(50)]
        for stream in streams:
            next(stream)
        assert _verify(server, server.admin_key).valid
        revoked = _revoked(server)
        for stream in streams:
            _until(stream, revoked)
            stream.cancel()


def test_a_revocation_is_logged_in_the_access_log_when_its_stream_ends(server: RunningServer) -> None:
    stream = _watching(server, request_id="the-watcher")
    next(stream)
    stream.cancel()
    lines: list[dict[str, object]] = []
    while not lines:
        lines = [line for line in server.log_lines() if line.get("request_id") == "the-watcher"]
    assert lines[0]["code"] == "CANCELLED"


class _Stream:
    """A stream of revocations that is cancelled at the end of a block."""

    def __init__(self, call: Iterator[credential_service_pb2.WatchRevocationsResponse]) -> None:
        self._call = call

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def __iter__(self) -> _Stream:
        return self

    def __next__(self) -> credential_service_pb2.WatchRevocationsResponse:
        return next(self._call)

    def cancel(self) -> None:
        cast("grpc.Call", self._call).cancel()


def _watching(
    server: RunningServer, *, cursor: int = 0, by: str | None = None, request_id: str | None = None
) -> _Stream:
    request = credential_service_pb2.WatchRevocationsRequest(cursor=cursor, heartbeat=Duration(nanos=300_000_000))
    more = {} if request_id is None else {"x_request_id": request_id}
    return _Stream(_credentials(server).WatchRevocations(request, metadata=server.metadata(by, **more), timeout=30))


def _until(stream: _Stream, revoked: str) -> credential_service_pb2.WatchRevocationsResponse:
    for told in stream:
        if revoked in {revocation.id for revocation in told.revocations}:
            return told
    raise AssertionError("the stream has ended")


def _listed(
    server: RunningServer, cursor: int, *, page_size: int = 0, by: str | None = None
) -> credential_service_pb2.ListRevocationsResponse:
    request = credential_service_pb2.ListRevocationsRequest(cursor=cursor, page_size=page_size)
    return _credentials(server).ListRevocations(request, metadata=server.metadata(by), timeout=_SECONDS)


def _revoked(server: RunningServer) -> str:
    made = _made(server, "company.read")
    request = api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id)
    _keys(server).RevokeApiKey(request, metadata=server.metadata(), timeout=_SECONDS)
    return made.api_key.id
