"""Why a credential is refused."""

from __future__ import annotations

from datetime import datetime

from function_backend.kernel.errors import UnauthenticatedError


class CredentialInvalidError(UnauthenticatedError):
    """The credential is not known, or its text is not that of one."""

    reason = "CREDENTIAL_INVALID"

    def __init__(self) -> None:
        super().__init__("The credential is not valid.")


class CredentialExpiredError(UnauthenticatedError):
    """The credential has expired."""

    reason = "CREDENTIAL_EXPIRED"

    def __init__(self, expired_at: datetime) -> None:
        moment = expired_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        super().__init__(f"The credential expired at {moment}.", metadata={"expired_at": moment})


class CredentialRevokedError(UnauthenticatedError):
    """The credential has been revoked."""

    reason = "CREDENTIAL_REVOKED"

    def __init__(self) -> None:
        super().__init__("The credential has been revoked.")


class SubjectDisabledError(UnauthenticatedError):
    """The user or service account behind the credential is not active."""

    reason = "SUBJECT_DISABLED"

    def __init__(self) -> None:
        super().__init__("The account behind this credential is not active.")


class SessionEndedError(UnauthenticatedError):
    """The session behind the token has ended."""

    reason = "SESSION_ENDED"

    def __init__(self) -> None:
        super().__init__("The session behind this token has ended; sign in again.")


class CertificateUnknownError(UnauthenticatedError):
    """The certificate names nobody that is known."""

    reason = "CERTIFICATE_UNKNOWN"

    def __init__(self) -> None:
        super().__init__("No service account is bound to a name in the client certificate.")
