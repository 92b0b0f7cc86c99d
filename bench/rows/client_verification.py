"""What a protected service pays for knowing its caller: from memory, and by checking the token itself."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bench.figure import Figure, Measurement, median_of
from bench.load import LoadError
from bench.stage import Stage
from function.auth.v1 import oauth_service_pb2
from function_backend_client import connect
from function_backend_client.server.access_token import TokenReader
from function_backend_client.server.caller import Caller, Entitled, Patterns
from function_backend_client.server.callers import Remembered
from function_backend_client.server.rules import Anywhere
from function_backend_client.server.settings import ProtectionSettings
from function_backend_client.server.signing_keys import SigningKeys
from function_backend_client.server.verifier import Verifier

_ISSUER, _AUDIENCE, _TENANT = "https://backend.example", "function-backend", str(uuid.UUID(int=1))
_ROUNDS = 9
_CACHED_CALLS, _READ_CALLS = 100_000, 2_000
_CACHED = "cached"


def measure(stage: Stage) -> Measurement:
    """Checks the same token again and again, in one thread of this process."""
    keys: dict[str, Any] = {
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }
    tokens = {algorithm: _token(algorithm, key) for algorithm, key in keys.items()}
    published = [_jwk(algorithm, key) for algorithm, key in keys.items()]
    readers = {algorithm: _reader(published) for algorithm in keys}
    cached = _cached_check(tokens["EdDSA"])
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in (_CACHED, *keys, *map(_bare, keys))}
    for _ in stage.rounds(_ROUNDS):
        rounds[_CACHED].append(_timed(cached, stage.scaled(_CACHED_CALLS, least=1000)))
        for algorithm, token in tokens.items():
            reader = readers[algorithm]
            calls = stage.scaled(_READ_CALLS, least=100)
            rounds[algorithm].append(_timed(partial(reader.read, token), calls))
            rounds[_bare(algorithm)].append(_timed(_signature_alone(algorithm, keys[algorithm], token), calls))
    return _judge(rounds)


def _token(algorithm: str, key: Any) -> str:  # noqa: ANN401  A private key of either kind.
    now = int(time.time())
    claims = {
        "iss": _ISSUER,
        "aud": [_AUDIENCE],
        "sub": f"user:{uuid.uuid4()}",
        "client_id": str(uuid.uuid4()),
        "tenant": _TENANT,
        "jti": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 3600,
        "amr": ["pwd", "otp"],
        "auth_time": now,
    }
    return jwt.encode(claims, key, algorithm=algorithm, headers={"typ": "at+jwt", "kid": algorithm})


def _jwk(algorithm: str, key: Any) -> oauth_service_pb2.Jwk:  # noqa: ANN401
    found = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
    return oauth_service_pb2.Jwk(
        kid=algorithm, alg=algorithm, use="sig", kty=found["kty"], crv=found["crv"], x=found["x"], y=found.get("y", "")
    )


def _reader(published: list[oauth_service_pb2.Jwk]) -> TokenReader:
    algorithms = frozenset({"ES256", "EdDSA"})
    keys = SigningKeys(lambda: published, algorithms, pause=1.0, life=3600.0)
    return TokenReader(keys, issuer=_ISSUER, audience=_AUDIENCE, tenant_id=_TENANT, algorithms=algorithms, leeway=30.0)


def _cached_check(token: str) -> Callable[[], object]:
    """The check of a remembered caller who holds the permission: what all calls but the first of a token pay."""
    client = connect("127.0.0.1:1", api_key="fbk_nobody_is_asked")
    verifier = Verifier(client, ProtectionSettings(issuer=_ISSUER))
    verifier.feed.trusted_until = float("inf")
    caller = Caller(
        subject="user:somebody",
        tenant_id=_TENANT,
        credential_id="a token",
        entitled=Entitled(everywhere=Patterns(frozenset({"order.*"})), somewhere=(), roles=()),
    )
    now = time.monotonic()
    verifier.remember(token, Remembered(caller, now, now + 3600.0))
    rule = Anywhere("order.read")
    if not verifier.check(token, verifier.caller(token), rule).may("order.read"):
        raise LoadError("the caller is not remembered")
    return lambda: verifier.check(token, verifier.caller(token), rule)


def _signature_alone(algorithm: str, key: Any, token: str) -> Callable[[], object]:  # noqa: ANN401
    """What nobody can go below: the library's check of the signature and nothing else."""
    maker = jwt.get_algorithm_by_name(algorithm)
    signed, _, text = token.rpartition(".")
    message, public = signed.encode(), key.public_key()
    signature = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return lambda: maker.verify(message, public, signature)


def _bare(algorithm: str) -> str:
    return f"{algorithm}, the signature alone"


def _timed(check: Callable[[], object], calls: int) -> dict[str, float]:
    begun = time.perf_counter()
    for _ in range(calls):
        check()
    return {"calls": calls, "us": (time.perf_counter() - begun) / calls * 1e6}


def _judge(rounds: dict[str, list[dict[str, float]]]) -> Measurement:
    cost = {name: median_of(measured, "us") for name, measured in rounds.items()}
    figures = [
        Figure(
            name="a remembered caller and their permission, in the interceptor",
            value=cost[_CACHED],
            unit="µs",
            at_most=5.0,
        )
    ]
    figures += [
        Figure(
            name=f"a token that was not seen before, {algorithm}",
            value=cost[algorithm],
            unit="µs",
            absolute=f"of which the signature alone takes {cost[_bare(algorithm)]:.0f} µs",
            at_most=200.0,
        )
        for algorithm in ("ES256", "EdDSA")
    ]
    conditions = {
        "what runs": "function_backend_client.server without gRPC around it: the digest of the credential, the "
        "look-up, its times, the permission; or decoding, claims and signature of the token",
        "load": "one thread of this process",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)
