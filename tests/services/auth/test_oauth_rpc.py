"""The grants over a real channel, as a service that speaks gRPC meets them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from unittest.mock import ANY
from uuid import UUID, uuid4

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from function.auth.v1 import client_credential_service_pb2, oauth_service_pb2
from function_backend.services.auth.domain.client_assertion import ASSERTION_TYPE
from function_backend.services.auth.domain.secret_text import CLIENT_SECRET, mint
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import (
    Account,
    credentials_of,
    get_token,
    make_account,
    set_state,
    store_account,
    tokens_of,
)
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 10
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_ISSUER = "http://127.0.0.1:9464"

_SHORT_MODULUS = "f" * 170  # 1024 bits.

AnyKey = ECKey | OKPKey | RSAKey


def _why(call: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever it is, it raises
    """The reason and the OAuth code of the refusal."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    status = rpc_status.from_call(cast("grpc.Call", refused.value))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, info.metadata["error"]


def _request(**fields: object) -> oauth_service_pb2.TokenRequest:
    return oauth_service_pb2.TokenRequest(**fields)  # type: ignore[arg-type]


def _token(server: RunningServer, **fields: object) -> oauth_service_pb2.TokenResponse:
    return tokens_of(server).Token(_request(**fields), timeout=_SECONDS)


def _introspect(server: RunningServer, token: str, account: Account) -> oauth_service_pb2.IntrospectResponse:
    request = oauth_service_pb2.IntrospectRequest(token=token, **account.proof)
    return tokens_of(server).Introspect(request, timeout=_SECONDS)


def _revoke(server: RunningServer, token: str, account: Account) -> None:
    request = oauth_service_pb2.RevokeRequest(token=token, **account.proof)
    tokens_of(server).Revoke(request, timeout=_SECONDS)


def _keys(server: RunningServer) -> KeySet:
    found = tokens_of(server).GetJwks(oauth_service_pb2.GetJwksRequest(), timeout=_SECONDS)
    names = ("kty", "use", "alg", "kid", "crv", "x", "y")
    return KeySet.import_key_set(
        {"keys": [{name: value for name in names if (value := getattr(key, name))} for key in found.keys]}
    )


def _refusals(server: RunningServer, client_id: UUID) -> list[tuple[str, str, str]]:
    """Who did not prove to be the client, by the audit trail: kind of caller, cause, address."""
    with psycopg.connect(server.database.superuser_url) as connection:
        return connection.execute(
            "select split_part(actor, ':', 1), details ->> 'cause', details ->> 'client_address' from audit_record"
            " where event_type = 'function.auth.v1.ClientRefused' and subject_id = %s",
            (client_id,),
        ).fetchall()


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    return make_account(server)


