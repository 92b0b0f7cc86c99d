"""Signing access tokens, and telling good ones from all others.

PyJWT does the cryptography. What a token may look like is decided before it (`domain.token_text`), what it must say
after it (`domain.claims_document`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jwt import get_algorithm_by_name

from function_backend.kernel.clock import Clock
from function_backend.services.auth.adapters.key_ring import KeyRing
from function_backend.services.auth.domain.access_claims import AccessClaims
from function_backend.services.auth.domain.claims_document import (
    ClaimsError,
    Expected,
    ExpiredClaimsError,
    read_claims,
    write_claims,
)
from function_backend.services.auth.domain.token_text import (
    LONGEST_TOKEN,
    MalformedTokenError,
    put_together,
    read_object,
    take_apart,
    with_signature,
)
from function_backend.services.auth.errors.credential import CredentialExpiredError, CredentialInvalidError

# Looked up once: they hold nothing but how it is done.
_ALGORITHMS: dict[str, Any] = {name: get_algorithm_by_name(name) for name in ("ES256", "EdDSA")}


class JwtIssuer:
    """Signs access tokens as JWTs (RFC 9068)."""

    def __init__(self, ring: KeyRing, *, issuer: str) -> None:
        self._ring = ring
        self._issuer = issuer

    def issue(self, claims: AccessClaims) -> str:
        """The token, signed with the current key.

        Raises UnavailableError while no signing key can be had, and ValueError for claims that no reader would accept:
        a life of more than an hour, a chain of more than eight actors, more than 8 KiB.
        """
        document = write_claims(claims, self._issuer)
        key, private = self._ring.signer()
        signed = put_together(key.algorithm, str(key.id), document)
        token = with_signature(signed, _ALGORITHMS[key.algorithm].sign(signed, private))
        if len(token) > LONGEST_TOKEN:
            raise ValueError(f"the token has {len(token)} characters, more than {LONGEST_TOKEN}")
        return token


class JwtReader:
    """Checks access tokens."""

    def __init__(self, ring: KeyRing, clock: Clock, *, issuer: str, audience: str, leeway: timedelta) -> None:
        self._ring = ring
        self._clock = clock
        self._issuer = issuer
        self._audience = audience
        self._leeway = leeway

    def read(self, token: str, *, audience: str | None = None) -> AccessClaims:
        """The claims of a token that this installation signed, that has not expired and is for the audience.

        Without `audience` it must be for this service itself. Raises CredentialInvalidError or CredentialExpiredError,
        and UnavailableError when the keys cannot be had.
        """
        try:
            parts = take_apart(token)
            entry = self._ring.find(parts.kid)
            # The algorithm is the key's own, whatever the token says.
            if entry is None or entry.key.algorithm != parts.algorithm:
                raise CredentialInvalidError
            if not _ALGORITHMS[parts.algorithm].verify(parts.signed, entry.public, parts.signature):
                raise CredentialInvalidError
            expected = Expected(
                issuer=self._issuer,
                audience=audience if audience is not None else self._audience,
                now=self._clock.now(),
                leeway=self._leeway,
            )
            return read_claims(read_object(parts.payload), expected)
        except ExpiredClaimsError as error:
            raise CredentialExpiredError(error.expired_at) from None
        except (MalformedTokenError, ClaimsError):
            raise CredentialInvalidError from None
