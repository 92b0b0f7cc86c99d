"""A protected service takes tokens of its backend, and nothing that only looks like one."""

import base64
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from function.auth.v1 import oauth_service_pb2
from function_backend_client import UnavailableError
from function_backend_client.server.access_token import TokenReader, looks_like_token
from function_backend_client.server.refusal import RefusedError
from function_backend_client.server.signing_keys import SigningKeys
from tests.fixtures.trusted_backend import ISSUER, TENANT, SigningKey, TrustedBackend, forged

KEYS = [SigningKey("k-1"), SigningKey("k-2", "EdDSA")]


class Published:
    """The backend's list of keys, and how often it was fetched."""

    def __init__(self) -> None:
        self.keys = list(KEYS)
        self.fetched = 0
        self.failure: Exception | None = None

    def __call__(self) -> list[oauth_service_pb2.Jwk]:
        self.fetched += 1
        if self.failure is not None:
            raise self.failure
        return [key.jwk() for key in self.keys]


@pytest.fixture
def published() -> Published:
    return Published()


def reader_of(published: Published, *, pause: float = 0.0, life: float = 300.0, **changed: Any) -> TokenReader:
    algorithms = changed.pop("algorithms", frozenset({"ES256", "EdDSA"}))
    settings: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": "function-backend",
        "tenant_id": TENANT,
        "leeway": 30.0,
    } | changed
    keys = SigningKeys(published, algorithms, pause=pause, life=life)
    return TokenReader(keys, algorithms=algorithms, **settings)


@pytest.fixture
def reader(published: Published) -> TokenReader:
    return reader_of(published)


@pytest.fixture
def signer(scripted: Any) -> TrustedBackend:
    return TrustedBackend(scripted, keys=list(KEYS))


def reason_of(reader: TokenReader, token: str) -> str:
    with pytest.raises(RefusedError) as caught:
        reader.read(token)
    return caught.value.refusal.reason


@pytest.mark.parametrize("key", KEYS, ids=["ES256", "EdDSA"])
def test_a_token_says_who_it_is_for(reader: TokenReader, signer: TrustedBackend, key: SigningKey) -> None:
    act = {"sub": "service_account:b", "act": {"sub": "service_account:a"}}
    token = signer.token(key=key, act=act, amr=["pwd", "otp"], auth_time=1_700_000_000)
    caller = reader.read(token).caller
    assert (caller.subject, caller.tenant_id, caller.session_id) == ("user:ann", TENANT, "s-1")
    assert caller.actors == ("service_account:b", "service_account:a")
    assert caller.authentication_methods == {"pwd", "otp"}
    assert caller.authenticated_at is not None
    assert caller.entitled is None


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": ["another-service"]},
        {"aud": None},
        {"aud": 7},
        {"tenant": "01938d2e-0000-7000-8000-00000000000b"},
        {"tenant": None},
        {"sub": None},
        {"sub": ["user:ann"]},
        {"jti": ""},
        {"client_id": None},
        {"iat": timedelta(hours=1)},
        {"nbf": timedelta(hours=1)},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": -1},
        {"act": "service_account:a"},
        {"act": {}},
        {"amr": 3},
    ],
    ids=str,
)
def test_a_signed_token_with_other_claims_is_refused(
    reader: TokenReader, signer: TrustedBackend, changed: dict[str, Any]
) -> None:
    reader.read(signer.token())
    now = int(time.time())
    said: dict[str, Any] = {
        name: now + int(value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in changed.items()
    }
    assert reason_of(reader, signer.token(**said)) == "CREDENTIAL_INVALID"


def test_an_expired_token_is_refused_as_expired_once_the_clocks_cannot_be_the_reason(
    reader: TokenReader, signer: TrustedBackend
) -> None:
    now = int(time.time())
    reader.read(signer.token(iat=now - 600, exp=now - 5))
    assert reason_of(reader, signer.token(iat=now - 600, exp=now - 60)) == "CREDENTIAL_EXPIRED"


def test_one_audience_of_several_is_enough(reader: TokenReader, signer: TrustedBackend) -> None:
    assert reader.read(signer.token(aud=["shop", "function-backend"])).caller.subject == "user:ann"
    assert reader.read(signer.token(aud="function-backend")).caller.subject == "user:ann"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "at+jwt", "kid": "k-1"},
        {"alg": "ES256", "typ": "JWT", "kid": "k-1"},
        {"alg": "ES256", "kid": "k-1"},
        {"alg": "ES256", "typ": "at+jwt", "kid": "k-9"},
        {"alg": "ES256", "typ": "at+jwt", "kid": "../k-1"},
        {"alg": "ES256", "typ": "at+jwt"},
        {"alg": "EdDSA", "typ": "at+jwt", "kid": "k-1"},
        {"alg": "ES384", "typ": "at+jwt", "kid": "k-1"},
        {"alg": ["ES256"], "typ": "at+jwt", "kid": "k-1"},
        {"alg": "ES256", "typ": "at+jwt", "kid": "k-1", "crit": ["exp"]},
    ],
    ids=str,
)
def test_a_forged_header_is_refused(reader: TokenReader, signer: TrustedBackend, header: dict[str, Any]) -> None:
    assert reason_of(reader, forged(signer.token(), header)) == "CREDENTIAL_INVALID"


