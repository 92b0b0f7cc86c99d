"""The failures of setting a password."""

from __future__ import annotations

from collections.abc import Sequence

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, UnauthenticatedError
from function_backend.services.auth.domain.password_rules import BrokenRule


class PasswordRefusedError(InvalidArgumentError):
    """The password breaks rules of the tenant."""

    reason = "PASSWORD_REFUSED"

    def __init__(self, field: str, broken: Sequence[BrokenRule]) -> None:
        super().__init__(
            f"{field}: {broken[0].description}",
            metadata={"rules": ",".join(rule.name for rule in broken)},
            violations=[FieldViolation(field, f"{rule.name}: {rule.description}") for rule in broken],
        )


class InvitationInvalidError(UnauthenticatedError):
    """The invitation does not exist, has expired, was replaced or was used already."""

    reason = "INVITATION_INVALID"

    def __init__(self) -> None:
        super().__init__("The invitation is not valid; ask for a new one.")


class PasswordResetInvalidError(UnauthenticatedError):
    """The token for a new password does not exist, has expired, was replaced or was used already."""

    reason = "PASSWORD_RESET_INVALID"

    def __init__(self) -> None:
        super().__init__("The token is not valid; ask for a new one.")
