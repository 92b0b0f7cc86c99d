"""Access tokens: what is issued is read again, by us and by others, and nothing else is."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from function_backend.events.recording import EventRecorder
from function_backend.kernel.identifiers import new_id
from function_backend.resources import Resources
from function_backend.services.auth.adapters.key_forge import PrivateKey
from function_backend.services.auth.convert.event_payloads import EVENT_PAYLOADS
from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.domain.discovery import jwks_document
from function_backend.services.auth.errors.credential import CredentialExpiredError, CredentialInvalidError
from function_backend.services.auth.service.keys import Keys
from tests.factories.keys import AUDIENCE, ISSUER, SetClock, claims, keys_with

Sign = Callable[..., str]
_FUZZ = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def keys(resources: Resources, recorder: EventRecorder, clock: SetClock) -> Keys:
    recorder.learn(EVENT_PAYLOADS)
    return keys_with(resources, "k1", clock=clock)


@pytest.fixture
def good(keys: Keys, clock: SetClock) -> str:
    return keys.issuer.issue(claims(clock.now()))


@pytest.fixture
def forge(keys: Keys, good: str) -> Sign:
    """Signs any header and payload with the right key: what only somebody inside could do."""
    key, private = keys.ring.signer()
    right = {"alg": key.algorithm, "kid": str(key.id), "typ": "at+jwt"}

    def sign(payload: bytes | Mapping[str, Any], header: bytes | Mapping[str, Any] | None = None) -> str:
        return _signed(right if header is None else header, payload, private, key.algorithm)

    return sign


@pytest.fixture
def header(good: str) -> dict[str, Any]:
    return _part(good, 0)


@pytest.fixture
def payload(good: str) -> dict[str, Any]:
    return _part(good, 1)


def _part(token: str, place: int) -> dict[str, Any]:
    text = token.split(".")[place]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _json(value: bytes | Mapping[str, Any]) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _signed(
    header: bytes | Mapping[str, Any], payload: bytes | Mapping[str, Any], private: PrivateKey, algorithm: str = "ES256"
) -> str:
    text = f"{_b64(_json(header))}.{_b64(_json(payload))}"
    return f"{text}.{_b64(jwt.get_algorithm_by_name(algorithm).sign(text.encode(), private))}"


def _refused(keys: Keys, token: str) -> None:
    with pytest.raises(CredentialInvalidError):
        keys.reader.read(token)


class TestIssuing:
    def test_what_is_issued_is_read_again(self, keys: Keys, clock: SetClock) -> None:
        written = claims(clock.now())
        assert keys.reader.read(keys.issuer.issue(written)) == written

    def test_what_may_be_left_out_is_left_out(self, keys: Keys, clock: SetClock) -> None:
        bare = claims(
            clock.now(),
            scopes=frozenset(),
            session_id=None,
            actors=(),
            authentication_methods=frozenset(),
            authenticated_at=None,
        )
        token = keys.issuer.issue(bare)
        assert keys.reader.read(token) == bare
        assert _part(token, 1).keys() == {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "tenant"}

    def test_it_says_what_rfc_9068_asks_for(self, header: dict[str, Any], payload: dict[str, Any]) -> None:
        assert header.keys() == {"alg", "kid", "typ"}
        assert header["typ"] == "at+jwt"
        assert payload["iss"] == ISSUER
        assert payload["aud"] == AUDIENCE
        assert payload["sub"] == f"user:{UUID(int=8)}"
        assert payload["scope"] == "auth.* company.read"
        assert payload["tenant"] == str(UUID(int=7))
        assert payload["exp"] - payload["iat"] == 600
        assert payload["amr"] == ["otp", "pwd"]

    def test_who_acts_for_whom_is_nested_the_nearest_outermost(self, payload: dict[str, Any]) -> None:
        assert payload["act"] == {
            "sub": f"service_account:{UUID(int=10)}",
            "act": {"sub": f"api_key:{UUID(int=11)}"},
        }

    def test_nobody_is_given_more_than_an_hour(self, keys: Keys, clock: SetClock) -> None:
        with pytest.raises(ValueError, match="an hour"):
            keys.issuer.issue(claims(clock.now(), expires_at=clock.now() + timedelta(hours=1, seconds=1)))

    def test_a_chain_or_a_token_without_end_is_not_issued(self, keys: Keys, clock: SetClock) -> None:
        with pytest.raises(ValueError, match="act for each other"):
            keys.issuer.issue(claims(clock.now(), actors=("user:x",) * 9))
        with pytest.raises(ValueError, match="8192"):
            keys.issuer.issue(claims(clock.now(), scopes=frozenset(f"a{number:099}" for number in range(100))))

    @_FUZZ
    @given(
        kind=st.sampled_from(SubjectKind),
        ids=st.lists(st.uuids(), min_size=4, max_size=4),
        texts=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), min_size=2, max_size=2),
        scopes=st.frozensets(st.from_regex(r"[a-z]{1,8}(\.[a-z*]{1,8})?", fullmatch=True), max_size=5),
        seconds=st.integers(1, 3600),
    )
    def test_any_claims_are_read_as_they_were_written(
        self,
        keys: Keys,
        clock: SetClock,
        kind: SubjectKind,
        ids: list[UUID],
        texts: list[str],
        scopes: frozenset[str],
        seconds: int,
    ) -> None:
        token_id, tenant_id, subject_id, session_id = ids
        written = AccessClaims(
            token_id=token_id,
            tenant_id=tenant_id,
            subject_kind=kind,
            subject_id=subject_id,
            client_id=texts[0],
            audience=(AUDIENCE, texts[1]),
            scopes=scopes,
            issued_at=clock.now(),
            expires_at=clock.now() + timedelta(seconds=seconds),
            session_id=session_id,
        )
        assert keys.reader.read(keys.issuer.issue(written)) == written


class TestOtherLibraries:
    def test_one_verifies_it_through_the_published_keys(self, keys: Keys, good: str) -> None:
        document: Any = jwks_document(keys.ring.public_jwks())
        read = joserfc_jwt.decode(good, KeySet.import_key_set(document), algorithms=["ES256"]).claims
        rules = joserfc_jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
        )
        rules.validate(read)
        assert read["client_id"] == "some-client"

    def test_another_finds_the_key_by_its_id(self, keys: Keys, good: str) -> None:
        published = jwt.PyJWKSet.from_dict(jwks_document(keys.ring.public_jwks()))
        key = published[jwt.get_unverified_header(good)["kid"]]
        assert jwt.decode(good, key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER)["client_id"]


class TestTime:
    def test_a_token_is_good_until_the_leeway_after_its_end(self, keys: Keys, good: str, clock: SetClock) -> None:
        clock.forward(timedelta(minutes=10, seconds=29))
        assert keys.reader.read(good).client_id == "some-client"
        clock.forward(timedelta(seconds=1))
        with pytest.raises(CredentialExpiredError) as refused:
            keys.reader.read(good)
        assert "expired_at" in refused.value.metadata

    @pytest.mark.parametrize(("seconds", "counts"), [(0, True), (30, True), (31, False), (3000, False)])
    def test_one_of_the_future_counts_within_the_leeway_only(
        self, keys: Keys, clock: SetClock, seconds: int, *, counts: bool
    ) -> None:
        token = keys.issuer.issue(claims(clock.now() + timedelta(seconds=seconds)))
        if counts:
            assert keys.reader.read(token).client_id == "some-client"
        else:
            _refused(keys, token)

    def test_one_that_says_it_begins_later_is_refused(self, keys: Keys, forge: Sign, payload: dict[str, Any]) -> None:
        assert keys.reader.read(forge({**payload, "nbf": payload["iat"]})).client_id == "some-client"
        _refused(keys, forge({**payload, "nbf": payload["iat"] + 31}))


class TestAudienceAndIssuer:
    def test_a_token_for_somebody_else_is_refused_here_and_accepted_there(self, keys: Keys, clock: SetClock) -> None:
        token = keys.issuer.issue(claims(clock.now(), audience=("billing", "archive")))
        _refused(keys, token)
        assert keys.reader.read(token, audience="archive").client_id == "some-client"
        with pytest.raises(CredentialInvalidError):
            keys.reader.read(token, audience="archiv")
        with pytest.raises(CredentialInvalidError):
            keys.reader.read(token, audience="")

    @pytest.mark.parametrize(
        "audience", [None, "", [], {}, 7, [AUDIENCE, 7], [[AUDIENCE]], AUDIENCE + " ", AUDIENCE.upper(), "*"]
    )
    def test_no_other_audience_counts(self, keys: Keys, forge: Sign, payload: dict[str, Any], audience: object) -> None:
        _refused(keys, forge({**payload, "aud": audience}))

    @pytest.mark.parametrize("issuer", [None, "", ISSUER + "/", ISSUER.upper(), [ISSUER], "http://auth.example.com"])
    def test_no_other_issuer_counts(self, keys: Keys, forge: Sign, payload: dict[str, Any], issuer: object) -> None:
        _refused(keys, forge({**payload, "iss": issuer}))

    def test_a_token_of_another_installation_is_refused(
        self, keys: Keys, payload: dict[str, Any], header: dict[str, Any]
    ) -> None:
        """With its own key, under our key's id and under its own."""
        theirs = generate_private_key(SECP256R1())
        _refused(keys, _signed(header, payload, theirs))
        _refused(keys, _signed({**header, "kid": str(new_id())}, payload, theirs))