def test_a_token_signed_with_a_key_of_its_own_is_refused_whatever_it_brings_along(
    reader: TokenReader, signer: TrustedBackend
) -> None:
    mine = SigningKey("k-1")
    public = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(mine.private.public_key()))
    for header in ({}, {"jwk": public}, {"jku": "https://evil.example/keys"}, {"x5c": ["AA=="]}):
        assert reason_of(reader, signer.token(key=mine, header=header)) == "CREDENTIAL_INVALID"


def test_the_public_key_does_not_work_as_a_shared_secret(reader: TokenReader, signer: TrustedBackend) -> None:
    public = KEYS[0].private.public_key()
    secret = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    texts = [json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": "k-1"}), json.dumps(signer.claims())]
    signed = ".".join(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in texts)
    signature = hmac.digest(secret, signed.encode(), "sha256")
    token = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert reason_of(reader, token) == "CREDENTIAL_INVALID"


def test_an_algorithm_that_was_not_asked_for_is_refused(published: Published, signer: TrustedBackend) -> None:
    reader = reader_of(published, algorithms=frozenset({"ES256"}))
    reader.read(signer.token())
    assert reason_of(reader, signer.token(key=KEYS[1])) == "CREDENTIAL_INVALID"


def test_a_changed_claim_breaks_the_signature(reader: TokenReader, signer: TrustedBackend) -> None:
    header, _, signature = signer.token().split(".")
    body = base64.urlsafe_b64encode(json.dumps(signer.claims("user:root")).encode()).decode().rstrip("=")
    assert reason_of(reader, f"{header}.{body}.{signature}") == "CREDENTIAL_INVALID"


@pytest.mark.parametrize("part", [0, 1], ids=["header", "claims"])
def test_a_name_that_stands_there_twice_is_refused_even_when_signed(
    reader: TokenReader, signer: TrustedBackend, part: int
) -> None:
    texts = [json.dumps({"typ": "at+jwt", "kid": "k-1", "alg": "ES256"}), json.dumps(signer.claims())]
    twice = ', "alg": "ES256"}' if part == 0 else ', "sub": "user:root"}'
    texts[part] = texts[part][:-1] + twice
    signed = ".".join(base64.urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in texts)
    signature = jwt.get_algorithm_by_name("ES256").sign(signed.encode(), KEYS[0].private)
    token = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert reason_of(reader, token) == "CREDENTIAL_INVALID"


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c.d", "ä.b.c", "a.b.c\n", "fbk_abc", "a." + "b" * 9000 + ".c", "..."])
def test_what_is_no_token_by_its_form_is_not_read_as_one(text: str) -> None:
    assert not looks_like_token(text)


@pytest.mark.parametrize("text", ["a.b.c", "e30.e30.e30", "W10.W10.AAAA", "bnVsbA.bnVsbA.AA", "____.____.____"])
def test_what_only_has_the_form_of_a_token_is_refused(reader: TokenReader, text: str) -> None:
    assert looks_like_token(text)
    assert reason_of(reader, text) == "CREDENTIAL_INVALID"


class TestRotation:
    def test_a_new_key_is_fetched_when_a_token_names_it_and_the_old_ones_stay_good(
        self, published: Published, signer: TrustedBackend
    ) -> None:
        reader = reader_of(published)
        old = signer.token()
        reader.read(old)
        new = SigningKey("k-3")
        published.keys.append(new)
        reader.read(signer.token(key=new))
        reader.read(old)
        assert published.fetched == 2

    def test_made_up_key_ids_do_not_make_it_fetch_again_and_again(
        self, published: Published, signer: TrustedBackend
    ) -> None:
        reader = reader_of(published, pause=3600.0)
        reader.read(signer.token())
        for number in range(50):
            token = forged(signer.token(), {"alg": "ES256", "typ": "at+jwt", "kid": f"made-up-{number}"})
            assert reason_of(reader, token) == "CREDENTIAL_INVALID"
        assert published.fetched == 1

    def test_a_key_that_was_retired_is_refused_after_the_next_fetch(
        self, published: Published, signer: TrustedBackend
    ) -> None:
        reader = reader_of(published, life=0.0)
        reader.read(signer.token())
        published.keys = [KEYS[1]]
        assert reason_of(reader, signer.token()) == "CREDENTIAL_INVALID"

    def test_known_keys_are_used_while_the_list_cannot_be_fetched_and_unknown_ones_are_no_refusal(
        self, published: Published, signer: TrustedBackend
    ) -> None:
        reader = reader_of(published, life=0.0)
        reader.read(signer.token())
        published.failure = UnavailableError("away")
        reader.read(signer.token())
        with pytest.raises(UnavailableError):
            reader.read(signer.token(key=SigningKey("k-3")))
