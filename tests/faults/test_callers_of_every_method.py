"""Every method of the contract, called by everybody who may not."""

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import psycopg
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    oauth_service_pb2,
    permission_check_service_pb2,
    relationship_pb2,
    relationship_service_pb2,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
)
from function.company.v1 import company_service_pb2
from function_backend.services.auth.domain.key_text import digest
from function_backend.services.auth.domain.permission import PLATFORM
from tests.fixtures.accounts import grant, make_account, set_state
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import CLIENT, make_person, sign_in, tokens_of
from tests.fixtures.known_ids import make_ids
from tests.fixtures.methods import Answer, ContractMethod, call, every_method, holds_for_each
from tests.fixtures.principals import make_child_tenant, make_key
from tests.fixtures.requests_by_id import TAKES_IDS_OTHERWISE, request_by_id
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.tokens import end_session, open_session, sign_token

pytestmark = pytest.mark.timeout(600)  # Each test calls every method.
EVERY_METHOD = every_method()
METHODS = [method for method in EVERY_METHOD if not method.policy.anonymous]
ANONYMOUS = [method for method in EVERY_METHOD if method.policy.anonymous]
HELD_BY_ALL = "auth.self.read"
_GRANTED = [method for method in METHODS if method.policy.permission != HELD_BY_ALL]
_WITH_FIELDS = [method for method in METHODS if len(method.request.DESCRIPTOR.fields)]
RELATION_PAGES: dict[str, Message] = {
    "ReadRelationships": relationship_service_pb2.ReadRelationshipsRequest(
        filter=relationship_pb2.RelationshipFilter(resource_type="document")
    ),
    "ListPermittedResources": permission_check_service_pb2.ListPermittedResourcesRequest(
        resource_type="document", permission="viewer", subject="user:u0"
    ),
    "ListPermittedSubjects": permission_check_service_pb2.ListPermittedSubjectsRequest(
        resource="document:d0", permission="viewer", subject_type="user"
    ),
}
"""Requests whose answers `ids` makes longer than a page."""


