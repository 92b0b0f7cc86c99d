"""Clients that sign their own assertions (private_key_jwt), and tokens exchanged for tokens."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from function.auth.v1 import client_credential_service_pb2, oauth_service_pb2
from function_backend.services.auth.domain.client_assertion import ASSERTION_TYPE
from tests.fixtures.grants import (
    Account,
    credentials_of,
    get_token,
    make_account,
    store_account,
)
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer
from tests.services.auth.oauth_calls import (
    ISSUER,
    REFUSED,
    SECONDS,
    ask_token,
    introspection,
    noted_refusals,
    refusal_of,
    revoke_token,
)

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


_SHORT_MODULUS = "f" * 170  # 1024 bits.


AnyKey = ECKey | OKPKey | RSAKey


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    return make_account(server)


def _add_key(server: RunningServer, account_id: Any, key: AnyKey, **more: str) -> str:  # noqa: ANN401
    added = credentials_of(server).AddPublicKey(
        client_credential_service_pb2.AddPublicKeyRequest(
            client_id=str(account_id), public_jwk=json.dumps({**key.as_dict(private=False), **more})
        ),
        metadata=server.metadata(),
        timeout=SECONDS,
    )
    return added.credential.key_id


def _assertion(account_id: Any, key: AnyKey, algorithm: str, **claims: object) -> str:  # noqa: ANN401
    """An assertion with these claims; a span stands for the moment that is so far from now."""
    now = int(datetime.now(UTC).timestamp())
    whole = {
        "iss": str(account_id),
        "sub": str(account_id),
        "aud": ISSUER,
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
    return ask_token(
        server,
        grant_type="client_credentials",
        client_assertion_type=ASSERTION_TYPE,
        client_assertion=assertion,
        **fields,
    )


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
            server, _assertion(account_id, key, algorithm, aud=[f"{ISSUER}/oauth2/token"]), client_id=str(account_id)
        )
        assert answer.access_token

    def test_an_assertion_is_good_once(self, server: RunningServer) -> None:
        account_id, key = store_account(server), ECKey.generate_key("P-256")
        _add_key(server, account_id, key)
        assertion = _assertion(account_id, key, "ES256")
        assert _by_assertion(server, assertion).access_token
        assert refusal_of(lambda: _by_assertion(server, assertion)) == REFUSED
        assert [cause for _, cause, _ in noted_refusals(server, account_id)] == ["replayed_assertion"]

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
        assert refusal_of(lambda: _by_assertion(server, _assertion(account_id, key, "ES256", **claims))) == REFUSED

    def test_another_key_another_client_and_another_algorithm_are_refused(self, server: RunningServer) -> None:
        account_id, key = store_account(server), ECKey.generate_key("P-256")
        _add_key(server, account_id, key)
        stranger = ECKey.generate_key("P-256")
        assert refusal_of(lambda: _by_assertion(server, _assertion(account_id, stranger, "ES256"))) == REFUSED
        other = make_account(server)
        mine = _assertion(account_id, key, "ES256")
        assert refusal_of(lambda: _by_assertion(server, mine, client_id=other.client_id)) == REFUSED
        # HMAC with the public key as the secret, which a careless verifier takes for the key of the algorithm.
        confused = _confused(account_id, key)
        assert refusal_of(lambda: _by_assertion(server, confused)) == REFUSED

    @pytest.mark.parametrize("text", ["", "a.b.c", "..", "a" * 8000, "eyJhbGciOiJub25lIn0.e30.", "é.é.é"])
    def test_a_text_that_is_no_assertion_is_refused(self, server: RunningServer, text: str) -> None:
        assert refusal_of(lambda: _by_assertion(server, text)) == REFUSED

    def test_an_unknown_type_of_assertion_is_refused(self, server: RunningServer) -> None:
        why = refusal_of(
            lambda: ask_token(
                server, grant_type="client_credentials", client_assertion_type="x", client_assertion="a.b.c"
            )
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
                timeout=SECONDS,
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


class TestExchange:
    def test_the_chain_of_actors_is_kept_and_everything_only_narrows(
        self, server: RunningServer, account: Account
    ) -> None:
        gateway, worker = make_account(server), make_account(server)
        subject = get_token(server, account, scope="company.* auth.self.read_sessions").access_token
        first = _exchange(server, gateway, subject, scope="company.*")
        assert first.issued_token_type == _ACCESS_TOKEN
        second = _exchange(server, worker, first.access_token, scope="company.read")
        told = introspection(server, second.access_token, account)
        assert (told.sub, told.client_id) == (f"service_account:{account.id}", worker.client_id)
        assert told.act.sub == f"service_account:{worker.id}"
        assert told.act.act.sub == f"service_account:{gateway.id}"
        assert told.scope == "company.read"
        why = refusal_of(lambda: _exchange(server, gateway, second.access_token, scope="company.*"))
        assert why == ("OAUTH_INVALID_SCOPE", "invalid_scope")
        why = refusal_of(lambda: _exchange(server, gateway, second.access_token, audience=["payments"]))
        assert why == ("OAUTH_INVALID_TARGET", "invalid_target")

    def test_the_token_does_not_outlive_the_one_it_was_exchanged_for(
        self, server: RunningServer, account: Account
    ) -> None:
        subject = get_token(server, account).access_token
        exchanged = _exchange(server, make_account(server), subject)
        before, after = (introspection(server, token, account) for token in (subject, exchanged.access_token))
        assert after.exp <= before.exp

    def test_a_chain_has_an_end(self, server: RunningServer, account: Account) -> None:
        token = get_token(server, account).access_token
        for _ in range(4):
            token = _exchange(server, make_account(server), token).access_token
        why = refusal_of(lambda: _exchange(server, make_account(server), token))
        assert why == ("OAUTH_INVALID_REQUEST", "invalid_request")

    def test_a_revoked_token_and_one_of_another_tenant_are_refused(
        self, server: RunningServer, account: Account
    ) -> None:
        client = make_account(server)
        revoked = get_token(server, account).access_token
        revoke_token(server, revoked, account)
        name = f"tenant-{uuid4().hex}"
        foreign = get_token(server, make_account(server, by=make_tenant(server, name), tenant=name)).access_token
        for token in (revoked, foreign, "x", server.admin_key):
            why = refusal_of(lambda token=token: _exchange(server, client, token))
            assert why == ("OAUTH_INVALID_GRANT", "invalid_grant")

    def test_the_actor_token_must_be_the_clients_own(self, server: RunningServer, account: Account) -> None:
        client, other = make_account(server), make_account(server)
        subject = get_token(server, account).access_token
        own = get_token(server, client).access_token
        answer = _exchange(server, client, subject, actor_token=own, actor_token_type=_ACCESS_TOKEN)
        assert introspection(server, answer.access_token, account).act.sub == f"service_account:{client.id}"
        foreign = get_token(server, other).access_token
        why = refusal_of(
            lambda: _exchange(server, client, subject, actor_token=foreign, actor_token_type=_ACCESS_TOKEN)
        )
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
        assert refusal_of(lambda: ask_token(server, **whole)) == ("OAUTH_INVALID_REQUEST", "invalid_request")


def _exchange(
    server: RunningServer, client: Account, subject_token: str, **fields: object
) -> oauth_service_pb2.TokenResponse:
    return ask_token(
        server,
        grant_type=_EXCHANGE,
        subject_token=subject_token,
        subject_token_type=_ACCESS_TOKEN,
        **client.proof,
        **fields,
    )