class TestAlgorithms:
    def test_none_is_refused_however_it_is_written(self, keys: Keys, good: str, header: dict[str, Any]) -> None:
        body = good.split(".")[1]
        for name in ("none", "None", "NONE", "nOnE", ""):
            forged = _b64(json.dumps({**header, "alg": name}).encode())
            for signature in ("", "AA", good.split(".")[2]):
                _refused(keys, f"{forged}.{body}.{signature}")

    def test_the_public_key_is_no_shared_secret(
        self, keys: Keys, header: dict[str, Any], payload: dict[str, Any]
    ) -> None:
        public = keys.ring.signer()[1].public_key()
        [jwk] = keys.ring.public_jwks()[:1]
        secrets = [
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            json.dumps(jwk).encode(),
            b"",
        ]
        for name, how in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
            for secret in secrets:
                text = f"{_b64(_json({**header, 'alg': name}))}.{_b64(_json(payload))}"
                _refused(keys, f"{text}.{_b64(hmac.new(secret, text.encode(), how).digest())}")

    @pytest.mark.parametrize("name", ["EdDSA", "ES384", "RS256", "es256", "ES256 ", "HS256", None, 7, ["ES256"], {}])
    def test_the_algorithm_is_that_of_the_key(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], header: dict[str, Any], name: object
    ) -> None:
        assert header["alg"] == "ES256"
        _refused(keys, forge(payload, {**header, "alg": name}))

    @pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\0" * 63, b"\xff" * 64, b"\0" * 200])
    def test_a_signature_that_is_none_is_refused(self, keys: Keys, good: str, signature: bytes) -> None:
        _refused(keys, f"{good.rpartition('.')[0]}.{_b64(signature)}")

    def test_a_signature_in_another_form_is_refused(self, keys: Keys, good: str) -> None:
        text, _, _ = good.rpartition(".")
        private = keys.ring.signer()[1]
        _refused(keys, f"{text}.{_b64(private.sign(text.encode(), ECDSA(SHA256())))}")  # type: ignore[call-arg]


