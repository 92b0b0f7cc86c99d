"""The failures of groups."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    LimitExceededError,
    NotFoundError,
    PreconditionError,
    Resource,
)
from function_backend.services.auth.domain.group import DEEPEST, MOST_MEMBERS


class GroupNotFoundError(NotFoundError):
    """No group with this id is visible to the caller."""

    reason = "GROUP_NOT_FOUND"

    def __init__(self, group_id: UUID) -> None:
        super().__init__(
            f"Group {group_id} does not exist.",
            metadata={"group_id": str(group_id)},
            resource=Resource("group", str(group_id)),
        )


class GroupNameTakenError(AlreadyExistsError):
    """Another group of the tenant has the name."""

    reason = "GROUP_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The group name '{name}' is taken.",
            metadata={"name": name},
            resource=Resource("group", name),
        )


class GroupEtagMismatchError(ConflictError):
    """Somebody changed the group since the caller read it."""

    reason = "GROUP_ETAG_MISMATCH"

    def __init__(self, group_id: UUID, current_etag: str) -> None:
        super().__init__(
            "The group has changed since it was read; read it again and repeat the change.",
            metadata={"group_id": str(group_id), "current_etag": current_etag},
            resource=Resource("group", str(group_id)),
        )


class GroupCycleError(PreconditionError):
    """The change would make a group a member of itself."""

    reason = "GROUP_CYCLE"

    def __init__(self, group_id: UUID, member_id: UUID) -> None:
        super().__init__(
            "The group would become a member of itself.",
            metadata={"group_id": str(group_id), "member_id": str(member_id)},
            resource=Resource("group", str(group_id)),
        )


class GroupTooDeepError(PreconditionError):
    """The change would nest groups deeper than they may be."""

    reason = "GROUP_TOO_DEEP"

    def __init__(self) -> None:
        super().__init__(f"Groups can be nested at most {DEEPEST} deep.", metadata={"limit": str(DEEPEST)})


class GroupFullError(LimitExceededError):
    """The group has as many direct members as one may have."""

    reason = "GROUP_FULL"

    def __init__(self) -> None:
        super().__init__(f"A group has at most {MOST_MEMBERS} direct members.", metadata={"limit": str(MOST_MEMBERS)})
