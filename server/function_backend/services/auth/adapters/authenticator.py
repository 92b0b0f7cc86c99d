"""Finding out who is behind a credential, without asking the database on every call or trusting memory too long.

What was found is remembered by the digest of the credential, until it expires or something it depends on is revoked.
It counts while the worker knows that it has heard of all revocations: they are notified, and the epoch that each counts
up is polled. When neither can be heard, memory counts for a moment only; then the database is asked again, and when
that cannot be asked, nobody gets in: the answer is UNAVAILABLE.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError, UnauthenticatedError
from function_backend.kernel.identity import Principal
from function_backend.kernel.statistics import CacheStatistics
from function_backend.services.auth.adapters.api_key_lookup import ApiKeyLookup
from function_backend.services.auth.adapters.certificate_lookup import (
    CertificateLookup,
    PresentedCertificate,
    read_certificate,
)
from function_backend.services.auth.adapters.credential_memory import CredentialMemory, Remembered
from function_backend.services.auth.adapters.token_lookup import TokenLookup, looks_like_token
from function_backend.services.auth.domain.certificate_identity import CertificateName, CertificateNameKind
from function_backend.services.auth.domain.credential import FoundCredential, Standing
from function_backend.services.auth.domain.key_text import digest
from function_backend.services.auth.errors.credential import (
    CredentialExpiredError,
    CredentialInvalidError,
    CredentialRevokedError,
    SessionEndedError,
    SubjectDisabledError,
)
from function_backend.services.auth.errors.tenant import TenantSuspendedError

TRUSTED_SECONDS = 0.9
"""How long a revocation may stay unheard: below the second within which every worker refuses a revoked key."""

_REFUSED_AGAIN_SECONDS = 5.0
"""How long a refusal that may be lifted is remembered."""

_REFUSALS: dict[Standing, Callable[[], ServiceError]] = {
    Standing.REVOKED: CredentialRevokedError,
    Standing.SUBJECT_DISABLED: SubjectDisabledError,
    Standing.SESSION_ENDED: SessionEndedError,
}


class CredentialAuthenticator:
    """Verifies API keys, access tokens and client certificates."""

    def __init__(
        self,
        *,
        clock: Clock,
        epoch_age: Callable[[], float],
        memory: CredentialMemory,
        api_keys: ApiKeyLookup,
        tokens: TokenLookup,
        certificates: CertificateLookup,
        note_session: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        """`note_session` is told the session of each call that has one."""
        self._note_session = note_session
        self._now = clock.now
        self._epoch_age = epoch_age
        self._memory = memory
        self._known = memory.get
        self._api_keys = api_keys
        self._tokens = tokens
        self._certificates = certificates
        self._epoch: int | None = None
        self._told: set[int] = set()

    @property
    def cache(self) -> CacheStatistics:
        """How often a credential was known."""
        return self._memory.statistics

    def authenticate(self, credential: str) -> Principal:
        """The caller behind the credential, whose call is counted.

        Raises UnauthenticatedError with the reason, ApiKeyQuotaExceededError, or UnavailableError when it cannot be
        found out.
        """
        presented = digest(credential)
        remembered = self._known(presented)
        # The way of nearly every call, in one piece: each call of a function would add a tenth to it.
        if remembered is not None and remembered.is_good and self._epoch_age() < TRUSTED_SECONDS:
            expires_at = remembered.expires_at
            if expires_at is None or expires_at > self._now():
                use = remembered.use
                if use is not None:
                    use.count()
                principal = remembered.principal
                if principal.session_id is not None:
                    self._note_session(principal.session_id)
                return principal
        if remembered is None or not self._counts(remembered):
            remembered = self._ask(presented, credential, again=remembered is not None)
        return self.admit(remembered)

    def authenticate_certificate(self, certificate: bytes) -> Principal:
        """The caller behind a client certificate in PEM, which the handshake has verified. Raises as `authenticate`."""
        return self.admit(self.examine_certificate(certificate))

    def examine(self, credential: str, *, audience: str = "") -> Remembered:
        """What is known of a key or a token, admitted or not. Raises CredentialInvalidError for an unknown one."""
        # For other audiences the same token is another question.
        presented = digest(f"{audience}\n{credential}" if audience else credential)
        remembered = self._known(presented)
        if remembered is None or not self._counts(remembered):
            remembered = self._ask(presented, credential, again=remembered is not None, audience=audience)
        return remembered

    def examine_certificate(self, certificate: bytes) -> Remembered:
        """What is known of a certificate in PEM; CertificateUnknownError for one that names nobody."""
        presented = hashlib.sha256(b"certificate\n" + certificate).digest()
        return self._examine_names(presented, lambda: read_certificate(certificate))

    def examine_spiffe_id(self, spiffe_id: str) -> Remembered:
        """What is known of a SPIFFE id; CertificateUnknownError for one that is nobody's."""
        presented = hashlib.sha256(b"spiffe\n" + spiffe_id.encode()).digest()
        name = CertificateName.of(CertificateNameKind.URI, spiffe_id)
        return self._examine_names(presented, lambda: PresentedCertificate((name,)))

    def admit(self, remembered: Remembered) -> Principal:
        """The caller, whose call is counted; the reason as an exception when it may not come in."""
        found = remembered.found
        try:
            self.require_good(found)
        except UnauthenticatedError as error:
            error.caller = found.principal
            raise
        if remembered.use is not None:
            remembered.use.count()
        principal = found.principal
        if principal.session_id is not None:
            self._note_session(principal.session_id)
        return principal

    def require_good(self, found: FoundCredential) -> None:
        """Raises the reason when the credential may not come in."""
        if found.standing is not Standing.GOOD:
            raise _refusal(found)
        if found.expires_at is not None and found.expires_at <= self._now():
            raise CredentialExpiredError(found.expires_at)

    def remember_for(self, found: FoundCredential, *, at_most: float) -> float:
        """Seconds for which others may rely on what was found, while they follow the revocations."""
        if self._epoch_age() >= TRUSTED_SECONDS:
            return 0.0
        if found.expires_at is None:
            return at_most
        return max(0.0, min(at_most, (found.expires_at - self._now()).total_seconds()))

    def forget(self, _: str = "") -> None:
        """Something was revoked, or may have been: ask again for everything."""
        self._memory.clear()

    def forget_revoked(self, text: str) -> None:
        """This was revoked, as `<what>/<tenant id>/<id>`: ask again for whatever depends on it."""
        what, tenant_id, revoked_id = text.split("/")
        if what == "tenant":
            # Of those below it, too.
            self._memory.clear()
        elif what == "role":
            # Whoever holds it is of its tenant, or the role is built in and everybody's.
            self._memory.forget(UUID(tenant_id))
        else:
            self._memory.forget(UUID(revoked_id))

    def hear_epoch(self, text: str) -> None:
        """The revocation with this epoch has been handled."""
        self._told.add(int(text))

    def find_epoch(self, text: str) -> None:
        """The epoch is this now: unless every one since the last was heard of, ask again for everything."""
        epoch, before = int(text), self._epoch
        self._epoch = epoch
        told = self._told
        if before is None or epoch < before or any(each not in told for each in range(before + 1, epoch + 1)):
            self._memory.clear()
        self._told = {later for later in told if later > epoch}

    def _counts(self, remembered: Remembered) -> bool:
        seconds = TRUSTED_SECONDS
        if self._epoch_age() < TRUSTED_SECONDS:
            standing = remembered.found.standing
            if standing is Standing.GOOD or standing is Standing.REVOKED:
                return True
            seconds = _REFUSED_AGAIN_SECONDS
        return time.monotonic() - remembered.asked_at < seconds

    def _ask(self, presented: bytes, credential: str, *, again: bool, audience: str = "") -> Remembered:
        if looks_like_token(credential):
            tokens = self._tokens
            return self._memory.ask(presented, lambda: tokens.find(credential, audience=audience or None), drop=again)
        if not self._api_keys.may_be_key(credential):
            raise CredentialInvalidError
        return self._memory.ask(presented, lambda: self._ask_for_key(digest(credential)), drop=again)

    def _ask_for_key(self, presented: bytes) -> Remembered:
        remembered = self._api_keys.find(presented)
        if remembered is None:
            raise CredentialInvalidError
        return remembered

    def _examine_names(self, presented: bytes, read: Callable[[], PresentedCertificate]) -> Remembered:
        remembered = self._known(presented)
        if remembered is None or not self._counts(remembered):
            certificate = read()
            self._require_begun(certificate.valid_from)
            remembered = self._memory.ask(
                presented, lambda: self._certificates.find(certificate), drop=remembered is not None
            )
        return remembered

    def _require_begun(self, moment: datetime | None) -> None:
        if moment is not None and moment > self._now():
            raise CredentialInvalidError


def _refusal(found: FoundCredential) -> ServiceError:
    if found.standing is Standing.TENANT_SUSPENDED:
        return TenantSuspendedError(found.principal.tenant_id)
    return _REFUSALS[found.standing]()