class TestHeader:
    def test_a_key_that_comes_with_the_token_is_not_looked_at(
        self, keys: Keys, payload: dict[str, Any], header: dict[str, Any], forge: Sign
    ) -> None:
        theirs = generate_private_key(SECP256R1())
        jwk = jwt.get_algorithm_by_name("ES256").to_jwk(theirs.public_key(), as_dict=True)
        unwanted: list[dict[str, object]] = [
            {"jwk": jwk},
            {"jku": "https://evil.example.com/jwks"},
            {"x5u": "https://evil.example.com/chain"},
            {"x5c": ["MIIB"]},
            {"x5t": "AAAA"},
            {"crit": ["exp"], "exp": 1},
            {"crit": []},
            {"b64": False},
            {"cty": "JWT"},
            {"zip": "DEF"},
            {"unknown": 1},
        ]
        for more in unwanted:
            _refused(keys, _signed({**header, **more}, payload, theirs))
            # Nor is one accepted that is signed by us: whoever reads the other parameter reads something else.
            _refused(keys, forge(payload, {**header, **more}))

    @pytest.mark.parametrize(
        "kind", ["JWT", "jwt", "AT+JWT", "application/at+jwt", "", None, 1, "id+jwt", "logout+jwt"]
    )
    def test_another_kind_of_token_is_refused(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], header: dict[str, Any], kind: object
    ) -> None:
        _refused(keys, forge(payload, {**header, "typ": kind}))

    @pytest.mark.parametrize(
        "kid",
        [
            None,
            "",
            7,
            [],
            {},
            "../../etc/passwd",
            "' or 1=1 --",
            "\0",
            "x" * 300,
            "\ud800",
            "00000000-0000-0000-0000-0",
        ],
    )
    def test_no_other_key_id_finds_a_key(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], header: dict[str, Any], kid: object
    ) -> None:
        _refused(keys, forge(payload, {**header, "kid": kid}))

    @pytest.mark.parametrize("missing", ["alg", "kid", "typ"])
    def test_nothing_of_it_may_be_missing(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], header: dict[str, Any], missing: str
    ) -> None:
        del header[missing]
        _refused(keys, forge(payload, header))


