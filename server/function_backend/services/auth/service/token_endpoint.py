"""The token endpoint: one place for all grants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from function_backend.services.auth.domain.grant import Granted, GrantRequest
from function_backend.services.auth.domain.tenant_settings import Grant
from function_backend.services.auth.errors.oauth import OAuthInvalidRequestError, OAuthUnsupportedGrantTypeError


class GrantHandler(Protocol):
    """One grant type."""

    def grant(self, request: GrantRequest) -> Granted:
        """What the request is entitled to."""


class TokenEndpoint:
    """Hands each request to its grant."""

    def __init__(self, grants: Mapping[Grant, GrantHandler]) -> None:
        self._grants = {grant.value: handler for grant, handler in grants.items()}

    def grant(self, request: GrantRequest) -> Granted:
        """What the request is entitled to; every refusal is one of OAuth's, or of a sign-in."""
        if not request.grant_type:
            raise OAuthInvalidRequestError("grant_type is missing.")
        handler = self._grants.get(request.grant_type)
        if handler is None:
            raise OAuthUnsupportedGrantTypeError("There is no such grant type here.")
        return handler.grant(request)