class TestClientCredentials:
    def test_a_token_verifies_through_the_published_keys_and_says_whose_it_is(
        self, server: RunningServer, account: Account
    ) -> None:
        answer = get_token(server, account)
        assert (answer.token_type, answer.refresh_token, answer.scope) == ("Bearer", "", "")
        token = jwt.decode(answer.access_token, _keys(server), algorithms=["ES256"])
        assert token.header["typ"] == "at+jwt"
        assert token.claims["sub"] == f"service_account:{account.id}"
        assert token.claims["client_id"] == account.client_id
        assert token.claims["iss"] == _ISSUER
        assert token.claims["exp"] - token.claims["iat"] == answer.expires_in

    def test_scopes_narrow_it_and_are_answered(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account, scope="company.read  auth.self.*")
        assert answer.scope == "auth.self.* company.read"
        assert _introspect(server, answer.access_token, account).scope == answer.scope

    @pytest.mark.parametrize("scope", ["company.reed", "Company.read", 'a" onload=', "company.read\ttenant", "*.*"])
    def test_a_scope_that_is_no_permission_is_refused(
        self, server: RunningServer, account: Account, scope: str
    ) -> None:
        assert _why(lambda: get_token(server, account, scope=scope)) == ("OAUTH_INVALID_SCOPE", "invalid_scope")

    def test_an_audience_that_nobody_set_up_is_refused(self, server: RunningServer, account: Account) -> None:
        for field in ("audience", "resource"):
            why = _why(lambda field=field: get_token(server, account, **{field: ["payments"]}))
            assert why == ("OAUTH_INVALID_TARGET", "invalid_target")

    def test_guessed_and_foreign_secrets_are_all_refused_alike(self, server: RunningServer, account: Account) -> None:
        other = make_account(server)
        for secret in (
            "",
            "x",
            "fbs_" + "0" * 49,
            account.secret[:-1] + ("A" if account.secret[-1] != "A" else "B"),
            account.secret.swapcase(),
            account.secret + " ",
            other.secret,
            server.admin_key,
        ):
            why = _why(lambda secret=secret: get_token(server, Account(account.id, secret)))
            assert why == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_a_guess_is_in_the_audit_trail_once_in_a_while(self, server: RunningServer) -> None:
        account, guess = make_account(server), mint(CLIENT_SECRET).text
        for _ in range(3):
            assert _why(lambda: get_token(server, Account(account.id, guess))) == _REFUSED
        assert _refusals(server, account.id) == [("anonymous", "secret", ANY)]
        assert guess not in server.log_text()
        # Nobody who exists is named, so there is nobody whose trail it could be in.
        nobody = Account(uuid4(), guess)
        assert _why(lambda: get_token(server, nobody)) == _REFUSED
        assert _refusals(server, nobody.id) == []

    @pytest.mark.parametrize(
        "client_id", ["", "x", "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11", "function-backend-cli", "%", "'; --"]
    )
    def test_a_secret_of_another_client_is_refused(
        self, server: RunningServer, account: Account, client_id: str
    ) -> None:
        why = _why(
            lambda: _token(server, grant_type="client_credentials", client_id=client_id, client_secret=account.secret)
        )
        assert why == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_an_id_in_another_spelling_is_another_client(self, server: RunningServer, account: Account) -> None:
        for client_id in (account.client_id.upper(), "{" + account.client_id + "}", account.id.hex):
            why = _why(
                lambda client_id=client_id: _token(
                    server, grant_type="client_credentials", client_id=client_id, client_secret=account.secret
                )
            )
            assert why == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_a_suspended_account_gets_nothing(self, server: RunningServer) -> None:
        suspended = make_account(server)
        get_token(server, suspended)
        set_state(server, "service_account", suspended.id, "suspended")
        assert _why(lambda: get_token(server, suspended)) == ("OAUTH_INVALID_CLIENT", "invalid_client")

    @pytest.mark.parametrize("grant_type", ["implicit", "authorization_code", "CLIENT_CREDENTIALS", "urn:x"])
    def test_an_unknown_grant_is_named_as_such(self, server: RunningServer, account: Account, grant_type: str) -> None:
        why = _why(lambda: _token(server, grant_type=grant_type, **account.proof))
        assert why == ("OAUTH_UNSUPPORTED_GRANT_TYPE", "unsupported_grant_type")

    def test_a_request_without_a_grant_is_refused(self, server: RunningServer) -> None:
        assert _why(lambda: _token(server)) == ("OAUTH_INVALID_REQUEST", "invalid_request")

    def test_proving_oneself_in_two_ways_is_refused(self, server: RunningServer, account: Account) -> None:
        why = _why(
            lambda: _token(
                server,
                grant_type="client_credentials",
                client_assertion_type=ASSERTION_TYPE,
                client_assertion="a.b.c",
                **account.proof,
            )
        )
        assert why == ("OAUTH_INVALID_REQUEST", "invalid_request")

    def test_the_grant_is_in_the_audit_trail_without_the_token(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account)
        with psycopg.connect(server.database.superuser_url) as connection:
            row = connection.execute(
                "select actor, event_type, details::text from audit_record where subject_id = %s",
                (_introspect(server, answer.access_token, account).jti,),
            ).fetchone()
            texts = connection.execute("select details::text from audit_record where details is not null").fetchall()
        assert row is not None
        assert row[:2] == (f"service_account:{account.id}", "function.auth.v1.AccessTokenIssued")
        assert not any(account.secret in text or answer.access_token in text for (text,) in texts)


