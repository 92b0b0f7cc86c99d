"""What each way to sign in presents at the token endpoint, over a real channel."""

import json
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from function.auth.v1 import oauth_service_pb2
from function.company.v1 import company_service_pb2
from function_backend_client import (
    AsyncClient,
    ClientCredentials,
    Company,
    CredentialRevokedError,
    OAuthInvalidClientError,
    Password,
    PrivateKeyJwt,
    connect,
)
from tests.fixtures.scripted import ScriptedService, refuse

COMPANY = Company(id="01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11", legal_name="Example GmbH")
ISSUER = "https://backend.example"


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text.decode()


@pytest.fixture
def service(scripted: ScriptedService) -> ScriptedService:
    """A peer that hands out t1, t2, … and answers everybody."""

    def token(request: Any, context: grpc.ServicerContext) -> Any:
        number = len(scripted.received("Token"))
        return oauth_service_pb2.TokenResponse(
            access_token=f"t{number}", token_type="Bearer", expires_in=600, refresh_token=f"r{number}"
        )

    scripted.on("Token", token)
    scripted.on("GetDiscovery", lambda request, context: oauth_service_pb2.GetDiscoveryResponse(issuer=ISSUER))
    scripted.on("GetCompany", lambda request, context: company_service_pb2.GetCompanyResponse(company=COMPANY))
    scripted.on(
        "ExportCompanies",
        lambda request, context: iter([company_service_pb2.ExportCompaniesResponse(companies=[COMPANY])]),
    )
    return scripted


def requests(service: ScriptedService) -> list[Any]:
    return [call.request for call in service.received("Token")]


def credentials_sent(service: ScriptedService, method: str) -> list[str]:
    return [call.metadata["authorization"] for call in service.received(method)]


def refusing(service: ScriptedService, method: str, *tokens: str) -> None:
    """Refuses calls with one of the tokens as revoked."""
    answer = service._answers[method]

    def run(request: Any, context: grpc.ServicerContext) -> Any:
        metadata = {pair[0]: pair[1] for pair in context.invocation_metadata()}
        if metadata["authorization"] in {f"Bearer {token}" for token in tokens}:
            refuse(context, "CREDENTIAL_REVOKED")
        return answer(request, context)

    service.on(method, run)


def test_a_client_secret_is_exchanged_for_a_token_once(service: ScriptedService) -> None:
    grant = ClientCredentials("c-1", "s3cret", scopes=["company.read"], audience="shop")
    with connect(service.address, credentials=grant) as client:
        client.companies.get(COMPANY.id)
        client.companies.get(COMPANY.id)
    (sent,) = requests(service)
    assert (sent.grant_type, sent.client_id, sent.client_secret) == ("client_credentials", "c-1", "s3cret")
    assert (sent.scope, list(sent.audience)) == ("company.read", ["shop"])
    assert credentials_sent(service, "GetCompany") == ["Bearer t1"] * 2
    assert "authorization" not in service.received("Token")[0].metadata


async def _get(service: ScriptedService) -> None:
    async with AsyncClient(service.address, credentials=ClientCredentials("c-1", "s3cret")) as client:
        await client.companies.get(COMPANY.id)
        assert [company.id async for company in client.companies.export()] == [COMPANY.id]


def test_the_asynchronous_client_takes_the_same_grants_and_replaces_revoked_tokens(service: ScriptedService) -> None:
    import asyncio  # noqa: PLC0415  Only this test is asynchronous.

    refusing(service, "GetCompany", "t1")
    refusing(service, "ExportCompanies", "t2")
    asyncio.run(_get(service))
    assert credentials_sent(service, "GetCompany") == ["Bearer t1", "Bearer t2"]
    assert credentials_sent(service, "ExportCompanies") == ["Bearer t2", "Bearer t3"]


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
    ],
)
def test_a_private_key_signs_an_assertion_for_the_issuer_and_is_not_sent(
    service: ScriptedService, key: Any, algorithm: str, tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(pem(key))
    for grant in (PrivateKeyJwt("c-1", pem(key), "k-1"), PrivateKeyJwt("c-1", file, "k-1")):
        with connect(service.address, credentials=grant) as client:
            client.companies.get(COMPANY.id)
    first, second = (
        jwt.decode(sent.client_assertion, key.public_key(), algorithms=[algorithm], audience=ISSUER)
        for sent in requests(service)
    )
    assert first["iss"] == first["sub"] == "c-1"
    assert first["exp"] - first["iat"] == 60
    assert first["jti"] != second["jti"]
    sent = requests(service)[0]
    assert jwt.get_unverified_header(sent.client_assertion)["kid"] == "k-1"
    assert sent.client_assertion_type == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "PRIVATE" not in str(requests(service))


def test_a_password_is_sent_once_and_the_refresh_token_after_that(service: ScriptedService) -> None:
    refusing(service, "GetCompany", "t1", "t2")
    grant = Password("ann", "pa55word", tenant="acme", otp="123456")
    with connect(service.address, credentials=grant) as client:
        with pytest.raises(CredentialRevokedError):
            client.companies.get(COMPANY.id)
        client.companies.get(COMPANY.id)
    first, second, third = requests(service)
    assert (first.grant_type, first.username, first.password) == ("password", "ann", "pa55word")
    assert (first.tenant, first.otp) == ("acme", "123456")
    assert (second.grant_type, second.refresh_token, second.password) == ("refresh_token", "r1", "")
    assert third.refresh_token == "r2"
    assert credentials_sent(service, "GetCompany") == ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]


def test_a_session_that_is_over_is_begun_again_with_the_password(service: ScriptedService) -> None:
    answer = service._answers["Token"]

    def token(request: Any, context: grpc.ServicerContext) -> Any:
        if request.grant_type == "refresh_token":
            refuse(context, "OAUTH_INVALID_GRANT")
        return answer(request, context)

    service.on("Token", token)
    refusing(service, "GetCompany", "t1")
    with connect(service.address, credentials=Password("ann", "pa55word", "acme")) as client:
        client.companies.get(COMPANY.id)
    assert [sent.grant_type for sent in requests(service)] == ["password", "refresh_token", "password"]


def test_a_stream_that_is_refused_before_its_first_answer_begins_again_with_another_token(
    service: ScriptedService,
) -> None:
    refusing(service, "ExportCompanies", "t1")
    with connect(service.address, credentials=ClientCredentials("c-1", "s3cret")) as client:
        assert [company.id for company in client.companies.export()] == [COMPANY.id]
    assert credentials_sent(service, "ExportCompanies") == ["Bearer t1", "Bearer t2"]


def test_a_client_that_is_refused_gets_the_reason_and_its_secret_is_not_in_it(scripted: ScriptedService) -> None:
    scripted.on("Token", lambda request, context: refuse(context, "OAUTH_INVALID_CLIENT"))
    with connect(scripted.address, credentials=ClientCredentials("c-1", "s3cret")) as client:
        with pytest.raises(OAuthInvalidClientError) as caught:
            client.companies.get(COMPANY.id)
        assert "s3cret" not in repr(caught.value)
        assert "s3cret" not in repr(vars(client))


def test_no_grant_shows_its_secret() -> None:
    key = pem(ed25519.Ed25519PrivateKey.generate())
    shown = repr(
        [ClientCredentials("c", "s3cret"), PrivateKeyJwt("c", key), Password("ann", "pa55word", "acme", "654321")]
    )
    assert not any(secret in shown for secret in ("s3cret", "PRIVATE", "pa55word", "654321"))
    assert json.dumps("ann") in shown.replace("'", '"')
