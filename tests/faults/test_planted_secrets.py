"""Secrets of every kind go through the methods that take or make one; then everything that was written is searched."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

import grpc
import psycopg
import pyotp
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from joserfc import jwt
from joserfc.jwk import ECKey

from function.auth.v1 import (
    api_key_service_pb2,
    client_credential_service_pb2,
    credential_service_pb2,
    oauth_service_pb2,
    second_factor_service_pb2,
    user_pb2,
    user_service_pb2,
)
from function.webhooks.v1 import endpoint_pb2, webhook_service_pb2
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import CLIENT, store_account
from tests.fixtures.methods import Answer, call, every_method
from tests.fixtures.server import RunningServer, StartServer
from tests.fixtures.traces import Receiver

_METHODS = {method.descriptor.name: method for method in every_method()}
_TEXT = {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}
_NAMED_LIKE_A_SECRET = re.compile(
    r"(^|_)(secret|password|assertion|bearer|otp|hash|digest)$"
    r"|^((access|refresh|subject|actor)_)?token$|^(device_code|recovery_codes)$"
)
# Digests of what is shown beside them.
_OF_NOTHING_SECRET = {"after_digest", "before_digest", "content_hash", "hash", "inputs_digest", "prev_hash"}
_PLAUSIBLE = {
    "id": "0192e4a0-0000-7000-8000-000000000000",
    "user_id": "0192e4a0-0000-7000-8000-000000000000",
    "tenant_id": "0192e4a0-0000-7000-8000-000000000000",
    "client_id": CLIENT,
    "tenant": "default",
    "username": "ann",
    "login": "ann",
    "user_name": "ann",
    "grant_type": "password",
    "row": 1,
}
# A partitioned table has the rows of its partitions.
_EVERY_TABLE = """
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
"""


class _Planter:
    """Calls methods and remembers the secrets."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self.planted: dict[str, str] = {"administrator's key": server.admin_key}

    def secret(self, name: str, value: str) -> str:
        assert value, name
        self.planted[name] = value
        return value

    def send(self, name: str, request: Message, *, by: str | None = None) -> Answer:
        metadata = self._server.metadata(by)
        return call(self._server.channel, _METHODS[name], [request.SerializeToString()], metadata)

    def token(self, **fields: str) -> oauth_service_pb2.TokenResponse:
        answer = self.send("Token", oauth_service_pb2.TokenRequest(**fields))
        assert answer.code is grpc.StatusCode.OK, answer
        return oauth_service_pb2.TokenResponse.FromString(answer.responses[0])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.mark.timeout(120)
def test_none_is_in_the_log_the_traces_the_trail_the_events_or_any_table(
    start_server: StartServer, receiver: Receiver
) -> None:
    server = start_server(settings={"tracing.endpoint": receiver.endpoint, "tracing.ratio": 1, "log.level": "debug"})
    planter = _Planter(server)
    for plant in (_keys, _people, _clients, _devices, _webhooks):
        plant(planter)
    for name, value in list(planter.planted.items()):
        # As a credential, where it is refused or let in, and as what is to be looked into.
        planter.send("WhoAmI", credential_service_pb2.WhoAmIRequest(), by=value)
        planter.send("VerifyCredential", credential_service_pb2.VerifyCredentialRequest(bearer=value))
        planter.send("Introspect", oauth_service_pb2.IntrospectRequest(token=value), by=value)
        assert name
    server.backend._outlook.flush()
    eventually(lambda: "WhoAmI" in server.log_text() or None)
    places = {"log": server.log_text(), "traces": _traces(server, receiver), **_tables(server)}
    assert "WhoAmI" in places["traces"]
    assert places["audit_record"]
    found = [
        f"{name} in {place}"
        for place, text in places.items()
        for name, value in planter.planted.items()
        if value in text
    ]
    assert found == []


@pytest.mark.timeout(180)
def test_no_method_repeats_what_it_was_sent_as_a_secret(start_server: StartServer, receiver: Receiver) -> None:
    server = start_server(settings={"tracing.endpoint": receiver.endpoint, "tracing.ratio": 1, "log.level": "debug"})
    mark = f"Planted{secrets.token_hex(12)}"
    asked, repeated = set(), set()
    for method in every_method():
        if not _plant(method.request(), mark):
            continue
        asked.add(method.descriptor.name)
        # Well-formed as far as that goes, too long, and not to be stored: each is refused in another place.
        for text in (mark, mark * 400, f"{mark}\x00\n"):
            request = method.request()
            _plant(request, text)
            for metadata in ((), server.metadata()):
                answer = call(server.channel, method, [request.SerializeToString()], metadata)
                if mark in answer.text or mark in str(answer.details):
                    repeated.add(method.descriptor.name)
    assert asked >= {"Token", "Introspect", "Revoke", "VerifyCredential", "CreateUser", "SetPassword", "ImportUsers"}
    assert repeated == set()
    server.backend._outlook.flush()
    eventually(lambda: "ImportUsers" in server.log_text() or None)
    places = {"log": server.log_text(), "traces": _traces(server, receiver), **_tables(server)}
    assert [place for place, text in places.items() if mark in text] == []