class TestSecrets:
    def test_several_work_at_once_and_a_revoked_one_stops_at_once(self, server: RunningServer) -> None:
        first = make_account(server)
        made = credentials_of(server).CreateClientSecret(
            client_credential_service_pb2.CreateClientSecretRequest(client_id=first.client_id, display_name="next"),
            metadata=server.metadata(),
            timeout=_SECONDS,
        )
        second = Account(first.id, made.secret)
        get_token(server, first)
        get_token(server, second)
        listed = credentials_of(server).ListClientCredentials(
            client_credential_service_pb2.ListClientCredentialsRequest(client_id=first.client_id),
            metadata=server.metadata(),
            timeout=_SECONDS,
        )
        assert [each.display_name for each in listed.credentials] == ["", "next"]
        assert all(each.HasField("last_use_time") for each in listed.credentials)
        assert first.secret not in str(listed)
        credentials_of(server).RevokeClientCredential(
            client_credential_service_pb2.RevokeClientCredentialRequest(id=listed.credentials[0].id),
            metadata=server.metadata(),
            timeout=_SECONDS,
        )
        assert _why(lambda: get_token(server, first)) == ("OAUTH_INVALID_CLIENT", "invalid_client")
        get_token(server, second)

    def test_an_expired_secret_is_refused(self, start_server: StartServer, set_clock: Any) -> None:  # noqa: ANN401
        server = start_server(clock=set_clock)
        account_id = store_account(server)
        ends = set_clock.now() + timedelta(hours=1)
        made = credentials_of(server).CreateClientSecret(
            client_credential_service_pb2.CreateClientSecretRequest(
                client_id=str(account_id), expire_time=Timestamp(seconds=int(ends.timestamp()))
            ),
            metadata=server.metadata(),
            timeout=_SECONDS,
        )
        account = Account(account_id, made.secret)
        get_token(server, account)
        set_clock.advance(timedelta(hours=2))
        assert _why(lambda: get_token(server, account)) == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_the_secret_is_nowhere_in_the_database(self, server: RunningServer, account: Account) -> None:
        with psycopg.connect(server.database.superuser_url) as connection:
            rows = connection.execute("select c::text from client_credential c").fetchall()
            assert rows
            assert not any(account.secret in row or account.secret[4:20] in row for (row,) in rows)

    def test_an_account_has_only_so_many(self, server: RunningServer) -> None:
        account_id = store_account(server)

        def create() -> None:
            credentials_of(server).CreateClientSecret(
                client_credential_service_pb2.CreateClientSecretRequest(client_id=str(account_id)),
                metadata=server.metadata(),
                timeout=_SECONDS,
            )

        for _ in range(10):
            create()
        assert _why(create)[0] == "TOO_MANY_CLIENT_CREDENTIALS"

    def test_accounts_and_credentials_of_another_tenant_do_not_exist(
        self, server: RunningServer, account: Account, other_tenant_key: str
    ) -> None:
        stub = credentials_of(server)
        theirs = server.metadata(other_tenant_key)
        why = _why(
            lambda: stub.CreateClientSecret(
                client_credential_service_pb2.CreateClientSecretRequest(client_id=account.client_id),
                metadata=theirs,
                timeout=_SECONDS,
            )
        )
        assert why[0] == "CLIENT_NOT_FOUND"
        request = client_credential_service_pb2.ListClientCredentialsRequest(client_id=account.client_id)
        ours = stub.ListClientCredentials(request, metadata=server.metadata(), timeout=_SECONDS)
        assert not stub.ListClientCredentials(request, metadata=theirs, timeout=_SECONDS).credentials
        why = _why(
            lambda: stub.RevokeClientCredential(
                client_credential_service_pb2.RevokeClientCredentialRequest(id=ours.credentials[0].id),
                metadata=theirs,
                timeout=_SECONDS,
            )
        )
        assert why[0] == "CLIENT_CREDENTIAL_NOT_FOUND"

    def test_the_same_request_gives_the_same_secret(self, server: RunningServer) -> None:
        request = client_credential_service_pb2.CreateClientSecretRequest(
            client_id=str(store_account(server)), request_id=str(uuid4())
        )
        first, second = (
            credentials_of(server).CreateClientSecret(request, metadata=server.metadata(), timeout=_SECONDS)
            for _ in range(2)
        )
        assert first == second


