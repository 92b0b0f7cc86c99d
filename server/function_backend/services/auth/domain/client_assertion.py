"""An assertion with which a client proves that it holds a private key (RFC 7523, `private_key_jwt`)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from function_backend.services.auth.domain.client_credential import CredentialKind, UsableCredential
from function_backend.services.auth.domain.public_jwk import PublicKey, read_public_jwk
from function_backend.services.auth.domain.strict_json import StrictJsonError, read_object

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE = timedelta(hours=1)
"""How far ahead its expiry may lie, which is what libraries choose by default: so long its id has to be remembered."""

_LEEWAY = timedelta(seconds=30)
_TYPES = frozenset({"jwt", "client-authentication+jwt"})
_SHORTEST_ID = 8
_LONGEST_ID = 200
_HALF_SIGNATURE = 32
_PARTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LATEST = 253402300799
_PSS = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=SHA256.digest_size)


class AssertionRefusedError(ValueError):
    """The assertion proves nothing; why is for the log of the client's operator, not for whoever sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAssertion:
    """An assertion as it was sent: nothing of it is true yet."""

    client_id: UUID
    algorithm: str
    key_id: str | None
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenAssertion:
    """An assertion whose signature and claims hold; it is good once."""

    credential: UsableCredential
    digest: bytes
    """Of its id, for remembering that it was used."""
    expires_at: datetime
    """When it may be forgotten."""


def read_assertion(text: str) -> ClientAssertion:
    """The parts of the assertion. Raises AssertionRefusedError when they cannot be told apart."""
    if not _PARTS.fullmatch(text):
        raise AssertionRefusedError("it is no compact JWS")
    head, body, tail = text.split(".")
    try:
        header, claims = read_object(_decode(head)), read_object(_decode(body))
        subject = claims.get("sub")
        client_id = UUID(subject if isinstance(subject, str) else "")
    except (StrictJsonError, ValueError):
        raise AssertionRefusedError("header or claims cannot be read") from None
    if claims.get("iss") != subject:
        raise AssertionRefusedError("'iss' and 'sub' differ")
    if "crit" in header or str(header.get("typ", "JWT")).lower() not in _TYPES:
        raise AssertionRefusedError("the header asks for what is not known here")
    key_id, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(algorithm, str) or not isinstance(key_id, str | None):
        raise AssertionRefusedError("the header names no algorithm")
    return ClientAssertion(
        client_id=client_id,
        # RFC 9864 gives the one curve of EdDSA that is taken here a name of its own.
        algorithm="EdDSA" if algorithm == "Ed25519" else algorithm,
        key_id=key_id,
        claims=claims,
        signed=f"{head}.{body}".encode(),
        signature=_decode(tail),
    )


def prove(
    assertion: ClientAssertion, credentials: Iterable[UsableCredential], *, audiences: Collection[str], now: datetime
) -> ProvenAssertion:
    """The assertion once it is proven by one of the client's keys. Raises AssertionRefusedError.

    A key verifies the one algorithm it was added for, whatever the header says; keys in the header are not looked at.
    """
    expires_at, token_id = _check_claims(assertion.claims, audiences, now)
    for credential in credentials:
        if credential.kind is not CredentialKind.PUBLIC_KEY or credential.algorithm != assertion.algorithm:
            continue
        if assertion.key_id is not None and assertion.key_id != credential.key_id:
            continue
        if _verifies(read_public_jwk(credential.public_jwk).key, assertion):
            digest = hashlib.sha256(token_id.encode()).digest()
            return ProvenAssertion(credential=credential, digest=digest, expires_at=expires_at + _LEEWAY)
    raise AssertionRefusedError("no key of the client has signed it")


def _check_claims(claims: dict[str, Any], audiences: Collection[str], now: datetime) -> tuple[datetime, str]:
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(name, str) and name in audiences for name in named):
        raise AssertionRefusedError("it is for somebody else")
    expires_at = _moment(claims.get("exp"))
    if expires_at is None or expires_at + _LEEWAY <= now:
        raise AssertionRefusedError("it has expired, or does not say when it does")
    if expires_at > now + LONGEST_LIFE + _LEEWAY:
        raise AssertionRefusedError("it lives too long")
    for name in ("nbf", "iat"):
        if name in claims:
            moment = _moment(claims[name])
            if moment is None or moment - _LEEWAY > now:
                raise AssertionRefusedError(f"'{name}' lies in the future")
    token_id = claims.get("jti")
    if not isinstance(token_id, str) or not _SHORTEST_ID <= len(token_id) <= _LONGEST_ID:
        raise AssertionRefusedError("it has no 'jti' of 8 to 200 characters")
    try:
        token_id.encode()
    except UnicodeEncodeError:
        raise AssertionRefusedError("its 'jti' is no text") from None
    return expires_at, token_id


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value, UTC)


def _verifies(key: PublicKey, assertion: ClientAssertion) -> bool:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            if len(assertion.signature) != 2 * _HALF_SIGNATURE:
                return False
            halves = assertion.signature[:_HALF_SIGNATURE], assertion.signature[_HALF_SIGNATURE:]
            signature = encode_dss_signature(*(int.from_bytes(half) for half in halves))
            key.verify(signature, assertion.signed, ec.ECDSA(SHA256()))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(assertion.signature, assertion.signed)
        elif isinstance(key, rsa.RSAPublicKey):
            scheme = _PSS if assertion.algorithm == "PS256" else padding.PKCS1v15()
            key.verify(assertion.signature, assertion.signed, scheme, SHA256())
    except InvalidSignature:
        return False
    return True


def _decode(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise AssertionRefusedError("a part is not base64url") from None
