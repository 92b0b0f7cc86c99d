"""The standard paths, as an ordinary OAuth library meets them."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from function.auth.v1 import (
    client_credential_service_pb2,
    second_factor_service_pb2,
    second_factor_service_pb2_grpc,
)
from function_backend.interceptors import forwarding
from function_backend.runtime.http import oauth
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import (
    CLIENT,
    PASSWORD,
    Account,
    credentials_of,
    get_token,
    make_account,
    make_person,
    store_account,
)
from tests.fixtures.http_port import OpenPort
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 60
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    return make_account(server)


def _post(url: str, data: Any, **more: Any) -> requests.Response:  # noqa: ANN401
    return requests.post(url, data=data, timeout=_SECONDS, **more)


def _error(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json()["error"]


@contextmanager
def _raw(url: str, request: bytes) -> Iterator[bytes]:
    """What comes back for the bytes, until the connection is closed."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=_SECONDS) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        yield answer


class TestAnOrdinaryClient:
    @pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
    def test_it_gets_looks_into_and_revokes_a_token(self, http_url: str, account: Account, method: str) -> None:
        found = requests.get(f"{http_url}/.well-known/oauth-authorization-server", timeout=_SECONDS).json()
        at = {name: http_url + urlsplit(value).path for name, value in found.items() if name.endswith("_endpoint")}
        assert method in found["token_endpoint_auth_methods_supported"]
        client = OAuth2Session(
            account.client_id, account.secret, token_endpoint_auth_method=method, scope="company.read"
        )
        token = client.fetch_token(at["token_endpoint"], grant_type="client_credentials")
        assert token["token_type"] == "Bearer"
        assert token["scope"] == "company.read"
        assert "refresh_token" not in token
        told = client.introspect_token(at["introspection_endpoint"], token=token["access_token"]).json()
        assert told["active"] is True
        assert told["sub"] == f"service_account:{account.id}"
        assert told["aud"] == ["function-backend"]
        assert isinstance(told["exp"], int)
        assert client.revoke_token(at["revocation_endpoint"], token=token["access_token"]).status_code == 200
        told = client.introspect_token(at["introspection_endpoint"], token=token["access_token"]).json()
        assert told == {"active": False}

    def test_a_jwt_library_verifies_the_token_through_the_key_set(self, http_url: str, account: Account) -> None:
        found = requests.get(f"{http_url}/.well-known/openid-configuration", timeout=_SECONDS).json()
        keys = requests.get(http_url + urlsplit(found["jwks_uri"]).path, timeout=_SECONDS)
        assert keys.headers["Cache-Control"] == "public, max-age=300"
        client = OAuth2Session(account.client_id, account.secret)
        token = client.fetch_token(f"{http_url}/oauth2/token", grant_type="client_credentials")
        algorithms = found["id_token_signing_alg_values_supported"]
        decoded = jwt.decode(token["access_token"], KeySet.import_key_set(keys.json()), algorithms=algorithms)
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": found["issuer"]},
            aud={"essential": True, "value": "function-backend"},
            exp={"essential": True},
        )
        registry.validate(decoded.claims)
        # A test that can fail: with another key of the same kind it does.
        other = ECKey.generate_key("P-256", parameters={"kid": decoded.header["kid"]})
        with pytest.raises(Exception, match=r"bad_signature|signature"):
            jwt.decode(token["access_token"], KeySet([other]), algorithms=algorithms)

    def test_it_proves_itself_with_a_private_key(self, server: RunningServer, http_url: str) -> None:
        account_id, key = store_account(server), RSAKey.generate_key(2048)
        credentials_of(server).AddPublicKey(
            client_credential_service_pb2.AddPublicKeyRequest(
                client_id=str(account_id), public_jwk=json.dumps(key.as_dict(private=False))
            ),
            metadata=server.metadata(),
            timeout=_SECONDS,
        )
        client = OAuth2Session(
            str(account_id), key.as_pem(private=True).decode(), token_endpoint_auth_method="private_key_jwt"
        )
        issuer = server.settings.auth.issuer
        client.register_client_auth_method(PrivateKeyJWT(f"{issuer}/oauth2/token", alg="RS256"))
        assert client.fetch_token(f"{http_url}/oauth2/token", grant_type="client_credentials")["access_token"]

    def test_a_secret_is_no_key_for_assertions(self, server: RunningServer, http_url: str, account: Account) -> None:
        client = OAuth2Session(account.client_id, account.secret, token_endpoint_auth_method="client_secret_jwt")
        client.register_client_auth_method(ClientSecretJWT(f"{server.settings.auth.issuer}/oauth2/token"))
        with pytest.raises(Exception, match="invalid_client"):
            client.fetch_token(f"{http_url}/oauth2/token", grant_type="client_credentials")

    def test_documents_answer_heads_and_refuse_other_verbs(self, http_url: str) -> None:
        head = requests.head(f"{http_url}/oauth2/jwks", timeout=_SECONDS)
        assert (head.status_code, head.text) == (200, "")
        refused = _post(f"{http_url}/oauth2/jwks", {})
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
        refused = requests.get(f"{http_url}/oauth2/token", timeout=_SECONDS)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