def _add_key(server: RunningServer, account_id: Any, key: AnyKey, **more: str) -> str:  # noqa: ANN401
    added = credentials_of(server).AddPublicKey(
        client_credential_service_pb2.AddPublicKeyRequest(
            client_id=str(account_id), public_jwk=json.dumps({**key.as_dict(private=False), **more})
        ),
        metadata=server.metadata(),
        timeout=_SECONDS,
    )
    return added.credential.key_id


def _assertion(account_id: Any, key: AnyKey, algorithm: str, **claims: object) -> str:  # noqa: ANN401
    """An assertion with these claims; a span stands for the moment that is so far from now."""
    now = int(datetime.now(UTC).timestamp())
    whole = {
        "iss": str(account_id),
        "sub": str(account_id),
        "aud": _ISSUER,
        "exp": now + 60,
        "iat": now,
        "jti": uuid4().hex,
        **claims,
    }
    said = {
        name: now + int(value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in whole.items()
        if value is not None
    }
    return jwt.encode({"alg": algorithm}, said, key, algorithms=[algorithm])


def _by_assertion(server: RunningServer, assertion: str, **fields: object) -> oauth_service_pb2.TokenResponse:
    return _token(
        server,
        grant_type="client_credentials",
        client_assertion_type=ASSERTION_TYPE,
        client_assertion=assertion,
        **fields,
    )


_REFUSED = ("OAUTH_INVALID_CLIENT", "invalid_client")


class TestPrivateKeyJwt:
    @pytest.mark.parametrize(
        ("algorithm", "make"),
        [
            ("ES256", lambda: ECKey.generate_key("P-256")),
            ("EdDSA", lambda: OKPKey.generate_key("Ed25519")),
            ("Ed25519", lambda: OKPKey.generate_key("Ed25519")),
            ("RS256", lambda: RSAKey.generate_key(2048)),
        ],
    )
    @pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
    def test_each_kind_of_key_works(self, server: RunningServer, algorithm: str, make: Any) -> None:  # noqa: ANN401
        account_id, key = store_account(server), make()
        _add_key(server, account_id, key)
        assert _by_assertion(server, _assertion(account_id, key, algorithm)).access_token
        answer = _by_assertion(
            server, _assertion(account_id, key, algorithm, aud=[f"{_ISSUER}/oauth2/token"]), client_id=str(account_id)
        )
        assert answer.access_token

    def test_an_assertion_is_good_once(self, server: RunningServer) -> None:
        account_id, key = store_account(server), ECKey.generate_key("P-256")
        _add_key(server, account_id, key)
        assertion = _assertion(account_id, key, "ES256")
        assert _by_assertion(server, assertion).access_token
        assert _why(lambda: _by_assertion(server, assertion)) == _REFUSED
        assert [cause for _, cause, _ in _refusals(server, account_id)] == ["replayed_assertion"]

    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "https://elsewhere.example"},
            {"aud": None},
            {"exp": None},
            {"exp": 1},
            {"exp": 1e400},
            {"exp": True},
            {"exp": timedelta(days=1)},
            {"iat": timedelta(hours=1)},
            {"nbf": timedelta(hours=1)},
            {"jti": None},
            {"jti": "x"},
            {"jti": "x" * 300},
            {"jti": 12345678},
            {"iss": "somebody"},
            {"sub": "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"},
            {"iss": "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11", "sub": "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"},
        ],
        ids=str,
    )
    def test_claims_that_do_not_fit_are_refused(self, server: RunningServer, claims: dict[str, object]) -> None:
        account_id, key = store_account(server), ECKey.generate_key("P-256")
        _add_key(server, account_id, key)
        assert _why(lambda: _by_assertion(server, _assertion(account_id, key, "ES256", **claims))) == _REFUSED

    def test_another_key_another_client_and_another_algorithm_are_refused(self, server: RunningServer) -> None:
        account_id, key = store_account(server), ECKey.generate_key("P-256")
        _add_key(server, account_id, key)
        stranger = ECKey.generate_key("P-256")
        assert _why(lambda: _by_assertion(server, _assertion(account_id, stranger, "ES256"))) == _REFUSED
        other = make_account(server)
        mine = _assertion(account_id, key, "ES256")
        assert _why(lambda: _by_assertion(server, mine, client_id=other.client_id)) == _REFUSED
        # HMAC with the public key as the secret, which a careless verifier takes for the key of the algorithm.
        confused = _confused(account_id, key)
        assert _why(lambda: _by_assertion(server, confused)) == _REFUSED

    @pytest.mark.parametrize("text", ["", "a.b.c", "..", "a" * 8000, "eyJhbGciOiJub25lIn0.e30.", "é.é.é"])
    def test_a_text_that_is_no_assertion_is_refused(self, server: RunningServer, text: str) -> None:
        assert _why(lambda: _by_assertion(server, text)) == _REFUSED

    def test_an_unknown_type_of_assertion_is_refused(self, server: RunningServer) -> None:
        why = _why(
            lambda: _token(server, grant_type="client_credentials", client_assertion_type="x", client_assertion="a.b.c")
        )
        assert why == ("OAUTH_INVALID_REQUEST", "invalid_request")

    @pytest.mark.parametrize(
        "jwk",
        [
            "",
            "[]",
            "{}",
            '{"kty":"oct","k":"AAAA"}',
            '{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}',
            '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}',
            '{"kty":"RSA","n":"AQAB","e":"AQAB"}',
            json.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
            json.dumps({"kty": "RSA", "e": "AQAB", "n": _SHORT_MODULUS}),
            json.dumps(ECKey.generate_key("P-256").as_dict(private=False) | {"kid": "a\nb"}),
            json.dumps(ECKey.generate_key("P-256").as_dict(private=False) | {"alg": "HS256"}),
            '{"kty":"EC","kty":"EC","crv":"P-256"}',
        ],
    )
    def test_keys_that_are_none_are_refused(self, server: RunningServer, account: Account, jwk: str) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            credentials_of(server).AddPublicKey(
                client_credential_service_pb2.AddPublicKeyRequest(client_id=account.client_id, public_jwk=jwk),
                metadata=server.metadata(),
                timeout=_SECONDS,
            )
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def _confused(account_id: Any, key: ECKey) -> str:  # noqa: ANN401
    import base64  # noqa: PLC0415
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    genuine = _assertion(account_id, key, "ES256")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()
    signed = f"{head}.{genuine.split('.')[1]}"
    secret = json.dumps(key.as_dict(private=False)).encode()
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    return f"{signed}.{mac}"


