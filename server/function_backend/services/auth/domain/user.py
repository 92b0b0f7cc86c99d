"""A user: a person who can sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from function_backend.services.auth.domain.attributes import Json, check_attributes
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.etag import etag
from function_backend.services.auth.domain.field_mask import masked_fields
from function_backend.services.auth.domain.labels import check_labels
from function_backend.services.auth.domain.names import check_email, check_line, check_user_name

PROFILE_FIELDS = ("user_name", "email", "display_name", "attributes", "labels")


class UserState(StrEnum):
    """What a user may do."""

    INVITED = "invited"
    ACTIVE = "active"
    LOCKED = "locked"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What callers say about a user."""

    user_name: str
    email: str = ""
    display_name: str = ""
    attributes: Mapping[str, Json] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def checked(self, checks: Checks, parent: str, fields: frozenset[str] = frozenset(PROFILE_FIELDS)) -> Profile:
        """The profile with the named fields normalised; what is wrong with them is noted."""
        values: dict[str, object] = {}
        if "user_name" in fields:
            values["user_name"] = check_user_name(checks, f"{parent}.user_name", self.user_name)
        if "email" in fields:
            values["email"] = check_email(checks, f"{parent}.email", self.email)
        if "display_name" in fields:
            values["display_name"] = check_line(checks, f"{parent}.display_name", self.display_name)
        if "attributes" in fields:
            values["attributes"] = check_attributes(checks, f"{parent}.attributes", self.attributes)
        if "labels" in fields:
            values["labels"] = check_labels(checks, f"{parent}.labels", self.labels)
        return replace(self, **values)  # type: ignore[arg-type]  # each under the name of its own field

    def masked(self, checks: Checks, paths: Sequence[str]) -> frozenset[str]:
        """The fields that an update with this profile and mask sets."""
        populated = [name for name in PROFILE_FIELDS if getattr(self, name)]
        return masked_fields(checks, paths, writable=PROFILE_FIELDS, populated=populated)

    def with_fields(self, values: Profile, fields: frozenset[str]) -> Profile:
        """The profile with the named fields of the other one."""
        return replace(self, **{name: getattr(values, name) for name in fields})


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user without what it signs in with."""

    id: UUID
    version: int
    profile: Profile
    state: UserState
    """As administrators set it; `state_at` tells whether failed sign-ins have locked it besides."""
    created_at: datetime
    updated_at: datetime
    state_before: UserState | None = None
    """From which state it was suspended."""
    locked_until: datetime | None = None
    """Until when failed sign-ins keep it from signing in."""
    second_factor: bool = False

    @property
    def etag(self) -> str:
        """The version of this state, to be compared and not read."""
        return etag(self.id, self.version)

    def state_at(self, moment: datetime) -> UserState:
        """What the user may do at the moment."""
        locked_out = self.locked_until is not None and self.locked_until > moment
        return UserState.LOCKED if locked_out and self.state is UserState.ACTIVE else self.state

    def changed(self, *, at: datetime) -> User:
        """The next version of the user."""
        return replace(self, version=self.version + 1, updated_at=at)

    def in_state(self, state: UserState, *, at: datetime, before: UserState | None = None) -> User:
        """The next version, in the state; a lock after failed sign-ins ends with it."""
        return replace(self.changed(at=at), state=state, state_before=before, locked_until=None)