def test_every_field_that_is_named_like_a_secret_is_marked_as_one() -> None:
    fields = [(message.name, field) for message in _messages() for field in message.fields if field.type in _TEXT]
    unmarked = {
        f"{message}.{field.name}"
        for message, field in fields
        if _NAMED_LIKE_A_SECRET.search(field.name)
        and field.name not in _OF_NOTHING_SECRET
        and not field.GetOptions().debug_redact
    }
    assert unmarked == set()
    assert sum(field.GetOptions().debug_redact for _, field in fields) > 40


def test_what_is_searched_for_would_be_found(start_server: StartServer) -> None:
    server = start_server()
    planter = _Planter(server)
    user = user_pb2.User(user_name=f"u{secrets.token_hex(4)}", labels={"seen": "in plain sight"})
    planter.send("CreateUser", user_service_pb2.CreateUserRequest(user=user))
    found = {place for place, text in _tables(server).items() if "in plain sight" in text}
    assert found == {"auth_user", "event"}


def _webhooks(planter: _Planter) -> None:
    wish = webhook_service_pb2.CreateEndpointRequest(
        endpoint=endpoint_pb2.Endpoint(url="https://hooks.example.com/here"), request_id=str(uuid4())
    )
    answer = planter.send("CreateEndpoint", wish)
    made = webhook_service_pb2.CreateEndpointResponse.FromString(answer.responses[0])
    planter.secret("webhook secret", made.secret.removeprefix("whsec_"))
    answer = planter.send("RotateSecret", webhook_service_pb2.RotateSecretRequest(id=made.endpoint.id))
    rotated = webhook_service_pb2.RotateSecretResponse.FromString(answer.responses[0])
    planter.secret("rotated webhook secret", rotated.secret.removeprefix("whsec_"))
    planter.send("TestEndpoint", webhook_service_pb2.TestEndpointRequest(id=made.endpoint.id))


def _plant(message: Message, text: str) -> bool:
    """Fills whatever is secret in the message with the text, and ids as they have to be; whether anything is."""
    planted = False
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and not field.message_type.full_name.startswith("function."):
            continue
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            inner = GetMessageClass(cast("Descriptor", field.message_type))()
            if _plant(inner, text):
                planted = True
                value = getattr(message, field.name)
                (value.add() if field.is_repeated else value).CopyFrom(inner)
        elif field.GetOptions().debug_redact and field.type in _TEXT:
            planted = True
            value = text if field.type == field.TYPE_STRING else text.encode()
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif field.name in _PLAUSIBLE and not field.is_repeated:
            setattr(message, field.name, _PLAUSIBLE[field.name])
    return planted


def _messages() -> Iterator[Descriptor]:
    """The messages of all requests and answers, and those inside them."""
    found: dict[str, Descriptor] = {}
    waiting = [each for m in every_method() for each in (m.descriptor.input_type, m.descriptor.output_type)]
    while waiting:
        message = waiting.pop()
        if message.full_name not in found and message.full_name.startswith("function."):
            found[message.full_name] = message
            waiting.extend(field.message_type for field in message.fields if field.message_type is not None)
    yield from found.values()


def _keys(planter: _Planter) -> None:
    request = api_key_service_pb2.CreateApiKeyRequest(display_name="planted", permissions=["company.read"])
    made = api_key_service_pb2.CreateApiKeyResponse.FromString(planter.send("CreateApiKey", request).responses[0])
    planter.secret("API key", made.secret)
    again = planter.send("RerollApiKey", api_key_service_pb2.RerollApiKeyRequest(id=made.api_key.id))
    planter.secret("re-rolled API key", api_key_service_pb2.RerollApiKeyResponse.FromString(again.responses[0]).secret)


