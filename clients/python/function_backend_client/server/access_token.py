"""Reading access tokens (RFC 9068) without asking anybody."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from function_backend_client.server.caller import Caller
from function_backend_client.server.refusal import RefusedError, unauthenticated
from function_backend_client.server.signing_keys import SigningKeys

_LONGEST: Final = 8192
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
_DEEPEST_CHAIN: Final = 10


class MalformedTokenError(Exception):
    """Not a token that this service could have been given."""


@dataclass(frozen=True, slots=True)
class ReadToken:
    """A token whose signature, audience and times are good."""

    caller: Caller
    issued_at: int


def looks_like_token(credential: str) -> bool:
    """Whether a credential is a JWT by its form."""
    return len(credential) <= _LONGEST and _JWT.fullmatch(credential) is not None


class TokenReader:
    """Checks tokens: exactly the configured algorithms, keys of the backend alone, issuer, audience and times."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        issuer: str,
        audience: str,
        tenant_id: str | None,
        algorithms: frozenset[str],
        leeway: float,
    ) -> None:
        """`tenant_id` is the one whose tokens are taken; None for those of all."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._tenant_id = tenant_id
        self._algorithms = algorithms
        self._leeway = leeway

    def read(self, token: str) -> ReadToken:
        """Who the token is for. Raises RefusedError, or FunctionBackendError when the keys cannot be had."""
        signed, _, signature = token.rpartition(".")
        header_text, _, claims_text = signed.partition(".")
        try:
            header = _object(header_text)
            # Read before the signature is checked, used only afterwards: a forged token costs no more than a good one.
            claims = _object(claims_text)
            algorithm, key_id = _text(header, "alg"), _text(header, "kid")
            given = _decoded(signature)
        except MalformedTokenError as error:
            raise _invalid() from error
        # A header's own key (jwk, jku, x5u, x5c) is not looked at; what it says is critical is not known here.
        if algorithm not in self._algorithms or header.get("typ") not in _TYPES or "crit" in header:
            raise _invalid()
        key = self._keys.find(key_id)
        if key is None or key.algorithm_name != algorithm:
            raise _invalid()
        if not key.Algorithm.verify(signed.encode(), key.key, given):
            raise _invalid()
        return self._read_claims(claims)

    def _read_claims(self, claims: Mapping[str, Any]) -> ReadToken:
        try:
            issued_at, expires_at = _number(claims, "iat"), _number(claims, "exp")
            not_before = _number(claims, "nbf") if "nbf" in claims else issued_at
            audience = claims.get("aud")
            audiences = [audience] if isinstance(audience, str) else audience
            if claims.get("iss") != self._issuer or not isinstance(audiences, list) or self._audience not in audiences:
                raise _invalid()
            caller = Caller(
                subject=_text(claims, "sub"),
                tenant_id=_text(claims, "tenant"),
                credential_id=_text(claims, "jti"),
                client_id=_text(claims, "client_id"),
                session_id=claims.get("sid", ""),
                actors=tuple(_actors(claims.get("act"))),
                authentication_methods=frozenset(claims.get("amr", ())),
                authenticated_at=_moment(claims),
                expires_at=float(expires_at),
            )
        except (MalformedTokenError, TypeError) as error:
            raise _invalid() from error
        if self._tenant_id is not None and caller.tenant_id != self._tenant_id:
            raise _invalid()
        now = time.time()
        if now >= expires_at + self._leeway:
            raise unauthenticated("CREDENTIAL_EXPIRED", "the token has expired")
        if now + self._leeway < max(issued_at, not_before):
            raise _invalid()
        return ReadToken(caller, issued_at)


def _invalid() -> RefusedError:
    # One answer for everything: what is wrong with a forged token helps only who forged it.
    return unauthenticated("CREDENTIAL_INVALID", "the credential is not known")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error) as error:
        raise MalformedTokenError from error


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = _DECODER.decode(_decoded(text).decode())
    except (ValueError, RecursionError) as error:
        raise MalformedTokenError from error
    if not isinstance(found, dict):
        raise MalformedTokenError
    return found


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # Two readers may take different ones of two claims with the same name.
    if len(found) != len(pairs):
        raise MalformedTokenError
    return found


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_without_duplicates)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedTokenError
    return value


def _number(found: Mapping[str, Any], name: str) -> int:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1 << 40:
        raise MalformedTokenError
    return int(value)


def _moment(claims: Mapping[str, Any]) -> dt.datetime | None:
    if "auth_time" not in claims:
        return None
    return dt.datetime.fromtimestamp(_number(claims, "auth_time"), tz=dt.UTC)


def _actors(act: Any) -> list[str]:  # noqa: ANN401  As it came.
    chain: list[str] = []
    while act is not None:
        if not isinstance(act, dict) or len(chain) >= _DEEPEST_CHAIN:
            raise MalformedTokenError
        chain.append(_text(act, "sub"))
        act = act.get("act")
    return chain
