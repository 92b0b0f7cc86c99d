"""Programs that we did not write get, use, look into and revoke tokens: Authlib and PyJWT by HTTP, grpcurl by gRPC."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import grpc
import jwt
import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import oauth_service_pb2, role_binding_pb2
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import CLIENT, PASSWORD, Account, Person, bind_role, make_account, make_person, tokens_of
from tests.fixtures.server import RunningServer

_SECONDS = 60
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

Json = dict[str, Any]


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    """A service account that may read companies."""
    made = make_account(server)
    bind_role(server, role_binding_pb2.ROLE_SUBJECT_KIND_SERVICE_ACCOUNT, made.id, "company.read")
    return made


@pytest.fixture(scope="module")
def person(server: RunningServer) -> Person:
    """A user who may read companies and let devices in."""
    return make_person(server, "company.read", "auth.device.approve")


class TestAnOAuthLibrary:
    def test_a_service_gets_uses_looks_into_and_revokes_a_token(
        self, server: RunningServer, http_url: str, account: Account
    ) -> None:
        at = _endpoints(http_url)
        client = OAuth2Session(account.client_id, account.secret, scope="company.read")
        token = client.fetch_token(at["token"], grant_type="client_credentials")["access_token"]
        assert _why_refused(server, token) is None
        assert client.introspect_token(at["introspection"], token=token).json()["active"] is True
        assert _verified(http_url, token)["sub"] == f"service_account:{account.id}"
        assert client.revoke_token(at["revocation"], token=token).status_code == requests.codes.ok
        _is_refused_at_last(server, token, "CREDENTIAL_REVOKED")
        assert client.introspect_token(at["introspection"], token=token).json() == {"active": False}

    def test_a_person_signs_in_goes_on_by_refreshing_and_signs_out(
        self, server: RunningServer, http_url: str, account: Account, person: Person
    ) -> None:
        at = _endpoints(http_url)
        client = OAuth2Session(CLIENT, token_endpoint_auth_method="none")
        first = client.fetch_token(at["token"], username=person.name, password=PASSWORD, tenant="default")
        assert _why_refused(server, first["access_token"]) is None
        claims = _verified(http_url, first["access_token"])
        assert (claims["sub"], claims["amr"]) == (f"user:{person.id}", ["pwd"])
        second = client.refresh_token(at["token"], refresh_token=first["refresh_token"])
        assert second["refresh_token"] != first["refresh_token"]
        assert _why_refused(server, second["access_token"]) is None
        service = OAuth2Session(account.client_id, account.secret)
        assert (
            service.introspect_token(at["introspection"], token=second["access_token"]).json()["sid"] == claims["sid"]
        )
        client.revoke_token(at["revocation"], token=second["refresh_token"], token_type_hint="refresh_token")
        for token in (first, second):
            _is_refused_at_last(server, token["access_token"], "SESSION_ENDED")
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(at["token"], refresh_token=second["refresh_token"])

    def test_a_device_is_let_in_by_a_person(self, server: RunningServer, http_url: str, person: Person) -> None:
        at = _endpoints(http_url)
        client = OAuth2Session(CLIENT, token_endpoint_auth_method="none")
        form = {"client_id": CLIENT, "tenant": "default"}
        waits = requests.post(at["device_authorization"], form, timeout=_SECONDS).json()
        assert waits["verification_uri"]
        by = client.fetch_token(at["token"], username=person.name, password=PASSWORD, tenant="default")["access_token"]
        tokens_of(server).ApproveDevice(
            oauth_service_pb2.ApproveDeviceRequest(user_code=waits["user_code"]),
            metadata=server.metadata(by),
            timeout=_SECONDS,
        )
        got = client.fetch_token(at["token"], grant_type=_DEVICE, device_code=waits["device_code"])
        assert _why_refused(server, got["access_token"]) is None
        assert _verified(http_url, got["access_token"])["sub"] == f"user:{person.id}"


class TestAJwtLibrary:
    def test_it_verifies_through_the_key_set_and_refuses_another_audience(
        self, http_url: str, account: Account
    ) -> None:
        client = OAuth2Session(account.client_id, account.secret)
        token = client.fetch_token(_endpoints(http_url)["token"], grant_type="client_credentials")["access_token"]
        assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
        assert _verified(http_url, token)["client_id"] == account.client_id
        with pytest.raises(jwt.InvalidAudienceError):
            _verified(http_url, token, audience="billing")
        head, body, signature = token.split(".")
        with pytest.raises(jwt.InvalidSignatureError):
            _verified(http_url, f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}")


class TestGrpcurl:
    def test_a_service_gets_uses_looks_into_and_revokes_a_token(
        self, server: RunningServer, grpcurl: str, account: Account
    ) -> None:
        def call(method: str, message: Json, token: str = "") -> Json:
            return _grpcurl(grpcurl, server, method, message, token)

        got = call("OAuthService/Token", {"grant_type": "client_credentials", **account.proof})
        token = got["accessToken"]
        assert got["tokenType"] == "Bearer"
        who = call("CredentialService/WhoAmI", {}, token)
        assert who["identity"]["subject"] == f"service_account:{account.id}"
        asked = {"token": token, **account.proof}
        told = call("OAuthService/Introspect", asked)
        assert (told["active"], told["sub"]) == (True, f"service_account:{account.id}")
        assert call("OAuthService/Revoke", asked) == {}
        assert not call("OAuthService/Introspect", asked).get("active")
        eventually(lambda: "CREDENTIAL_REVOKED" in _refusal(lambda: call("CredentialService/WhoAmI", {}, token)))

    def test_a_person_signs_in_goes_on_by_refreshing_and_signs_out(
        self, server: RunningServer, grpcurl: str, person: Person
    ) -> None:
        def call(method: str, message: Json, token: str = "") -> Json:
            return _grpcurl(grpcurl, server, method, message, token)

        first = call("OAuthService/Token", dict(person.proof))
        who = call("CredentialService/WhoAmI", {}, first["accessToken"])
        assert who["identity"]["subject"] == f"user:{person.id}"
        presented = {"client_id": CLIENT, "refresh_token": first["refreshToken"]}
        second = call("OAuthService/Token", {"grant_type": "refresh_token", **presented})
        again = call("CredentialService/WhoAmI", {}, second["accessToken"])
        assert again["identity"]["sessionId"] == who["identity"]["sessionId"]
        call("OAuthService/Revoke", {"client_id": CLIENT, "token": second["refreshToken"]})
        eventually(
            lambda: "SESSION_ENDED" in _refusal(lambda: call("CredentialService/WhoAmI", {}, second["accessToken"]))
        )


def _endpoints(http_url: str) -> dict[str, str]:
    """The URLs of the discovery document by their names; its host is that of the settings, which nobody serves here."""
    found = requests.get(f"{http_url}/.well-known/openid-configuration", timeout=_SECONDS).json()
    suffix = "_endpoint"
    return {
        name.removesuffix(suffix): http_url + urlsplit(value).path
        for name, value in found.items()
        if name.endswith(suffix)
    }


def _verified(http_url: str, token: str, *, audience: str = "function-backend") -> Json:
    """The claims of the token, as PyJWT verifies it through the key set."""
    found = requests.get(f"{http_url}/.well-known/openid-configuration", timeout=_SECONDS).json()
    key = jwt.PyJWKClient(http_url + urlsplit(found["jwks_uri"]).path).get_signing_key_from_jwt(token)
    algorithms = found["id_token_signing_alg_values_supported"]
    return jwt.decode(token, key, algorithms=algorithms, audience=audience, issuer=found["issuer"])


def _why_refused(server: RunningServer, token: str) -> str | None:
    """Why the service of companies refuses the token; None when it does not."""
    stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
    try:
        stub.ListCompanies(
            company_service_pb2.ListCompaniesRequest(), metadata=server.metadata(token), timeout=_SECONDS
        )
    except grpc.RpcError as error:
        status = rpc_status.from_call(cast("grpc.Call", error))
        assert status is not None
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in status.details)
        return info.reason
    return None


def _is_refused_at_last(server: RunningServer, token: str, reason: str) -> None:
    eventually(lambda: _why_refused(server, token) == reason)


def _grpcurl(program: str, server: RunningServer, method: str, message: Json, token: str) -> Json:
    header = ("-H", f"authorization: Bearer {token}") if token else ()
    arguments = [program, "-plaintext", *header, "-d", json.dumps(message), server.target, f"function.auth.v1.{method}"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, method, done.stdout, done.stderr)
    return cast("Json", json.loads(done.stdout))


def _refusal(call: Callable[[], Json]) -> str:
    """What grpcurl says of the refusal; nothing when the call was not refused."""
    try:
        call()
    except subprocess.CalledProcessError as error:
        return str(error.stderr)
    return ""
