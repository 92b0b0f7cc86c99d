"""A person signed in on one device, and the refresh tokens that keep the session going."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

_LONGEST_DEVICE = 200
_LONGEST_ADDRESS = 64


class SessionEnd(StrEnum):
    """Why a session ended before its time."""

    NOT_ENDED = ""
    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - the name of a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session."""

    id: UUID
    tenant_id: UUID
    user_id: UUID
    client_id: str
    device: str
    """What the device calls itself; whoever signs in chooses it."""
    address: str
    authentication_methods: frozenset[str]
    authenticated_at: datetime
    created_at: datetime
    last_used_at: datetime
    idle_lifetime: timedelta
    idle_expires_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    ended_by: SessionEnd = SessionEnd.NOT_ENDED
    revision: int = 1

    def is_over(self, at: datetime) -> bool:
        """Whether nothing can be done with it any more."""
        return self.revoked_at is not None or self.idle_expires_at <= at or self.expires_at <= at

    def used(self, *, at: datetime) -> Session:
        """The session after a use, which puts off its end from being idle."""
        return replace(self, last_used_at=at, idle_expires_at=at + self.idle_lifetime, revision=self.revision + 1)

    def ended(self, by: SessionEnd, *, at: datetime) -> Session:
        """The ended session; itself when it was ended before."""
        if self.revoked_at is not None:
            return self
        return replace(self, revoked_at=at, ended_by=by, revision=self.revision + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """One link of a session's chain of refresh tokens, without its text."""

    id: UUID
    session_id: UUID
    client_id: str
    scopes: frozenset[str]
    audience: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None = None
    successor_id: UUID | None = None


def clean_device(user_agent: str) -> str:
    """The text as it may be shown and stored: short, on one line, and without what is not seen."""
    shown = "".join(
        character if character == " " or not unicodedata.category(character).startswith(("C", "Z")) else " "
        for character in user_agent[: 4 * _LONGEST_DEVICE]
    )
    return " ".join(shown.split())[:_LONGEST_DEVICE].strip()


def clean_address(address: str) -> str:
    """The network address as it is stored; empty when it is none."""
    text = address[:_LONGEST_ADDRESS]
    return text if text.isascii() and text.isprintable() else ""