class TestIntrospectionAndRevocation:
    def test_a_good_token_says_what_it_is_until_it_is_revoked(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account, scope="company.read")
        told = _introspect(server, answer.access_token, account)
        assert told.active
        assert (told.sub, told.client_id) == (f"service_account:{account.id}", account.client_id)
        assert list(told.aud) == ["function-backend"]
        assert (told.iss, told.token_type, told.scope) == (_ISSUER, "Bearer", "company.read")
        _revoke(server, answer.access_token, account)
        assert _introspect(server, answer.access_token, account) == oauth_service_pb2.IntrospectResponse(active=False)
        _revoke(server, answer.access_token, account)

    def test_a_caller_with_a_key_may_ask_too(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account)
        key = make_key(server, "company.read")
        request = oauth_service_pb2.IntrospectRequest(token=answer.access_token, bearer=key)
        assert tokens_of(server).Introspect(request, timeout=_SECONDS).active
        request.bearer = key[:-1] + ("A" if key[-1] != "A" else "B")
        assert _why(lambda: tokens_of(server).Introspect(request, timeout=_SECONDS)) == _REFUSED

    @pytest.mark.parametrize("client_id", ["", "function-backend-cli"])
    def test_nobody_learns_anything_without_a_proof(
        self, server: RunningServer, account: Account, client_id: str
    ) -> None:
        token = get_token(server, account).access_token
        request = oauth_service_pb2.IntrospectRequest(token=token, client_id=client_id)
        with pytest.raises(grpc.RpcError):
            tokens_of(server).Introspect(request, timeout=_SECONDS)

    def test_another_tenant_sees_neither_whether_it_is_good_nor_can_end_it(
        self, server: RunningServer, account: Account
    ) -> None:
        name = f"tenant-{uuid4().hex}"
        stranger = make_account(server, by=make_tenant(server, name), tenant=name)
        token = get_token(server, account).access_token
        assert _introspect(server, token, stranger) == oauth_service_pb2.IntrospectResponse(active=False)
        _revoke(server, token, stranger)
        assert _introspect(server, token, account).active
        key = make_key(server, "company.read", by=make_tenant(server))
        request = oauth_service_pb2.IntrospectRequest(token=token, bearer=key)
        assert not tokens_of(server).Introspect(request, timeout=_SECONDS).active

    def test_a_client_ends_only_its_own_tokens(self, server: RunningServer, account: Account) -> None:
        token = get_token(server, account).access_token
        colleague = make_account(server)
        why = _why(lambda: _revoke(server, token, colleague))
        assert why == ("OAUTH_UNAUTHORIZED_CLIENT", "unauthorized_client")
        assert _introspect(server, token, account).active

    @pytest.mark.parametrize("token", ["x", "a.b.c", "fbr_" + "0" * 49, "fbr_", "\N{SNOWMAN}", "null"])
    def test_what_is_no_token_is_not_good_and_its_revocation_no_error(
        self, server: RunningServer, account: Account, token: str
    ) -> None:
        assert not _introspect(server, token, account).active
        _revoke(server, token, account)

    def test_a_token_of_a_suspended_account_is_not_good(self, server: RunningServer, account: Account) -> None:
        suspended = make_account(server)
        token = get_token(server, suspended).access_token
        set_state(server, "service_account", suspended.id, "suspended")
        assert not _introspect(server, token, account).active


