"""A binding: that a subject has a role, where, for how long, under which condition, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from function_backend.kernel.conditions import ALWAYS, GrantCondition
from function_backend.kernel.identity import ResourceScope

MOST_BINDINGS = 1000
"""How many roles one subject may be granted at a time: they travel with everything that it calls."""


class HolderKind(StrEnum):
    """What can have roles."""

    USER = "user"
    SERVICE_ACCOUNT = "service_account"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a role."""

    kind: HolderKind
    id: UUID

    @property
    def name(self) -> str:
        """Such as `user:01938d2e-…`."""
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingWish:
    """What somebody wants to grant."""

    role_id: UUID
    holder: Holder
    scope: ResourceScope | None = None
    """None for the whole tenant."""
    condition: GrantCondition = ALWAYS
    """Without an end; that is the binding's own."""
    expires_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBinding:
    """A grant, or one that was."""

    id: UUID
    wish: BindingWish
    """What was granted; nothing of it changes."""
    granter: str
    """Who granted it, such as `user:01938d2e-…`."""
    created_at: datetime
    deleted_at: datetime | None = None
    deleter: str = ""
    delete_reason: str = ""

    def delete(self, *, at: datetime, by: str, reason: str) -> RoleBinding:
        """The binding that was taken away; doing so again changes nothing."""
        if self.deleted_at is not None:
            return self
        return replace(self, deleted_at=at, deleter=by, delete_reason=reason)

    def lasts(self) -> bool:
        """Whether it counts everywhere in the tenant, for good and whatever a call is like."""
        wish = self.wish
        return wish.scope is None and wish.expires_at is None and wish.condition == ALWAYS and self.deleted_at is None
