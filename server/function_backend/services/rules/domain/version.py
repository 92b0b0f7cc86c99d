"""One version of a decision, from its draft to its retirement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from function_backend.services.rules.domain.definition import Content


class VersionState(Enum):
    """How far a version has come."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETIRED = "retired"

    @property
    def words(self) -> str:
        """The state as it stands in a sentence: "a version that is …"."""
        return "a draft" if self is VersionState.DRAFT else self.value.replace("_", " ")


OPEN = frozenset({VersionState.DRAFT, VersionState.IN_REVIEW, VersionState.APPROVED})
"""The states before publication; of these versions a decision has one at most."""


class VersionAction(Enum):
    """What somebody did to a version."""

    CREATED = "created"
    UPDATED = "updated"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    PUBLISHED = "published"
    RETIRED = "retired"
    RESTORED = "restored"


class Approval(Enum):
    """Who must have approved what is published."""

    NONE = "none"
    """Nobody: a draft may be published as it is."""
    ANYONE = "anyone"
    """Somebody who may approve, be it the author."""
    FOUR_EYES = "four_eyes"
    """Somebody who may approve and wrote nothing of it."""


class CalledVersion(NamedTuple):
    """A version of another decision."""

    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was done to a version."""

    action: VersionAction
    actor: str
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version. Once it is no draft, only its state and what it was published with change."""

    definition_id: UUID
    number: int
    state: VersionState
    content: Content
    revision: int
    """The revision of the decision that changed it last."""
    authors: tuple[str, ...]
    """Everybody who wrote at it, in order of their first time."""
    created_at: datetime
    updated_at: datetime
    calls: tuple[CalledVersion, ...] = ()
    """What it calls, in the versions that it was published with."""

    @property
    def name(self) -> str:
        """The name of its decision."""
        return self.content.name

    @property
    def etag(self) -> str:
        """Changes with the content and with the state."""
        key = b"%b %d %d" % (self.definition_id.bytes, self.number, self.revision)
        return hashlib.blake2b(key, digest_size=8).hexdigest()

    def written(self, content: Content, *, by: str, at: datetime, revision: int) -> Version:
        """The draft with other content."""
        authors = self.authors if by in self.authors else (*self.authors, by)
        return replace(self, content=content, authors=authors, updated_at=at, revision=revision)

    def moved(
        self,
        state: VersionState,
        *,
        at: datetime,
        revision: int,
        calls: Sequence[CalledVersion] | None = None,
    ) -> Version:
        """The version in another state."""
        return replace(
            self,
            state=state,
            updated_at=at,
            revision=revision,
            calls=self.calls if calls is None else tuple(calls),
        )
