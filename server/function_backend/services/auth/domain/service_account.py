"""A service account: a program with credentials of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from function_backend.services.auth.domain.card import Card
from function_backend.services.auth.domain.etag import etag


class ServiceAccountState(StrEnum):
    """Whether the credentials of a service account work."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """A service account."""

    id: UUID
    version: int
    card: Card
    state: ServiceAccountState
    created_at: datetime
    updated_at: datetime

    @property
    def etag(self) -> str:
        """The version of this state, to be compared and not read."""
        return etag(self.id, self.version)

    def with_card(self, card: Card, *, at: datetime) -> ServiceAccount:
        """The next version, with the card."""
        return replace(self, card=card, version=self.version + 1, updated_at=at)

    def in_state(self, state: ServiceAccountState, *, at: datetime) -> ServiceAccount:
        """The next version, in the state; itself when it is in the state already."""
        if state is self.state:
            return self
        return replace(self, state=state, version=self.version + 1, updated_at=at)