# Credentials that were good, by what became of them.
_OVER = {
    "expired key": (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_EXPIRED"),
    "expired token": (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_EXPIRED"),
    "revoked token": (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_REVOKED"),
    "token of an ended session": (grpc.StatusCode.UNAUTHENTICATED, "SESSION_ENDED"),
    "token of a suspended user": (grpc.StatusCode.UNAUTHENTICATED, "SUBJECT_DISABLED"),
    "key of a suspended tenant": (grpc.StatusCode.PERMISSION_DENIED, "TENANT_SUSPENDED"),
}


def _takes_text(method: ContractMethod) -> bool:
    fields = method.request.DESCRIPTOR.fields
    return "config" in method.request.DESCRIPTOR.fields_by_name or any(f.type == f.TYPE_STRING for f in fields)


def _takes_id(method: ContractMethod) -> bool:
    fields = method.request.DESCRIPTOR.fields_by_name
    if method.policy.permission in PLATFORM:
        return False
    return "id" in fields or method.descriptor.name in TAKES_IDS_OTHERWISE


def _has_pages_of_a_tenant(method: ContractMethod) -> bool:
    return "page_token" in method.request.DESCRIPTOR.fields_by_name and method.policy.permission not in PLATFORM


def _empty(method: ContractMethod) -> bytes:
    return method.request().SerializeToString()


def _with(server: RunningServer, method: ContractMethod, metadata: Sequence[tuple[str, str | bytes]]) -> Answer:
    return call(server.channel, method, [_empty(method)], metadata)


class TestWithoutValidCredential:
    def test_no_credential_is_told_how_to_send_one(self, server: RunningServer) -> None:
        def check(method: ContractMethod) -> None:
            answer = _with(server, method, [])
            assert (answer.code, answer.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_MISSING")
            assert "authorization: Bearer" in answer.text

        holds_for_each(METHODS, check)

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Bearer ",
            "Basic dXNlcjpwYXNz",
            "bearer",
            "Bearer fbk_",
            "Bearer " + "x" * 4000,
            "Bearer fbk_" + "A" * 71,
            "Bearer ../../etc/passwd",
            "Bearer ' or 1=1 --",
        ],
    )
    def test_a_garbled_credential_is_refused(self, server: RunningServer, header: str) -> None:
        def check(method: ContractMethod) -> None:
            answer = _with(server, method, [("authorization", header)])
            assert answer.code is grpc.StatusCode.UNAUTHENTICATED
            assert answer.reason in {"CREDENTIAL_MISSING", "CREDENTIAL_INVALID"}

        holds_for_each(METHODS, check)

    def test_a_key_with_one_letter_changed_is_refused(self, server: RunningServer) -> None:
        key = server.admin_key
        changed = key[:-1] + ("A" if key[-1] != "A" else "B")
        holds_for_each(METHODS, lambda method: _is_refused(server, method, changed, "CREDENTIAL_INVALID"))

    def test_a_revoked_key_is_refused(self, server: RunningServer, revoked_key: str) -> None:
        holds_for_each(METHODS, lambda method: _is_refused(server, method, revoked_key, "CREDENTIAL_REVOKED"))

    @pytest.mark.parametrize("kind", sorted(_OVER))
    def test_what_is_over_is_refused_with_the_reason(
        self, server: RunningServer, over: dict[str, str], kind: str
    ) -> None:
        code, reason = _OVER[kind]
        holds_for_each(METHODS, lambda method: _is_refused(server, method, over[kind], reason, code))


class TestAnonymousMethods:
    def test_nobody_is_asked_for_a_credential(self, server: RunningServer) -> None:
        def check(method: ContractMethod) -> None:
            answer = _with(server, method, [])
            assert answer.reason not in {"CREDENTIAL_MISSING", "CREDENTIAL_INVALID", "PERMISSION_MISSING"}
            assert answer.code not in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNIMPLEMENTED}

        holds_for_each(ANONYMOUS, check)

    def test_a_bad_credential_neither_helps_nor_hinders(self, server: RunningServer) -> None:
        def check(method: ContractMethod) -> None:
            answers = [_with(server, method, []), _with(server, method, [("authorization", "Bearer nonsense")])]
            assert answers[0].code is answers[1].code
            assert answers[0].reason == answers[1].reason

        holds_for_each(ANONYMOUS, check)


class TestWithoutThePermission:
    def test_a_key_without_it_is_told_which_is_missing(
        self, server: RunningServer, key_without: dict[str, str]
    ) -> None:
        def check(method: ContractMethod) -> None:
            answer = _with(server, method, server.metadata(key_without[method.policy.permission]))
            assert (answer.code, answer.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
            assert answer.details["ErrorInfo"].metadata["permission"] == method.policy.permission

        holds_for_each(_GRANTED, check)

    def test_a_key_with_it_passes(self, server: RunningServer, key_with: dict[str, str]) -> None:
        holds_for_each(_GRANTED, lambda method: _passes(server, method, key_with[method.policy.permission]))


def test_the_narrowest_key_may_do_what_every_credential_may(server: RunningServer, narrowest_key: str) -> None:
    every = [method for method in METHODS if method.policy.permission == HELD_BY_ALL]
    holds_for_each(every, lambda method: _passes(server, method, narrowest_key))


class TestBadBytes:
    def test_bytes_that_are_no_message_are_refused(self, server: RunningServer) -> None:
        def check(method: ContractMethod) -> None:
            answer = call(server.channel, method, [b"\xff\xff\xff\xff\x0f"], server.metadata())
            assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")

        holds_for_each(_WITH_FIELDS, check)

    def test_a_message_above_the_limit_is_refused_and_the_server_goes_on(self, start_server: StartServer) -> None:
        # A low limit: gigabytes would have to be sent otherwise.
        server = start_server(settings={"server.max_message_bytes": 64 * 1024})
        above = bytes([15 << 3 | 2]) + b"\x80\x80\x08" + b"x" * (128 * 1024)

        def send(method: ContractMethod) -> Answer:
            answer = call(server.channel, method, [_empty(method) + above], server.metadata())
            if "max_age" in answer.text:
                # The connection had reached its age: it closes while the rest of the message is still being sent.
                answer = call(server.channel, method, [_empty(method) + above], server.metadata())
            return answer

        # Several at a time: gRPC takes a tenth of a second to refuse one.
        with ThreadPoolExecutor(16) as threads:
            answers = dict(zip(_WITH_FIELDS, threads.map(send, _WITH_FIELDS), strict=True))

        def check(method: ContractMethod) -> None:
            assert answers[method].code is grpc.StatusCode.RESOURCE_EXHAUSTED
            again = _with(server, method, server.metadata())
            assert again.code not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL}

        holds_for_each(_WITH_FIELDS, check)

    def test_a_garbled_consistency_token_is_refused(self, server: RunningServer) -> None:
        def check(method: ContractMethod) -> None:
            answer = _with(server, method, [*server.metadata(), ("function-consistency-token", "no-token")])
            if method.changes:
                assert answer.reason in {"INVALID_CONSISTENCY_TOKEN", "INVALID_REQUEST", "IMPORT_OUT_OF_ORDER"}
            else:
                code = grpc.StatusCode.INVALID_ARGUMENT
                assert (answer.code, answer.reason) == (code, "INVALID_CONSISTENCY_TOKEN")

        holds_for_each(_WITH_FIELDS, check)


def test_text_that_is_not_utf8_is_refused(server: RunningServer) -> None:
    def check(method: ContractMethod) -> None:
        field = next((f for f in method.request.DESCRIPTOR.fields if f.type == f.TYPE_STRING), None)
        if field is None:
            field = method.request.DESCRIPTOR.fields_by_name["config"]  # its first field is a string
            inner = b"\x0a\x02\xc3\x28"
            body = bytes([field.number << 3 | 2, len(inner)]) + inner
        else:
            body = bytes([field.number << 3 | 2, 2]) + b"\xc3\x28"
        answer = call(server.channel, method, [body], server.metadata())
        assert (answer.code, answer.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")

    holds_for_each([method for method in METHODS if _takes_text(method)], check)


class TestAnotherTenant:
    def test_its_ids_do_not_exist(self, server: RunningServer, other_tenant_key: str, ids: dict[str, str]) -> None:
        def check(method: ContractMethod) -> None:
            request = request_by_id(method, ids)
            assert request is not None
            own = call(server.channel, method, [request.SerializeToString()], _own_metadata(server, method, ids))
            answer = call(server.channel, method, [request.SerializeToString()], server.metadata(other_tenant_key))
            assert own.code is not grpc.StatusCode.NOT_FOUND
            assert answer.code is grpc.StatusCode.NOT_FOUND

        holds_for_each([method for method in METHODS if _takes_id(method)], check)

    def test_its_page_tokens_are_refused(
        self, server: RunningServer, other_tenant_key: str, ids: dict[str, str]
    ) -> None:
        def check(method: ContractMethod) -> None:
            request = request_by_id(method, ids) or RELATION_PAGES.get(method.descriptor.name) or method.request()
            if method.descriptor.name == "SearchCompanies":
                request = company_service_pb2.SearchCompaniesRequest(query="northern")
            _page_tokens_are_the_tenants(server, method, request, _own_metadata(server, method, ids), other_tenant_key)

        holds_for_each([method for method in METHODS if _has_pages_of_a_tenant(method)], check)


def _page_tokens_are_the_tenants(
    server: RunningServer,
    method: ContractMethod,
    request: Any,  # noqa: ANN401  of a method that has pages
    metadata: Sequence[tuple[str, str | bytes]],
    other_tenant_key: str,
) -> None:
    request.page_size = 1
    first = call(server.channel, method, [request.SerializeToString()], metadata)
    assert first.code is grpc.StatusCode.OK, first.text
    token = _next_page_token(method, first.responses[0])
    assert token
    request.page_token = token
    assert call(server.channel, method, [request.SerializeToString()], metadata).code is grpc.StatusCode.OK
    for hostile in (token[:-1] + ("A" if token[-1] != "A" else "B"), "!", base64.urlsafe_b64encode(b"{}").decode()):
        request.page_token = hostile
        refused = call(server.channel, method, [request.SerializeToString()], metadata)
        assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
    request.page_token = token
    moved = call(server.channel, method, [request.SerializeToString()], server.metadata(other_tenant_key))
    assert moved.reason == "INVALID_PAGE_TOKEN" or moved.code is grpc.StatusCode.NOT_FOUND


def _is_refused(
    server: RunningServer,
    method: ContractMethod,
    credential: str,
    reason: str,
    code: grpc.StatusCode = grpc.StatusCode.UNAUTHENTICATED,
) -> None:
    answer = _with(server, method, server.metadata(credential))
    assert (answer.code, answer.reason) == (code, reason)


def _passes(server: RunningServer, method: ContractMethod, credential: str) -> None:
    answer = _with(server, method, server.metadata(credential))
    assert answer.code not in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def _own_metadata(
    server: RunningServer, method: ContractMethod, ids: dict[str, str]
) -> Sequence[tuple[str, str | bytes]]:
    """By the administrator, or by a person where a method answers about its caller."""
    return server.metadata(ids["token"] if method.descriptor.name == "ListSessions" else None)


def _next_page_token(method: ContractMethod, answer: bytes) -> str:
    page: Any = GetMessageClass(method.descriptor.output_type).FromString(answer)
    token: str = page.next_page_token
    return token


@pytest.fixture(scope="module")
def ids(server: RunningServer) -> dict[str, str]:
    """Ids of the administrator's tenant."""
    return make_ids(server)


@pytest.fixture(scope="module")
def revoked_key(server: RunningServer) -> str:
    """A key that worked until it was revoked."""
    stub = api_key_service_pb2_grpc.ApiKeyServiceStub(server.channel)
    made = stub.CreateApiKey(
        api_key_service_pb2.CreateApiKeyRequest(display_name="to revoke", permissions=["*"]),
        metadata=server.metadata(),
    )
    stub.ListApiKeys(api_key_service_pb2.ListApiKeysRequest(), metadata=server.metadata(made.secret))
    stub.RevokeApiKey(api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id), metadata=server.metadata())
    listing = next(method for method in METHODS if method.descriptor.name == "ListApiKeys")
    eventually(lambda: _with(server, listing, server.metadata(made.secret)).code is not grpc.StatusCode.OK)
    return made.secret


@pytest.fixture(scope="module")
def over(server: RunningServer) -> dict[str, str]:
    """Credentials that would open everything if nothing had become of them; none was ever used."""
    key = make_key(server, "*")
    with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "update api_key set expires_at = now() - interval '1 minute' where digest = %s", (digest(key),)
        )
    users = [make_account(server, "user") for _ in range(3)]
    for user in users:
        grant(server, user, "company.*", "auth.*")
    session = open_session(server, users[1])
    ended = sign_token(server, users[1], session_id=session)
    end_session(server, session)
    suspended = sign_token(server, users[2])
    set_state(server, users[2], "suspended")
    revoked = sign_in(server, make_person(server, "*"))
    tokens_of(server).Revoke(oauth_service_pb2.RevokeRequest(client_id=CLIENT, token=revoked.access_token))
    child = make_child_tenant(server)
    tenants = tenant_service_pb2_grpc.TenantServiceStub(server.channel)
    tenants.SuspendTenant(tenant_service_pb2.SuspendTenantRequest(id=child.tenant.id), metadata=server.metadata())
    return {
        "expired key": key,
        "expired token": sign_token(server, users[0], lives=timedelta(minutes=-5)),
        "revoked token": revoked.access_token,
        "token of an ended session": ended,
        "token of a suspended user": suspended,
        "key of a suspended tenant": child.key,
    }


@pytest.fixture(scope="module")
def narrowest_key(server: RunningServer) -> str:
    """A key that may do one thing, which is none of those asked for."""
    return make_key(server, "company.read")


@pytest.fixture(scope="module")
def key_without(server: RunningServer) -> dict[str, str]:
    """For each permission a key that has all the others."""
    permissions = {method.policy.permission for method in METHODS}
    return {permission: make_key(server, *sorted(_all_but(permission, permissions))) for permission in permissions}


def _all_but(left_out: str, permissions: set[str]) -> set[str]:
    """All permissions but one; those of other packages as branches, since a key lists a hundred at most."""
    package = left_out.split(".", maxsplit=1)[0]
    names = {each for each in permissions if each.startswith(f"{package}.")} - {left_out}
    return names | {f"{each.split('.', maxsplit=1)[0]}.*" for each in permissions - names - {left_out}}


@pytest.fixture(scope="module")
def key_with(server: RunningServer) -> dict[str, str]:
    """For each permission a key that has only it."""
    return {permission: make_key(server, permission) for permission in {m.policy.permission for m in METHODS}}
