"""Finds out who is calling. Only methods that the contract declares anonymous go without."""

from __future__ import annotations

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.errors import UnauthenticatedError
from function_backend.kernel.identity import Authenticator

AUTHORIZATION = "authorization"
_SCHEME = "Bearer "
_LONGEST = 8192


class CredentialMissingError(UnauthenticatedError):
    """The call carries no credential, or none that can be read."""

    reason = "CREDENTIAL_MISSING"

    def __init__(self) -> None:
        super().__init__("Send the metadata 'authorization: Bearer <API key>', once.")


class Authentication(Stage):
    """Turns `authorization: Bearer …` into the principal of the call, and with it into its tenant."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def entering(self, method: Method) -> Hook | None:
        """Refuses calls without a credential; whether a credential is good is the authenticator's to say."""
        if method.anonymous:
            return None
        authenticate = self._authenticator.authenticate

        def enter(exchange: Exchange) -> None:
            header = exchange.metadata.get(AUTHORIZATION)
            # Of two credentials one would win by accident, and a proxy may have checked the other.
            if type(header) is not str or (exchange.repeated_metadata and _is_repeated(exchange)):
                raise CredentialMissingError
            if not header.startswith(_SCHEME) and header[: len(_SCHEME)].lower() != _SCHEME.lower():
                raise CredentialMissingError
            credential = header[len(_SCHEME) :].strip()
            if not credential or len(credential) > _LONGEST:
                raise CredentialMissingError
            exchange.credential = credential
            exchange.principal = authenticate(credential)

        return enter


def _is_repeated(exchange: Exchange) -> bool:
    return sum(key == AUTHORIZATION for key, _ in exchange.context.invocation_metadata()) > 1
