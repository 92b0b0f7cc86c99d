"""What happens to the passwords and second factors of users. Nothing of them is in the events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCredentialEvent(DomainEvent):
    """Something happened to what a user signs in with."""

    subject_type: ClassVar[str] = "user"

    @classmethod
    def of(cls, user: User) -> Self:
        """The event that made this version of the user."""
        return cls(subject_id=user.id, sequence=user.version, occurred_at=user.updated_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSet(UserCredentialEvent):
    """An administrator has set the password of a user."""

    type: ClassVar[str] = "function.auth.v1.PasswordSet"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(UserCredentialEvent):
    """A user has changed its password."""

    type: ClassVar[str] = "function.auth.v1.PasswordChanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetStarted(UserCredentialEvent):
    """A token for a new password was made."""

    type: ClassVar[str] = "function.auth.v1.PasswordResetStarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetFinished(UserCredentialEvent):
    """A new password was set with such a token."""

    type: ClassVar[str] = "function.auth.v1.PasswordResetFinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpEnrolled(UserCredentialEvent):
    """A secret was made, which does not count yet."""

    type: ClassVar[str] = "function.auth.v1.TotpEnrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpConfirmed(UserCredentialEvent):
    """The second factor was turned on."""

    type: ClassVar[str] = "function.auth.v1.TotpConfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpRemoved(UserCredentialEvent):
    """The second factor was turned off."""

    type: ClassVar[str] = "function.auth.v1.TotpRemoved"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesRegenerated(UserCredentialEvent):
    """The recovery codes were replaced."""

    type: ClassVar[str] = "function.auth.v1.RecoveryCodesRegenerated"
