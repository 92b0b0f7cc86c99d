"""What happens to users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.user import User
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvent(DomainEvent):
    """Something happened to a user."""

    subject_type: ClassVar[str] = "user"

    user: User

    @classmethod
    def of(cls, before: User | None, after: User, *, details: dict[str, str] | None = None) -> Self:
        """The event of the change."""
        return cls(
            subject_id=after.id,
            sequence=after.version,
            occurred_at=after.updated_at,
            before_digest=None if before is None else state_digest(before),
            after_digest=state_digest(after),
            details=details,
            user=after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(UserEvent):
    """A user was created."""

    type: ClassVar[str] = "function.auth.v1.UserCreated"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInvited(UserEvent):
    """A user was invited, or invited again."""

    type: ClassVar[str] = "function.auth.v1.UserInvited"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAccepted(UserEvent):
    """An invited user has set its first password."""

    type: ClassVar[str] = "function.auth.v1.InvitationAccepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdated(UserEvent):
    """A user was changed."""

    type: ClassVar[str] = "function.auth.v1.UserUpdated"

    changed_fields: tuple[str, ...] = ()

    @classmethod
    def of_fields(cls, before: User, after: User, *, fields: tuple[str, ...]) -> Self:
        """The event of a change of the fields."""
        return cls(
            subject_id=after.id,
            sequence=after.version,
            occurred_at=after.updated_at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            user=after,
            changed_fields=fields,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted(UserEvent):
    """A user was deleted."""

    type: ClassVar[str] = "function.auth.v1.UserDeleted"

    @classmethod
    def of_last(cls, last: User, *, at: datetime) -> Self:
        """The event of the end of the user."""
        return cls(
            subject_id=last.id,
            sequence=last.version + 1,
            occurred_at=at,
            before_digest=state_digest(last),
            user=last,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLocked(UserEvent):
    """A user was locked by an administrator."""

    type: ClassVar[str] = "function.auth.v1.UserLocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUnlocked(UserEvent):
    """A user was unlocked."""

    type: ClassVar[str] = "function.auth.v1.UserUnlocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSuspended(UserEvent):
    """A user was suspended."""

    type: ClassVar[str] = "function.auth.v1.UserSuspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserActivated(UserEvent):
    """A suspended user was brought back."""

    type: ClassVar[str] = "function.auth.v1.UserActivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLockedOut(UserEvent):
    """A user was locked for a while after too many failed sign-ins."""

    type: ClassVar[str] = "function.auth.v1.UserLockedOut"