class TestFailures:
    def test_a_wrong_secret_is_answered_with_a_challenge(self, http_url: str, account: Account) -> None:
        answer = _post(
            f"{http_url}/oauth2/token", {"grant_type": "client_credentials"}, auth=(account.client_id, "wrong")
        )
        assert _error(answer) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert answer.json()["reason"] == "OAUTH_INVALID_CLIENT"
        assert answer.headers["X-Request-Id"]

    @pytest.mark.parametrize(
        ("form", "code"),
        [
            ({}, "invalid_request"),
            ({"grant_type": "implicit"}, "unsupported_grant_type"),
            ({"grant_type": "client_credentials", "scope": "no such"}, "invalid_scope"),
            ({"grant_type": "client_credentials", "audience": "payments"}, "invalid_target"),
            ({"grant_type": "refresh_token"}, "invalid_request"),
            ({"grant_type": "refresh_token", "refresh_token": "fbr_x"}, "invalid_grant"),
            ({"grant_type": "refresh_token", "refresh_token": "x" * 500}, "invalid_request"),
        ],
    )
    def test_each_failure_has_its_code(self, http_url: str, account: Account, form: dict[str, str], code: str) -> None:
        answer = _post(f"{http_url}/oauth2/token", form, auth=(account.client_id, account.secret))
        assert _error(answer) == (400, code)

    def test_limits_count_by_the_address_and_say_when_to_come_back(
        self, start_server: StartServer, open_port: OpenPort
    ) -> None:
        server = start_server(settings={"calls.anonymous_rate_limit_per_second": 3})
        url = open_port(server, trusted=("127.0.0.0/8",))

        def statuses(address: str) -> list[int]:
            headers = {"X-Forwarded-For": address}
            return [
                requests.get(f"{url}/oauth2/jwks", headers=headers, timeout=_SECONDS).status_code for _ in range(20)
            ]

        first = statuses("203.0.113.7, 198.51.100.9")
        assert 429 in first
        # What stands before the last untrusted hop is the client's own invention.
        headers = {"X-Forwarded-For": "192.0.2.1, 198.51.100.9"}
        answers = [requests.get(f"{url}/oauth2/jwks", headers=headers, timeout=_SECONDS) for _ in range(10)]
        limited = [answer for answer in answers if answer.status_code == 429]
        assert limited
        assert int(limited[0].headers["Retry-After"]) >= 1
        assert statuses("198.51.100.10")[0] == 200

    def test_a_stranger_cannot_say_that_it_asks_for_others(
        self, start_server: StartServer, open_port: OpenPort
    ) -> None:
        server = start_server(settings={"calls.anonymous_rate_limit_per_second": 3})
        url = open_port(server)
        statuses = {
            requests.get(
                f"{url}/oauth2/jwks", headers={"X-Forwarded-For": f"203.0.113.{number}"}, timeout=_SECONDS
            ).status_code
            for number in range(20)
        }
        assert 429 in statuses

    def test_without_a_worker_it_says_when_to_come_back(self, server: RunningServer, open_port: OpenPort) -> None:
        for sockets in ([], ["unix:/tmp/fb-there-is-none.sock"]):
            answer = _post(f"{open_port(server, sockets=sockets)}/oauth2/token", {"grant_type": "x"})
            assert _error(answer) == (503, "temporarily_unavailable")
            assert int(answer.headers["Retry-After"]) >= 1

    def test_a_worker_that_is_gone_is_passed_over(
        self, server: RunningServer, account: Account, open_port: OpenPort
    ) -> None:
        url = open_port(server, sockets=["unix:/tmp/fb-there-is-none.sock", server.local])
        for _ in range(4):
            answer = _post(
                f"{url}/oauth2/token", {"grant_type": "client_credentials"}, auth=(account.client_id, account.secret)
            )
            assert answer.status_code == 200