class TestJson:
    def test_a_name_that_stands_twice_is_refused_wherever_it_stands(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], header: dict[str, Any]
    ) -> None:
        whole = json.dumps(payload)[:-1]
        for doubled in (
            whole + f', "sub": "user:{UUID(int=99)}"}}',
            whole + ', "sub": "' + payload["sub"] + '"}',
            whole + f', "\\u0073ub": "user:{UUID(int=99)}"}}',
            whole + ', "more": {"a": 1, "a": 2}}',
            whole + ', "more": [{"a": 1, "a": 2}]}',
        ):
            _refused(keys, forge(doubled.encode()))
        twice = json.dumps(header)[:-1] + ', "alg": "none"}'
        _refused(keys, forge(payload, twice.encode()))

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"null",
            b"[]",
            b'"text"',
            b"7",
            b"{",
            b"{}",
            b"{'a': 1}",
            b'{"a": NaN}',
            b'{"a": Infinity}',
            b"\xff\xfe",
            b'{"a": "\xc3\x28"}',
            b"\xef\xbb\xbf{}",
            b"[" * 3000,
            b'{"a":' * 600,
            b'{"a": ' + b"9" * 5000 + b"}",
            b'{"a": "\\ud800"}',
            b"{} {}",
        ],
    )
    def test_what_is_no_json_object_is_refused(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], text: bytes
    ) -> None:
        _refused(keys, forge(text))
        _refused(keys, forge(payload, text))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("exp", True),
            ("exp", 1.5),
            ("exp", "4102444800"),
            ("exp", -1),
            ("exp", 10**18),
            ("exp", 10**400),
            ("exp", None),
            ("iat", None),
            ("iat", "now"),
            ("iat", 0),
            ("iat", 10**18),
            ("nbf", "now"),
            ("nbf", None),
            ("sub", None),
            ("sub", ""),
            ("sub", "user:"),
            ("sub", "admin:00000000-0000-0000-0000-000000000008"),
            ("sub", "user:00000000000000000000000000000008"),
            ("sub", "user:{00000000-0000-0000-0000-000000000008}"),
            ("sub", "USER:00000000-0000-0000-0000-000000000008"),
            ("sub", "user:00000000-0000-0000-0000-000000000008 "),
            ("jti", "x"),
            ("jti", 7),
            ("tenant", None),
            ("tenant", ["00000000-0000-0000-0000-000000000007"]),
            ("tenant", "00000000-0000-0000-0000-00000000000G"),
            ("client_id", 7),
            ("client_id", ""),
            ("client_id", "x" * 513),
            ("scope", ["a"]),
            ("scope", ""),
            ("scope", "a  b"),
            ("sid", ""),
            ("amr", "pwd"),
            ("amr", [1]),
            ("amr", []),
            ("auth_time", "1"),
            ("act", "user:1"),
            ("act", {}),
            ("act", {"sub": 7}),
            ("act", {"sub": "a", "act": None}),
        ],
    )
    def test_a_claim_of_another_kind_is_refused(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], name: str, value: object
    ) -> None:
        _refused(keys, forge({**payload, name: value}))

    def test_a_chain_of_actors_has_an_end(self, keys: Keys, forge: Sign, payload: dict[str, Any]) -> None:
        for length, counts in ((8, True), (9, False), (150, False)):
            actor: dict[str, Any] = {"sub": "user:x"}
            for _ in range(length - 1):
                actor = {"sub": "user:x", "act": actor}
            token = forge({**payload, "act": actor})
            if counts:
                assert len(keys.reader.read(token).actors) == 8
            else:
                _refused(keys, token)

    def test_a_life_that_nobody_is_given_is_refused(self, keys: Keys, forge: Sign, payload: dict[str, Any]) -> None:
        _refused(keys, forge({**payload, "exp": payload["iat"] + 3601}))
        _refused(keys, forge({**payload, "exp": payload["iat"]}))

    def test_a_claim_that_a_later_release_adds_does_no_harm(
        self, keys: Keys, forge: Sign, payload: dict[str, Any]
    ) -> None:
        assert keys.reader.read(forge({**payload, "later": {"a": [1]}})).client_id == "some-client"


