"""While the database or Redis is away nobody is let in who was not known, and everybody is told to come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message
from joserfc import jwt
from joserfc.jwk import ECKey

from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    oauth_service_pb2,
    user_service_pb2,
)
from function.notifications.v1 import notification_service_pb2
from function_backend.services.auth.domain.key_text import mint as mint_key
from function_backend.services.auth.domain.secret_text import CLIENT_SECRET, DEVICE_CODE, REFRESH_TOKEN, mint
from function_backend.services.auth.domain.user_token import TokenPurpose, mint_token
from tests.factories.notifications import unsubscribe_token
from tests.fixtures.accounts import make_account, tenant_of
from tests.fixtures.database_faults import closed_to_everybody, eventually
from tests.fixtures.grants import CLIENT
from tests.fixtures.methods import Answer, ContractMethod, call, every_method
from tests.fixtures.principals import make_key
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.tokens import sign_token

METHODS = [method for method in every_method() if not method.policy.anonymous]
ANONYMOUS = {method.descriptor.name: method for method in every_method() if method.policy.anonymous}
_DOCUMENTS = {"GetDiscovery", "GetJwks"}
_NOBODY_LISTENS = "redis://127.0.0.1:1/0"


class TestDatabaseAway:
    def test_no_method_lets_anybody_in(self, fresh_server: RunningServer) -> None:
        server = fresh_server
        remembered = server.metadata()
        token = server.metadata(sign_token(server, make_account(server, "user")))
        # Answered from what is remembered of the caller, as long as that counts.
        whoami = next(method for method in METHODS if method.descriptor.name == "WhoAmI")
        _ask(server, whoami, remembered)
        with closed_to_everybody(server.database):
            # Less than a second from here on.
            eventually(lambda: _ask(server, whoami, remembered).code is grpc.StatusCode.UNAVAILABLE)
            unknown = server.metadata(mint_key(uuid4()).text)
            found = {
                f"{method.path} {kind}": _outcome(_ask(server, method, metadata))
                for method in METHODS
                for kind, metadata in {"remembered": remembered, "unknown key": unknown, "token": token}.items()
            }
        assert {path: outcome for path, outcome in found.items() if outcome != _COME_BACK} == {}

    def test_no_grant_is_given_and_nothing_is_said_of_any_secret(self, fresh_server: RunningServer) -> None:
        server = fresh_server
        requests = _anonymous_requests(server)
        assert {name for name, _ in requests} == ANONYMOUS.keys() - _DOCUMENTS
        with closed_to_everybody(server.database):
            found = [
                (str(request)[:60], _outcome(call(server.channel, ANONYMOUS[name], [request.SerializeToString()], ())))
                for name, request in requests
            ]
            documents = [_ask(server, ANONYMOUS[name], ()).code for name in _DOCUMENTS]
        assert [each for each in found if each[1] != _COME_BACK] == []
        # They say nothing of anybody, and are the same for all: from memory, or not at all.
        assert set(documents) <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}

    def test_everybody_gets_in_again_when_it_is_back(self, fresh_server: RunningServer) -> None:
        key = make_key(fresh_server, "auth.credential.verify")
        whoami = next(method for method in METHODS if method.descriptor.name == "WhoAmI")
        with closed_to_everybody(fresh_server.database):
            metadata = fresh_server.metadata(key)
            eventually(lambda: _ask(fresh_server, whoami, metadata).code is grpc.StatusCode.UNAVAILABLE)
        eventually(lambda: _ask(fresh_server, whoami, fresh_server.metadata(key)).code is grpc.StatusCode.OK)


class TestRedisAway:
    @pytest.mark.parametrize("kind", ["the one that is asked", "another one"])
    def test_a_revoked_key_is_refused_all_the_same(self, start_server: StartServer, kind: str) -> None:
        first, second = (start_server(settings={"cache.url": _NOBODY_LISTENS}) for _ in range(2))
        keys = api_key_service_pb2_grpc.ApiKeyServiceStub(first.channel)
        made = keys.CreateApiKey(
            api_key_service_pb2.CreateApiKeyRequest(display_name="to revoke", permissions=["company.read"]),
            metadata=first.metadata(),
            timeout=60,
        )
        asked = first if kind == "the one that is asked" else second
        whoami = next(method for method in METHODS if method.descriptor.name == "WhoAmI")
        assert _ask(asked, whoami, asked.metadata(made.secret)).code is grpc.StatusCode.OK
        keys.RevokeApiKey(
            api_key_service_pb2.RevokeApiKeyRequest(id=made.api_key.id), metadata=first.metadata(), timeout=60
        )
        eventually(lambda: _ask(asked, whoami, asked.metadata(made.secret)).reason == "CREDENTIAL_REVOKED")

    def test_limits_still_count(self, start_server: StartServer) -> None:
        server = start_server(settings={"cache.url": _NOBODY_LISTENS, "calls.anonymous_rate_limit_per_second": 4})
        answers = [_ask(server, ANONYMOUS["GetJwks"], ()) for _ in range(40)]
        assert grpc.StatusCode.RESOURCE_EXHAUSTED in {answer.code for answer in answers}
        assert any("RetryInfo" in answer.details for answer in answers)


_COME_BACK = (grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE", True)


def _outcome(answer: Answer) -> tuple[grpc.StatusCode, str, bool]:
    retry = answer.details.get("RetryInfo")
    return answer.code, answer.reason, retry is not None and retry.retry_delay.ToMilliseconds() > 0


def _ask(server: RunningServer, method: ContractMethod, metadata: Sequence[tuple[str, str | bytes]]) -> Answer:
    return call(server.channel, method, [method.request().SerializeToString()], metadata)


def _anonymous_requests(server: RunningServer) -> list[tuple[str, Message]]:
    """Requests that cannot be answered without the database: well-formed, with secrets that nobody has been given."""
    account, tenant = str(uuid4()), tenant_of(server)
    client = {"client_id": account, "client_secret": mint(CLIENT_SECRET).text}
    person = {"client_id": CLIENT, "tenant": "default"}
    grants: Sequence[Mapping[str, str]] = (
        {"grant_type": "client_credentials", **client},
        {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": _assertion(account, server.settings.auth.issuer),
        },
        {"grant_type": "password", **person, "username": "ann", "password": "a harbour of hers"},
        {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": mint(REFRESH_TOKEN).text},
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "client_id": CLIENT,
            "device_code": mint(DEVICE_CODE).text,
        },
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            **client,
            "subject_token": "a.b.c",
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        },
    )
    ids = {"tenant_id": uuid4(), "token_id": uuid4()}
    invitation, reset = (mint_token(each, **ids) for each in (TokenPurpose.INVITATION, TokenPurpose.PASSWORD_RESET))
    good, other = "correct horse battery staple 7", "another harbour of mine 8"
    return [
        *(("Token", oauth_service_pb2.TokenRequest(**grant)) for grant in grants),
        ("Introspect", oauth_service_pb2.IntrospectRequest(token=mint(REFRESH_TOKEN).text, **client)),
        ("Introspect", oauth_service_pb2.IntrospectRequest(token="a.b.c", bearer=mint_key(uuid4()).text)),
        ("Revoke", oauth_service_pb2.RevokeRequest(token=mint(REFRESH_TOKEN).text, client_id=CLIENT)),
        ("AuthorizeDevice", oauth_service_pb2.AuthorizeDeviceRequest(**person)),
        ("AcceptInvitation", user_service_pb2.AcceptInvitationRequest(token=invitation, password=good)),
        ("FinishPasswordReset", user_service_pb2.FinishPasswordResetRequest(token=reset, password=good)),
        (
            "ReplacePassword",
            user_service_pb2.ReplacePasswordRequest(
                tenant_id=tenant, login="ann", old_password=good, new_password=other
            ),
        ),
        (
            "Unsubscribe",
            notification_service_pb2.UnsubscribeRequest(token=unsubscribe_token(tenant, "#tests", "news")),
        ),
    ]


def _assertion(client_id: str, issuer: str) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims: dict[str, object] = {"iss": client_id, "sub": client_id, "aud": issuer, "jti": uuid4().hex}
    return jwt.encode({"alg": "ES256"}, {**claims, "exp": now + 60}, ECKey.generate_key("P-256"), algorithms=["ES256"])
