"""A group: users, service accounts and further groups that are granted roles together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from function_backend.services.auth.domain.card import Card
from function_backend.services.auth.domain.etag import etag

DEEPEST = 8
"""How deep groups can be nested: a chain of groups, each a member of the next, has at most so many."""
MOST_MEMBERS = 100_000
"""How many direct members a group can have."""


class MemberKind(StrEnum):
    """What a member of a group is."""

    USER = "user"
    SERVICE_ACCOUNT = "service_account"
    GROUP = "group"


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A member of a group."""

    kind: MemberKind
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group without its members."""

    id: UUID
    version: int
    card: Card
    created_at: datetime
    updated_at: datetime

    @property
    def etag(self) -> str:
        """The version of this state, to be compared and not read."""
        return etag(self.id, self.version)

    def changed(self, *, at: datetime) -> Group:
        """The next version of the group."""
        return replace(self, version=self.version + 1, updated_at=at)

    def with_card(self, card: Card, *, at: datetime) -> Group:
        """The next version, with the card."""
        return replace(self.changed(at=at), card=card)