class TestPeople:
    def test_a_sign_in_that_fails_has_a_code_and_a_reason(self, server: RunningServer, http_url: str) -> None:
        person = make_person(server)
        form = {"grant_type": "password", "client_id": CLIENT, "tenant": "default", "username": person.name}
        seed = _enrol(server, _post(f"{http_url}/oauth2/token", {**form, "password": PASSWORD}).json()["access_token"])
        answer = _post(f"{http_url}/oauth2/token", {**form, "password": PASSWORD})
        assert _error(answer) == (400, "invalid_grant")
        assert answer.json()["reason"] == "SECOND_FACTOR_REQUIRED"
        otp = seed.at(datetime.now(UTC), counter_offset=1)
        assert _post(f"{http_url}/oauth2/token", {**form, "password": PASSWORD, "otp": otp}).status_code == 200
        answer = _post(f"{http_url}/oauth2/token", {**form, "password": "wrong"})
        assert _error(answer) == (400, "invalid_grant")
        assert answer.json()["reason"] == "SIGN_IN_FAILED"

    def test_whoever_guesses_is_told_when_to_come_back(self, server: RunningServer, http_url: str) -> None:
        form = {
            "grant_type": "password",
            "client_id": CLIENT,
            "tenant": "default",
            "username": make_person(server).name,
        }
        answers = [_post(f"{http_url}/oauth2/token", {**form, "password": f"guess {number}"}) for number in range(7)]
        assert _error(answers[-1]) == (429, "temporarily_unavailable")
        assert answers[-1].json()["reason"] == "SIGN_IN_DELAYED"
        assert int(answers[-1].headers["Retry-After"]) >= 1


def _enrol(server: RunningServer, token: str) -> pyotp.TOTP:
    """Gives the person of the token a second factor."""
    stub = second_factor_service_pb2_grpc.SecondFactorServiceStub(server.channel)
    more: dict[str, Any] = {"metadata": server.metadata(token), "timeout": _SECONDS}
    seed = pyotp.TOTP(stub.EnrolTotp(second_factor_service_pb2.EnrolTotpRequest(), **more).secret)
    stub.ConfirmTotp(second_factor_service_pb2.ConfirmTotpRequest(code=seed.now()), **more)
    return seed


class TestHostileRequests:
    @pytest.mark.parametrize("name", ["grant_type", "client_id", "scope", "unknown"])
    def test_a_parameter_that_stands_twice_is_refused(self, http_url: str, account: Account, name: str) -> None:
        form = [("grant_type", "client_credentials"), (name, "x"), (name, "x")]
        answer = _post(f"{http_url}/oauth2/token", form, auth=(account.client_id, account.secret))
        assert _error(answer) == (400, "invalid_request")

    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic " + base64.b64encode(b"no colon").decode(),
            "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
            "Digest username=x",
            "Bearer x",
        ],
    )
    def test_a_header_that_cannot_be_read_is_refused(self, http_url: str, header: str) -> None:
        answer = _post(
            f"{http_url}/oauth2/token", {"grant_type": "client_credentials"}, headers={"Authorization": header}
        )
        assert _error(answer) == (400, "invalid_request")

    def test_two_ways_of_proving_oneself_are_refused(self, http_url: str, account: Account) -> None:
        for more in ({"client_secret": account.secret}, {"client_id": "another"}, {"client_assertion": "a.b.c"}):
            form = {"grant_type": "client_credentials", **more}
            answer = _post(f"{http_url}/oauth2/token", form, auth=(account.client_id, account.secret))
            assert _error(answer) == (400, "invalid_request")

    def test_parameters_in_the_url_are_refused(self, http_url: str, account: Account) -> None:
        answer = _post(
            f"{http_url}/oauth2/token?grant_type=client_credentials", {}, auth=(account.client_id, account.secret)
        )
        assert _error(answer) == (400, "invalid_request")

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b'{"grant_type":"client_credentials"}', "application/json"),
            (b"grant_type=client_credentials", ""),
            (b"grant_type=client_credentials", "multipart/form-data"),
            (b"grant_type=%FF%FE", _FORM["Content-Type"]),
            (b"\xff\xfe=1", _FORM["Content-Type"]),
            (b"&".join(b"a%d=1" % number for number in range(100)), _FORM["Content-Type"]),
            (b"=", _FORM["Content-Type"]),
            (b"%00=%00", _FORM["Content-Type"]),
        ],
    )
    def test_a_body_that_is_no_form_is_refused(self, http_url: str, body: bytes, kind: str) -> None:
        headers = {"Content-Type": kind} if kind else {}
        assert _error(_post(f"{http_url}/oauth2/token", body, headers=headers)) == (400, "invalid_request")

    def test_a_form_above_the_limit_is_refused_before_it_is_read(self, http_url: str) -> None:
        head = b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        for length in (65537, 10**8, 10**30):
            with _raw(http_url, head % length) as answer:
                assert answer.startswith(b"HTTP/1.1 413 ")

    @pytest.mark.parametrize(
        "headers",
        [
            b"",
            b"Transfer-Encoding: chunked\r\n",
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            b"Content-Length: 4\r\nContent-Length: 5\r\n",
            b"Content-Length: -1\r\n",
            b"Content-Length: +4\r\n",
            b"Content-Length: 0x4\r\n",
        ],
    )
    def test_what_two_readers_could_cut_differently_is_refused_and_the_connection_ends(
        self, http_url: str, headers: bytes
    ) -> None:
        request = b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\na=1&GET /metrics HTTP/1.1\r\n\r\n"
        with _raw(http_url, request) as answer:
            assert answer.split(b" ")[1] in (b"411", b"400")
            assert answer.count(b"HTTP/1.1 ") == 1

    def test_nothing_sent_gets_into_a_header_of_the_answer(self, http_url: str, account: Account) -> None:
        evil = "x\r\nSet-Cookie: a=b"
        answer = _post(
            f"{http_url}/oauth2/token",
            {"grant_type": evil, "scope": evil, "client_id": evil, "client_secret": evil},
            headers={"X-Request-Id": "x%0d%0aSet-Cookie: a=b"},
        )
        assert "Set-Cookie" not in answer.headers
        assert answer.status_code == 400
        assert "\n" not in answer.json()["error_description"]

    def test_metadata_of_the_own_processes_counts_on_their_socket_alone(self, start_server: StartServer) -> None:
        assert (forwarding.FORWARDED_ADDRESS, forwarding.FORWARDED_DEVICE) == (oauth._ADDRESS, oauth._DEVICE)
        server = start_server(settings={"calls.anonymous_rate_limit_per_second": 2})
        path = "/function.auth.v1.OAuthService/GetJwks"
        codes = set()
        for number in range(10):
            metadata = ((forwarding.FORWARDED_ADDRESS, f"203.0.113.{number}"),)
            try:
                server.channel.unary_unary(path)(b"", _SECONDS, metadata)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001
                codes.add(error.code().name)  # type: ignore[attr-defined]
        assert codes == {"RESOURCE_EXHAUSTED"}

    def test_unknown_paths_are_not_there(self, http_url: str) -> None:
        assert requests.get(f"{http_url}/oauth2/", timeout=_SECONDS).status_code == 404
        assert _post(f"{http_url}/oauth2/authorize", {}).status_code == 404
        assert requests.get(f"{http_url}/healthz", timeout=_SECONDS).status_code == 200


