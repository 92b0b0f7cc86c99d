"""What callers find at the well-known addresses: the public keys, and what this installation can do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from function_backend.services.auth.domain.tenant_settings import Grant

_ISSUER = re.compile(r"https?://[A-Za-z0-9.\-_~:\[\]]+(/[A-Za-z0-9.\-_~/]*[A-Za-z0-9.\-_~])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the discovery document is made of."""

    issuer: str
    algorithms: Sequence[str]
    """What tokens may be signed with at the moment."""
    scopes: Sequence[str] = ()
    """Permissions and branches that may be asked for; left out of the document when there are none."""


def check_issuer(issuer: str) -> None:
    """ValueError when the text is no issuer identifier of RFC 8414: a URL without query, fragment and final slash."""
    if not _ISSUER.fullmatch(issuer):
        raise ValueError("issuer must be an http or https URL without query, fragment and final slash")


def jwks_document(public_jwks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The JWK Set (RFC 7517) of the keys, which are public halves only."""
    return {"keys": [dict(key) for key in public_jwks]}


def discovery_document(published: Published) -> dict[str, Any]:
    """The metadata of the authorisation server (RFC 8414), which is also its OpenID configuration."""
    base = published.issuer
    client_authentication = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    assertions = ["ES256", "EdDSA", "RS256", "PS256"]
    document: dict[str, Any] = {
        "issuer": base,
        "token_endpoint": f"{base}/oauth2/token",
        "jwks_uri": f"{base}/oauth2/jwks",
        "introspection_endpoint": f"{base}/oauth2/introspect",
        "revocation_endpoint": f"{base}/oauth2/revoke",
        "device_authorization_endpoint": f"{base}/oauth2/device_authorization",
        # There is no authorisation endpoint to answer anything; libraries want the list, and something in it.
        "response_types_supported": ["none"],
        "grant_types_supported": [grant.value for grant in Grant],
        "token_endpoint_auth_methods_supported": client_authentication,
        "token_endpoint_auth_signing_alg_values_supported": assertions,
        "introspection_endpoint_auth_methods_supported": client_authentication,
        "introspection_endpoint_auth_signing_alg_values_supported": assertions,
        "revocation_endpoint_auth_methods_supported": client_authentication,
        "revocation_endpoint_auth_signing_alg_values_supported": assertions,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(published.algorithms),
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "auth_time", "amr", "act", "sid", "tenant",
        ],
    }  # fmt: skip
    if published.scopes:
        document["scopes_supported"] = list(published.scopes)
    return document