def _people(planter: _Planter) -> None:
    name, password = f"u{secrets.token_hex(6)}", planter.secret("password", f"planted {secrets.token_hex(12)}")
    made = planter.send(
        "CreateUser",
        user_service_pb2.CreateUserRequest(
            user=user_pb2.User(user_name=name, email=f"{name}@example.com"), password=password
        ),
    )
    user_id = user_service_pb2.CreateUserResponse.FromString(made.responses[0]).user.id
    proof = {"grant_type": "password", "client_id": CLIENT, "tenant": "default", "username": name}
    first = planter.token(**proof, password=password)
    planter.secret("access token", first.access_token)
    planter.secret("refresh token", first.refresh_token)
    begun = planter.send("EnrolTotp", second_factor_service_pb2.EnrolTotpRequest(), by=first.access_token)
    seed = second_factor_service_pb2.EnrolTotpResponse.FromString(begun.responses[0]).secret
    planter.secret("seed of the second factor", seed)
    code = pyotp.TOTP(seed).now()
    confirmed = planter.send(
        "ConfirmTotp", second_factor_service_pb2.ConfirmTotpRequest(code=code), by=first.access_token
    )
    recovery = second_factor_service_pb2.ConfirmTotpResponse.FromString(confirmed.responses[0]).recovery_codes
    for number, each in enumerate(recovery):
        planter.secret(f"recovery code {number}", each)
    planter.token(**proof, password=password, otp=recovery[0])
    wrong = planter.secret("wrong password", f"mistyped {secrets.token_hex(12)}")
    refused = planter.send("Token", oauth_service_pb2.TokenRequest(**proof, password=wrong))
    assert refused.reason == "SIGN_IN_FAILED"
    after = planter.token(grant_type="refresh_token", client_id=CLIENT, refresh_token=first.refresh_token)
    planter.secret("next refresh token", after.refresh_token)
    reset = planter.send("StartPasswordReset", user_service_pb2.StartPasswordResetRequest(id=user_id))
    planter.secret("reset", user_service_pb2.StartPasswordResetResponse.FromString(reset.responses[0]).token)
    planter.send("Revoke", oauth_service_pb2.RevokeRequest(token=after.refresh_token, client_id=CLIENT))


def _clients(planter: _Planter) -> None:
    account = store_account(planter._server)
    request = client_credential_service_pb2.CreateClientSecretRequest(client_id=str(account))
    made = client_credential_service_pb2.CreateClientSecretResponse.FromString(
        planter.send("CreateClientSecret", request).responses[0]
    )
    secret = planter.secret("client secret", made.secret)
    by_secret = planter.token(grant_type="client_credentials", client_id=str(account), client_secret=secret)
    planter.secret("token by secret", by_secret.access_token)
    key = ECKey.generate_key("P-256")
    public = json.dumps(key.as_dict(private=False))
    planter.send(
        "AddPublicKey", client_credential_service_pb2.AddPublicKeyRequest(client_id=str(account), public_jwk=public)
    )
    now = int(datetime.now(UTC).timestamp())
    claims: dict[str, object] = {"iss": str(account), "sub": str(account), "aud": planter._server.settings.auth.issuer}
    claims |= {"exp": now + 60, "iat": now, "jti": uuid4().hex}
    assertion = planter.secret("assertion", jwt.encode({"alg": "ES256"}, claims, key, algorithms=["ES256"]))
    by_key = planter.token(
        grant_type="client_credentials",
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion=assertion,
    )
    planter.secret("token by assertion", by_key.access_token)
    exchanged = planter.token(
        grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
        client_id=str(account),
        client_secret=secret,
        subject_token=by_key.access_token,
        subject_token_type="urn:ietf:params:oauth:token-type:access_token",
    )
    planter.secret("exchanged token", exchanged.access_token)


def _devices(planter: _Planter) -> None:
    request = oauth_service_pb2.AuthorizeDeviceRequest(client_id=CLIENT, tenant="default")
    asked = oauth_service_pb2.AuthorizeDeviceResponse.FromString(planter.send("AuthorizeDevice", request).responses[0])
    planter.secret("device code", asked.device_code)


def _traces(server: RunningServer, receiver: Receiver) -> str:
    tracing = server.backend._around.tracing
    assert tracing is not None
    tracing.stop()
    told = []
    while not receiver.requests.empty():
        told.append(str(receiver.requests.get()))
    return "".join(told)


def _tables(server: RunningServer) -> dict[str, str]:
    """The rows of every table as text, with what is binary also as what it may say."""
    with psycopg.connect(server.database.superuser_url) as connection:
        names: Sequence[tuple[str]] = connection.execute(_EVERY_TABLE).fetchall()
        return {
            name: "".join(_said(row) for row in connection.execute(f'select * from "{name}"').fetchall())
            for (name,) in names
        }


def _said(row: Sequence[object]) -> str:
    return "\n".join(
        bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)
        for value in row
    )
