"""A public key that a client verifies itself with, as a JWK (RFC 7517), and the algorithm that belongs to it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from function_backend.services.auth.domain.strict_json import StrictJsonError, canonical_json, read_object

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KEY_ID = re.compile(r"[\x21-\x7e]{1,200}")
_COORDINATE_BYTES = 32
_SMALLEST_MODULUS = 2048
_LARGEST_MODULUS = 8192
_EXPONENT = 65537


class PublicJwkError(ValueError):
    """The text is no public key that is taken; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicJwk:
    """A public key that is taken."""

    key_id: str
    algorithm: str
    text: str
    """The members that make up the key, as canonical JSON."""
    key: PublicKey


def read_public_jwk(text: str) -> PublicJwk:
    """The key of the text. Raises PublicJwkError."""
    try:
        jwk = read_object(text)
    except StrictJsonError as error:
        raise PublicJwkError(f"is no JSON object: {error}") from None
    if _PRIVATE & jwk.keys():
        # It has been sent, so it is no secret any more.
        raise PublicJwkError("holds a private key; make a new pair and send only its public half")
    if jwk.get("use", "sig") != "sig":
        raise PublicJwkError("is not meant for signatures: 'use' must be 'sig'")
    members, algorithm, key = _read(jwk)
    if jwk.get("alg", algorithm) != algorithm:
        raise PublicJwkError(f"has another 'alg' than its type goes with: {algorithm}")
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical_json(members).encode()).digest())
    key_id = jwk.get("kid", thumbprint.rstrip(b"=").decode())
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise PublicJwkError("has a 'kid' that is not 1 to 200 printable ASCII characters")
    kept = {**members, "alg": algorithm, "kid": key_id, "use": "sig"}
    return PublicJwk(key_id=key_id, algorithm=algorithm, text=canonical_json(kept), key=key)


def _read(jwk: Mapping[str, object]) -> tuple[dict[str, object], str, PublicKey]:
    match jwk.get("kty"), jwk.get("crv"):
        case "EC", "P-256":
            return _elliptic(jwk)
        case "OKP", "Ed25519":
            x = _bytes(jwk, "x", length=_COORDINATE_BYTES)
            members: dict[str, object] = {"crv": "Ed25519", "kty": "OKP", "x": _text(x)}
            return members, "EdDSA", ed25519.Ed25519PublicKey.from_public_bytes(x)
        case "RSA", None:
            return _rsa(jwk)
        case _:
            raise PublicJwkError("must be EC with P-256, OKP with Ed25519, or RSA")


def _elliptic(jwk: Mapping[str, object]) -> tuple[dict[str, object], str, PublicKey]:
    x, y = _bytes(jwk, "x", length=_COORDINATE_BYTES), _bytes(jwk, "y", length=_COORDINATE_BYTES)
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    try:
        key = numbers.public_key()
    except ValueError:
        raise PublicJwkError("is no point of the curve P-256") from None
    return {"crv": "P-256", "kty": "EC", "x": _text(x), "y": _text(y)}, "ES256", key


def _rsa(jwk: Mapping[str, object]) -> tuple[dict[str, object], str, PublicKey]:
    n, e = _bytes(jwk, "n"), _bytes(jwk, "e")
    modulus = int.from_bytes(n)
    if not _SMALLEST_MODULUS <= modulus.bit_length() <= _LARGEST_MODULUS:
        raise PublicJwkError(f"must have {_SMALLEST_MODULUS} to {_LARGEST_MODULUS} bits")
    if int.from_bytes(e) != _EXPONENT or not modulus % 2:
        raise PublicJwkError(f"must have the exponent {_EXPONENT} and an odd modulus")
    key = rsa.RSAPublicNumbers(_EXPONENT, modulus).public_key()
    algorithm = "PS256" if jwk.get("alg") == "PS256" else "RS256"
    return {"e": _text(e), "kty": "RSA", "n": _text(n)}, algorithm, key


def _bytes(jwk: Mapping[str, object], name: str, *, length: int | None = None) -> bytes:
    text = jwk.get(name)
    if not isinstance(text, str) or not text or not text.isascii():
        raise PublicJwkError(f"lacks '{name}'")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise PublicJwkError(f"has a '{name}' that is not base64url") from None
    if length is not None and len(decoded) != length:
        raise PublicJwkError(f"has a '{name}' that is not {length} bytes long")
    return decoded


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
