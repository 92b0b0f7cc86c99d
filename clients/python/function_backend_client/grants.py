"""Ways to sign in: what a program or a person presents for an access token.

>>> connect(address, credentials=ClientCredentials("…", "…"))
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from function_backend_client.errors import InvalidArgumentError, PreconditionError, UnauthenticatedError
from function_backend_client.tokens import Parameters, TokenEndpoint, Tokens

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFE: Final = 60
_NO_JWT: Final = "PrivateKeyJwt needs PyJWT: install function-backend-client[auth]"


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A service account with a client secret (RFC 6749, section 4.4)."""

    client_id: str
    client_secret: str = field(repr=False)
    scopes: Iterable[str] = ()
    """Permissions that the tokens are narrowed to; none means everything that the service account may do."""
    audience: str = ""
    """Who the tokens are for; the service itself when empty."""

    def fetch(self, endpoint: TokenEndpoint, kept: Tokens | None) -> Tokens:  # noqa: ARG002  There is no refresh token to use.
        """New tokens."""
        return endpoint.ask(
            _given(
                grant_type="client_credentials",
                client_id=self.client_id,
                client_secret=self.client_secret,
                scope=" ".join(self.scopes),
                audience=self.audience,
            )
        )


@dataclass(frozen=True, slots=True)
class PrivateKeyJwt:
    """A service account with a key pair, of which only the public half is known to the service (RFC 7523)."""

    client_id: str
    private_key: str | bytes | Path = field(repr=False)
    """A PEM text, or the path of a file with one. ES256 or EdDSA, RSA as RS256."""
    key_id: str = ""
    """The `kid` under which the public half is registered."""
    issuer: str = ""
    """How the service names itself, which the assertion is for; asked for when empty."""
    scopes: Iterable[str] = ()
    audience: str = ""

    def fetch(self, endpoint: TokenEndpoint, kept: Tokens | None) -> Tokens:  # noqa: ARG002  There is no refresh token to use.
        """New tokens, for a new assertion that is good for a minute."""
        return endpoint.ask(
            _given(
                grant_type="client_credentials",
                client_id=self.client_id,
                client_assertion_type=ASSERTION_TYPE,
                client_assertion=self.assertion(self.issuer or endpoint.issuer()),
                scope=" ".join(self.scopes),
                audience=self.audience,
            )
        )

    def assertion(self, issuer: str) -> str:
        """A signed statement that this client asks, good once and for a minute."""
        jwt, keys = _jwt()
        pem = self.private_key.read_bytes() if isinstance(self.private_key, Path) else self.private_key
        key = keys.load_pem_private_key(pem.encode() if isinstance(pem, str) else pem, password=None)
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": issuer,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + _ASSERTION_LIFE,
        }
        headers = {"kid": self.key_id} if self.key_id else None
        signed: str = jwt.encode(claims, key, algorithm=_algorithm(key), headers=headers)
        return signed


@dataclass(frozen=True, slots=True)
class Password:
    """A person's name and password, for the organisation's own programs; others use the device flow."""

    login: str
    """User name or e-mail address."""
    password: str = field(repr=False)
    tenant: str = ""
    """The name of the tenant."""
    otp: str = field(default="", repr=False)
    """A code of the second factor."""
    client_id: str = "function-backend-cli"
    """The name of a program of the organisation that people sign in with; the backend knows it by its settings."""
    scopes: Iterable[str] = ()

    def fetch(self, endpoint: TokenEndpoint, kept: Tokens | None) -> Tokens:
        """New tokens: with the refresh token while that is good, else with the password."""
        if kept is not None and kept.refresh_token:
            try:
                return refreshed(endpoint, kept.refresh_token, client_id=self.client_id)
            except (UnauthenticatedError, InvalidArgumentError, PreconditionError):
                # The session is over. The password starts another.
                pass
        return endpoint.ask(
            _given(
                grant_type="password",
                client_id=self.client_id,
                username=self.login,
                password=self.password,
                otp=self.otp,
                tenant=self.tenant,
                scope=" ".join(self.scopes),
            )
        )


def refreshed(endpoint: TokenEndpoint, refresh_token: str, *, client_id: str = "") -> Tokens:
    """The next pair for a refresh token, which is used up by that."""
    return endpoint.ask(_given(grant_type="refresh_token", refresh_token=refresh_token, client_id=client_id))


def _given(**parameters: str) -> Parameters:
    return {name: value for name, value in parameters.items() if value}


def _algorithm(key: Any) -> str:  # noqa: ANN401  A private key of `cryptography`, which may be absent.
    return {"ECPrivateKey": "ES256", "Ed25519PrivateKey": "EdDSA", "RSAPrivateKey": "RS256"}.get(
        type(key).__name__.removeprefix("_"), "ES256"
    )


def _jwt() -> tuple[Any, Any]:
    try:
        return import_module("jwt"), import_module("cryptography.hazmat.primitives.serialization")
    except ImportError as error:
        raise RuntimeError(_NO_JWT) from error
