"""The failures of second factors."""

from __future__ import annotations

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, PreconditionError

_DESCRIPTION = "is not the current one; check the clock of the device"


class SecondFactorInvalidError(InvalidArgumentError):
    """The code is not the current one of the app, or was used already."""

    reason = "SECOND_FACTOR_INVALID"

    def __init__(self) -> None:
        super().__init__(f"code: {_DESCRIPTION}.", violations=[FieldViolation("code", _DESCRIPTION)])


class SecondFactorEnrolledError(PreconditionError):
    """The user has a second factor already."""

    reason = "SECOND_FACTOR_ENROLLED"

    def __init__(self) -> None:
        super().__init__("The second factor is on already; remove it first.")


class SecondFactorMissingError(PreconditionError):
    """The user has no second factor, or has not confirmed it yet."""

    reason = "SECOND_FACTOR_MISSING"

    def __init__(self) -> None:
        super().__init__("The second factor is not on.")
