"""What callers find at the well-known addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from function_backend.services.auth.domain.discovery import Published, discovery_document


class PublicKeys(Protocol):
    """Knows the public halves of the signing keys."""

    def public_jwks(self) -> list[dict[str, Any]]:
        """Those that tokens may be signed with now, and those that tokens still around were signed with."""


class Publication:
    """Public keys, and what this authorisation server can do."""

    def __init__(self, keys: PublicKeys, *, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    def jwks(self) -> Sequence[dict[str, Any]]:
        """The public keys as JWKs."""
        return self._keys.public_jwks()

    def discovery(self) -> dict[str, Any]:
        """The metadata (RFC 8414)."""
        algorithms = sorted({str(key["alg"]) for key in self._keys.public_jwks()})
        return discovery_document(Published(issuer=self._issuer, algorithms=algorithms))
