"""Finds out who is calling. Only methods that the contract declares anonymous go without.

Where the server verifies client certificates, a call without `authorization` is the certificate's. A call with both is
the token's: whoever sends one says whom it speaks for, and services behind one proxy share that proxy's certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.errors import UnauthenticatedError
from function_backend.kernel.identity import Authenticator

AUTHORIZATION = "authorization"
_SCHEME = "Bearer "
_LONGEST = 8192
_TRANSPORT, _TLS = "transport_security_type", b"ssl"
_CERTIFICATE = "x509_pem_cert"


class CredentialMissingError(UnauthenticatedError):
    """The call carries no credential, or none that can be read."""

    reason = "CREDENTIAL_MISSING"

    def __init__(self) -> None:
        super().__init__("Send the metadata 'authorization: Bearer <API key>', once.")


class Authentication(Stage):
    """Turns `authorization: Bearer …` into the principal of the call, and with it into its tenant."""

    def __init__(self, authenticator: Authenticator, *, certificates: bool = False) -> None:
        """`certificates` says whether every connection's client certificate was verified in its handshake."""
        self._authenticator = authenticator
        self._certificates = certificates

    def entering(self, method: Method) -> Hook | None:
        """Refuses calls without a credential; whether a credential is good is the authenticator's to say."""
        if method.anonymous:
            return None
        authenticate, by_certificate = self._authenticator.authenticate, self._by_certificate

        def enter(exchange: Exchange) -> None:
            header = exchange.metadata.get(AUTHORIZATION)
            if header is None and by_certificate(exchange):
                return
            # Of two credentials one would win by accident, and a proxy may have checked the other.
            if type(header) is not str or (exchange.repeated_metadata and _is_repeated(exchange)):
                raise CredentialMissingError
            if not header.startswith(_SCHEME) and header[: len(_SCHEME)].lower() != _SCHEME.lower():
                raise CredentialMissingError
            credential = header[len(_SCHEME) :].strip()
            if not credential or len(credential) > _LONGEST:
                raise CredentialMissingError
            exchange.credential = credential
            try:
                exchange.principal = authenticate(credential)
            except UnauthenticatedError as error:
                exchange.refused_caller = error.caller
                raise

        return enter

    def _by_certificate(self, exchange: Exchange) -> bool:
        """Whether the call was made with a verified certificate, whose caller it then is."""
        if not self._certificates:
            return False
        presented: Mapping[str, Any] = exchange.context.auth_context()
        # Whatever a connection without TLS says of itself is not looked at.
        if list(presented.get(_TRANSPORT) or ()) != [_TLS]:
            return False
        certificates: list[bytes] = list(presented.get(_CERTIFICATE) or ())
        if not certificates:
            return False
        exchange.principal = self._authenticator.authenticate_certificate(certificates[0])
        exchange.credential = certificates[0].decode("ascii", "replace")
        return True


def _is_repeated(exchange: Exchange) -> bool:
    return sum(key == AUTHORIZATION for key, _ in exchange.context.invocation_metadata()) > 1
