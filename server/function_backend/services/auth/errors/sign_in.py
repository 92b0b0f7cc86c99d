"""Why a sign-in is refused."""

from __future__ import annotations

from datetime import timedelta

from function_backend.kernel.errors import (
    LimitExceededError,
    PreconditionError,
    UnauthenticatedError,
)


class SignInError(Exception):
    """Somebody could not be signed in; each kind of it is a failure with a reason as well."""


class SignInFailedError(UnauthenticatedError, SignInError):
    """The user does not exist, may not sign in, or has another password or code; which of them is not told."""

    reason = "SIGN_IN_FAILED"

    def __init__(self) -> None:
        super().__init__("The sign-in failed.")


class SignInDelayedError(LimitExceededError, SignInError):
    """Too many sign-ins failed in a row."""

    reason = "SIGN_IN_DELAYED"

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("Too many failed sign-ins; retry after the given delay.", retry_after=retry_after)


class SecondFactorRequiredError(UnauthenticatedError, SignInError):
    """The password is right and the code of the second factor is missing."""

    reason = "SECOND_FACTOR_REQUIRED"

    def __init__(self) -> None:
        super().__init__("Repeat the sign-in with a code of the second factor.")


class PasswordChangeRequiredError(PreconditionError, SignInError):
    """The password is right and has to be replaced first."""

    reason = "PASSWORD_CHANGE_REQUIRED"

    def __init__(self) -> None:
        super().__init__("The password has to be changed first.")


class HashingOverloadedError(LimitExceededError, SignInError):
    """More passwords are to be checked than there is time for."""

    reason = "HASHING_OVERLOADED"

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("Too many passwords are being checked; retry after the given delay.", retry_after=retry_after)