class TestSlowClients:
    def test_they_are_cut_off_and_others_are_served(
        self, http_url: str, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("function_backend.runtime.http.connections._REQUEST_SECONDS", 0.5)
        parts = urlsplit(http_url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_SECONDS) as slow:
            slow.sendall(b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\n")
            assert requests.get(f"{http_url}/oauth2/jwks", timeout=_SECONDS).status_code == 200
            # Nothing more is sent; the server ends it.
            assert slow.recv(1000) == b""

    def test_beyond_the_limit_connections_are_told_to_come_back(
        self, server: RunningServer, open_port: OpenPort
    ) -> None:
        url = open_port(server)
        parts = urlsplit(url)
        held = []
        try:
            for _ in range(64):
                connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_SECONDS)
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert connection.recv(12) == b"HTTP/1.1 200"
                held.append(connection)
            with _raw(url, b"") as answer:
                assert answer.startswith(b"HTTP/1.1 503 ")
        finally:
            for connection in held:
                connection.close()


def test_a_call_over_http_is_logged_and_counted_as_any_other(
    server: RunningServer, http_url: str, account: Account
) -> None:
    sample = ("function_backend_rpc_handled_total", {"method": "/function.auth.v1.OAuthService/Token", "code": "OK"})
    server.backend._outlook.flush()
    before = server.registry.get_sample_value(*sample) or 0
    answer = _post(
        f"{http_url}/oauth2/token",
        {"grant_type": "client_credentials"},
        auth=(account.client_id, account.secret),
        headers={"X-Request-Id": "from-http-1"},
    )
    assert answer.headers["X-Request-Id"] == "from-http-1"
    server.backend._outlook.flush()
    assert server.registry.get_sample_value(*sample) == before + 1
    assert get_token(server, account).access_token
    line = eventually(
        lambda: next((line for line in server.log_lines() if line.get("request_id") == "from-http-1"), None)
    )
    assert (line["peer"], line["actor"]) == ("http:127.0.0.1", f"service_account:{account.id}")
    assert account.secret not in server.log_text()