class TestExchange:
    def test_the_chain_of_actors_is_kept_and_everything_only_narrows(
        self, server: RunningServer, account: Account
    ) -> None:
        gateway, worker = make_account(server), make_account(server)
        subject = get_token(server, account, scope="company.* auth.self.read_sessions").access_token
        first = _exchange(server, gateway, subject, scope="company.*")
        assert first.issued_token_type == _ACCESS_TOKEN
        second = _exchange(server, worker, first.access_token, scope="company.read")
        told = _introspect(server, second.access_token, account)
        assert (told.sub, told.client_id) == (f"service_account:{account.id}", worker.client_id)
        assert told.act.sub == f"service_account:{worker.id}"
        assert told.act.act.sub == f"service_account:{gateway.id}"
        assert told.scope == "company.read"
        why = _why(lambda: _exchange(server, gateway, second.access_token, scope="company.*"))
        assert why == ("OAUTH_INVALID_SCOPE", "invalid_scope")
        why = _why(lambda: _exchange(server, gateway, second.access_token, audience=["payments"]))
        assert why == ("OAUTH_INVALID_TARGET", "invalid_target")

    def test_the_token_does_not_outlive_the_one_it_was_exchanged_for(
        self, server: RunningServer, account: Account
    ) -> None:
        subject = get_token(server, account).access_token
        exchanged = _exchange(server, make_account(server), subject)
        before, after = (_introspect(server, token, account) for token in (subject, exchanged.access_token))
        assert after.exp <= before.exp

    def test_a_chain_has_an_end(self, server: RunningServer, account: Account) -> None:
        token = get_token(server, account).access_token
        for _ in range(4):
            token = _exchange(server, make_account(server), token).access_token
        why = _why(lambda: _exchange(server, make_account(server), token))
        assert why == ("OAUTH_INVALID_REQUEST", "invalid_request")

    def test_a_revoked_token_and_one_of_another_tenant_are_refused(
        self, server: RunningServer, account: Account
    ) -> None:
        client = make_account(server)
        revoked = get_token(server, account).access_token
        _revoke(server, revoked, account)
        name = f"tenant-{uuid4().hex}"
        foreign = get_token(server, make_account(server, by=make_tenant(server, name), tenant=name)).access_token
        for token in (revoked, foreign, "x", server.admin_key):
            why = _why(lambda token=token: _exchange(server, client, token))
            assert why == ("OAUTH_INVALID_GRANT", "invalid_grant")

    def test_the_actor_token_must_be_the_clients_own(self, server: RunningServer, account: Account) -> None:
        client, other = make_account(server), make_account(server)
        subject = get_token(server, account).access_token
        own = get_token(server, client).access_token
        answer = _exchange(server, client, subject, actor_token=own, actor_token_type=_ACCESS_TOKEN)
        assert _introspect(server, answer.access_token, account).act.sub == f"service_account:{client.id}"
        foreign = get_token(server, other).access_token
        why = _why(lambda: _exchange(server, client, subject, actor_token=foreign, actor_token_type=_ACCESS_TOKEN))
        assert why == ("OAUTH_INVALID_GRANT", "invalid_grant")

    @pytest.mark.parametrize(
        "fields",
        [
            {"subject_token": ""},
            {"subject_token_type": ""},
            {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
            {"actor_token": "x"},
            {"actor_token_type": _ACCESS_TOKEN},
            {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        ],
        ids=str,
    )
    def test_incomplete_requests_are_refused(
        self, server: RunningServer, account: Account, fields: dict[str, object]
    ) -> None:
        whole = {
            "grant_type": _EXCHANGE,
            "subject_token": "x",
            "subject_token_type": _ACCESS_TOKEN,
            **account.proof,
            **fields,
        }
        assert _why(lambda: _token(server, **whole)) == ("OAUTH_INVALID_REQUEST", "invalid_request")


def _exchange(
    server: RunningServer, client: Account, subject_token: str, **fields: object
) -> oauth_service_pb2.TokenResponse:
    return _token(
        server,
        grant_type=_EXCHANGE,
        subject_token=subject_token,
        subject_token_type=_ACCESS_TOKEN,
        **client.proof,
        **fields,
    )


class TestWithoutCredential:
    def test_the_documents_are_for_everybody(self, server: RunningServer) -> None:
        told = tokens_of(server).GetDiscovery(oauth_service_pb2.GetDiscoveryRequest(), timeout=_SECONDS)
        assert told.issuer == _ISSUER
        assert told.jwks_uri == f"{_ISSUER}/oauth2/jwks"
        assert _keys(server).keys

    def test_callers_share_the_rate_of_their_address(self, start_server: StartServer) -> None:
        server = start_server(settings={"calls.anonymous_rate_limit_per_second": 2})
        reasons = set()
        for _ in range(10):
            try:
                tokens_of(server).GetJwks(oauth_service_pb2.GetJwksRequest(), timeout=_SECONDS)
            except grpc.RpcError as error:
                reasons.add(error.code())
        assert reasons == {grpc.StatusCode.RESOURCE_EXHAUSTED}

    def test_nothing_of_a_secret_gets_into_the_log(self, server: RunningServer, account: Account) -> None:
        get_token(server, account)
        server.backend._outlook.flush()
        assert eventually(lambda: account.client_id in server.log_text())
        assert account.secret not in server.log_text()
