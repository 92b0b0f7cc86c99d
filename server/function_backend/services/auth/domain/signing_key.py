"""A signing key through its life: published, signing, published still, gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID


class SigningKeyState(StrEnum):
    """Where a key is in its life."""

    PENDING = "pending"
    """Published, so that everybody knows it before it is used."""
    ACTIVE = "active"
    RETIRING = "retiring"
    """Signs no more; published until the last token that it signed has expired."""
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The public half of a key, and when it is what."""

    id: UUID
    """In tokens and in the JWKS document: `kid`."""
    algorithm: str
    public_jwk: Mapping[str, str]
    """Type, curve and point."""
    created_at: datetime
    activates_at: datetime
    retires_at: datetime | None = None
    """When another takes over; None while none is to."""
    leaves_at: datetime | None = None
    """Until when it is published; None while none is to take over."""
    withdrawn_at: datetime | None = None
    """Since when nothing that it signed counts, because it may have leaked."""

    def state(self, at: datetime) -> SigningKeyState:
        """Where it is in its life at that moment."""
        if self.withdrawn_at is not None or (self.leaves_at is not None and self.leaves_at <= at):
            return SigningKeyState.REMOVED
        if self.retires_at is not None and self.retires_at <= at:
            return SigningKeyState.RETIRING
        return SigningKeyState.PENDING if self.activates_at > at else SigningKeyState.ACTIVE

    def is_published(self, at: datetime) -> bool:
        """Whether what it signed is accepted, and the JWKS document shows it."""
        return self.state(at) is not SigningKeyState.REMOVED

    def jwk(self) -> dict[str, Any]:
        """The key as the JWKS document shows it."""
        return {**self.public_jwk, "kid": str(self.id), "use": "sig", "alg": self.algorithm}

    def replaced(self, *, at: datetime, kept_for: timedelta) -> SigningKey:
        """The key when another takes over at that moment."""
        return replace(self, retires_at=at, leaves_at=at + kept_for)

    def withdrawn(self, *, at: datetime) -> SigningKey:
        """The key when nothing that it signed counts any more."""
        return replace(self, withdrawn_at=at, leaves_at=at, retires_at=min(self.retires_at or at, at))

    def activated(self, *, at: datetime) -> SigningKey:
        """The pending key when it has to sign at once."""
        return replace(self, activates_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSchedule:
    """When signing keys follow each other."""

    algorithm: str
    lifetime: timedelta
    """After so long a key is replaced by itself; 0 for never."""
    lead: timedelta
    """How long a key is published before it signs."""
    kept_for: timedelta
    """How long a key is published after it has signed for the last time."""

    def is_due(self, newest: datetime | None, at: datetime) -> bool:
        """Whether another key has to be made, when the newest one signs from `newest` on."""
        if newest is None:
            return True
        return bool(self.lifetime) and newest + self.lifetime <= at + self.lead


def signer(keys: Iterable[SigningKey], at: datetime) -> SigningKey | None:
    """The key that signs at that moment: of several, as two rotations in a row leave them, the newest."""
    active = [key for key in keys if key.state(at) is SigningKeyState.ACTIVE]
    return max(active, key=lambda key: (key.activates_at, key.id), default=None)


def pending(keys: Iterable[SigningKey], at: datetime) -> SigningKey | None:
    """The key that will sign next; None when there is none."""
    waiting = [key for key in keys if key.state(at) is SigningKeyState.PENDING]
    return min(waiting, key=lambda key: (key.activates_at, key.id), default=None)
