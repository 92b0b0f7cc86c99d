"""Saying who is behind a credential."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from function_backend.kernel.clock import Clock
from function_backend.kernel.conditions import Circumstances
from function_backend.kernel.errors import LimitExceededError, ServiceError, UnauthenticatedError
from function_backend.kernel.identity import Principal
from function_backend.services.auth.adapters.authenticator import CredentialAuthenticator
from function_backend.services.auth.adapters.credential_memory import Remembered
from function_backend.services.auth.errors.credential import CertificateUnknownError, CredentialInvalidError
from function_backend.services.auth.errors.tenant import TenantSuspendedError

VERIFY_ANY = "auth.credential.verify_any"
_CERTIFICATE = "-----BEGIN"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out: a credential that counts, or why it does not."""

    remembered: Remembered | None = None
    principal: Principal | None = None
    """The caller as of now: with what it holds under conditions that can be told without its call."""
    failure: ServiceError | None = None
    remember_for: float = 0.0


class CredentialService:
    """The use cases of credentials. Nothing is asked of the database for a credential that is remembered."""

    def __init__(self, authenticator: CredentialAuthenticator, clock: Clock, *, remembered_seconds: float) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._seconds = remembered_seconds

    def verify(self, bearer: str, *, audience: str, caller: Principal | None) -> Verdict:
        """Whether the key or token counts, for a caller of its tenant or one that may verify any."""
        return self._verify(lambda: self._authenticator.examine(bearer, audience=audience), bearer, caller)

    def verify_certificate(self, pem: str, *, caller: Principal | None) -> Verdict:
        """Whether the certificate counts, for a caller that may verify any."""
        if not _may_verify_any(caller):
            return Verdict(failure=CertificateUnknownError())
        return self._verify(lambda: self._authenticator.examine_certificate(pem.encode()), "", caller)

    def verify_spiffe_id(self, spiffe_id: str, *, caller: Principal | None) -> Verdict:
        """Whether the SPIFFE id counts, for a caller that may verify any."""
        if not _may_verify_any(caller):
            return Verdict(failure=CertificateUnknownError())
        return self._verify(lambda: self._authenticator.examine_spiffe_id(spiffe_id), "", caller)

    def who_am_i(self, credential: str) -> Remembered:
        """What is known of the credential that the caller came with, a key, a token or a certificate in PEM."""
        return look_up(self._authenticator, credential)

    def _verify(self, examine: Callable[[], Remembered], bearer: str, caller: Principal | None) -> Verdict:
        may_verify_any = _may_verify_any(caller)
        try:
            remembered = examine()
            if not may_verify_any and not _is_of(remembered.found.principal.tenant_id, caller):
                return Verdict(failure=CredentialInvalidError())
            principal = self._settled(self._authenticator.admit(remembered))
        except (UnauthenticatedError, TenantSuspendedError, LimitExceededError) as failure:
            # What cannot be found out is raised on: UNAVAILABLE, never an answer.
            if not may_verify_any and not _may_be_told(bearer, failure, caller):
                return Verdict(failure=CredentialInvalidError())
            return Verdict(failure=failure)
        seconds = self._authenticator.remember_for(remembered.found, at_most=self._seconds)
        return Verdict(remembered, principal, remember_for=seconds)

    def _settled(self, principal: Principal) -> Principal:
        if not principal.conditional:
            return principal
        # Where the call comes from is not known here; what is granted for some networks only is not held.
        return principal.settled(Circumstances(caller=principal, now=self._clock.now(), address=None))


def look_up(authenticator: CredentialAuthenticator, credential: str) -> Remembered:
    """What is known of the credential of a call, which the pipeline has admitted."""
    if credential.startswith(_CERTIFICATE):
        return authenticator.examine_certificate(credential.encode())
    return authenticator.examine(credential)


def _may_verify_any(caller: Principal | None) -> bool:
    return caller is not None and caller.permissions.allows(VERIFY_ANY)


def _is_of(tenant_id: object, caller: Principal | None) -> bool:
    return caller is not None and tenant_id == caller.tenant_id


def _may_be_told(bearer: str, failure: ServiceError, caller: Principal | None) -> bool:
    """Whether the reason tells the caller nothing about another tenant.

    A token that has expired is refused before anybody asks whose it was. Its signature was good, so it is believed
    when it says that itself.
    """
    if failure.reason != "CREDENTIAL_EXPIRED" or bearer.count(".") != 2:  # noqa: PLR2004  the dots of a JWT
        return True
    return caller is not None and _claimed_tenant(bearer) == str(caller.tenant_id)


def _claimed_tenant(token: str) -> str:
    payload = token.split(".")[1]
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["tenant"])
    except (ValueError, KeyError, TypeError):
        return ""