class TestText:
    def test_stray_bits_and_padding_are_refused(self, keys: Keys, good: str) -> None:
        """Of 64 bytes the last character carries four bits that mean nothing: each other value would be accepted."""
        digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = digits.index(good[-1])
        assert last % 16 == 0
        for stray in range(1, 16):
            _refused(keys, good[:-1] + digits[last + stray])
        parts = good.split(".")
        for damaged in (
            good + "=",
            good + "==",
            ".".join(part + "=" * (-len(part) % 4) for part in parts),
            good.replace("-", "+").replace("_", "/") + "+",
            good + "\n",
            " " + good,
            good.replace(".", "..", 1),
            good + ".",
            "." + good,
            ".".join(parts[:2]),
            ".".join([*parts, parts[2]]),
            good[:20] + "\n" + good[20:],
            good + "é",
            good + "\ud800",
        ):
            _refused(keys, damaged)

    def test_more_than_8_kib_is_not_even_looked_at(self, keys: Keys, forge: Sign, payload: dict[str, Any]) -> None:
        _refused(keys, forge({**payload, "more": "x" * 6500}))
        _refused(keys, "a" * 10_000_000)

    def test_a_changed_character_is_noticed(self, keys: Keys, good: str) -> None:
        for place in range(0, len(good), 7):
            if good[place] == ".":
                continue
            _refused(keys, good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :])

    @_FUZZ
    @given(text=st.text(max_size=400) | st.from_regex(r"[\w-]{0,60}\.[\w-]{0,60}\.[\w-]{0,60}", fullmatch=True))
    def test_any_text_is_refused_and_nothing_else_happens(self, keys: Keys, text: str) -> None:
        _refused(keys, text)

    @_FUZZ
    @given(
        header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "jwk", "x"]), st.text(max_size=20) | st.none()),
        body=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
            max_leaves=20,
        ),
    )
    def test_any_json_that_we_signed_is_read_or_refused(
        self, keys: Keys, forge: Sign, payload: dict[str, Any], header: dict[str, Any], body: object
    ) -> None:
        for token in (
            forge(json.dumps(body).encode()),
            forge(payload, header),
            forge({**payload, "act": body}),
            forge({**payload, "aud": body}),
            forge({**payload, "exp": body}),
            forge({**payload, "scope": body}),
        ):
            with contextlib.suppress(CredentialInvalidError, CredentialExpiredError):
                assert isinstance(keys.reader.read(token), AccessClaims)
