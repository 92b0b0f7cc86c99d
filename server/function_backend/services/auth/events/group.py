"""What happens to groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.group import Group, Member
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEvent(DomainEvent):
    """Something happened to a group."""

    subject_type: ClassVar[str] = "group"

    group: Group

    @classmethod
    def of(cls, before: Group | None, after: Group) -> Self:
        """The event of the change."""
        return cls(
            subject_id=after.id,
            sequence=after.version,
            occurred_at=after.updated_at,
            before_digest=None if before is None else state_digest(before),
            after_digest=state_digest(after),
            group=after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCreated(GroupEvent):
    """A group was created."""

    type: ClassVar[str] = "function.auth.v1.GroupCreated"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUpdated(GroupEvent):
    """A group was changed."""

    type: ClassVar[str] = "function.auth.v1.GroupUpdated"

    changed_fields: tuple[str, ...] = ()

    @classmethod
    def of_fields(cls, before: Group, after: Group, *, fields: tuple[str, ...]) -> Self:
        """The event of a change of the fields."""
        return cls(
            subject_id=after.id,
            sequence=after.version,
            occurred_at=after.updated_at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            group=after,
            changed_fields=fields,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDeleted(GroupEvent):
    """A group was deleted."""

    type: ClassVar[str] = "function.auth.v1.GroupDeleted"

    @classmethod
    def of_last(cls, last: Group, *, at: datetime) -> Self:
        """The event of its end."""
        return cls(
            subject_id=last.id,
            sequence=last.version + 1,
            occurred_at=at,
            before_digest=state_digest(last),
            group=last,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipEvent(GroupEvent):
    """The members of a group changed."""

    members: tuple[Member, ...] = ()

    @classmethod
    def of_members(cls, before: Group, after: Group, *, members: tuple[Member, ...]) -> Self:
        """The event of the change, with the members that it is about."""
        return cls(
            subject_id=after.id,
            sequence=after.version,
            occurred_at=after.updated_at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            details={"count": str(len(members)), "members": _listed(members)},
            group=after,
            members=members,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersAdded(MembershipEvent):
    """Members were added to a group."""

    type: ClassVar[str] = "function.auth.v1.MembersAdded"


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersRemoved(MembershipEvent):
    """Members were removed from a group."""

    type: ClassVar[str] = "function.auth.v1.MembersRemoved"


def _listed(members: tuple[Member, ...]) -> str:
    return ",".join(f"{member.kind.value}:{member.id}" for member in members)
