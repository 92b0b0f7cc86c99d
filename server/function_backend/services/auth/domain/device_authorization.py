"""A device that waits for a person to let it in (RFC 8628)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Of user codes: capital letters without vowels, so that no words come about, and without Y."""
MORE_BETWEEN_POLLS = timedelta(seconds=5)
"""How much longer a device that asked too soon has to wait from then on."""
LONGEST_BETWEEN_POLLS = timedelta(minutes=2)

_CODE_LENGTH = 8
_HALF = 4


class DeviceState(StrEnum):
    """How far it has come."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorization:
    """A request of a device, without its device code."""

    id: UUID
    tenant_id: UUID
    user_code: str
    """Without the hyphen."""
    client_id: str
    scopes: frozenset[str]
    audience: tuple[str, ...]
    address: str
    created_at: datetime
    expires_at: datetime
    poll_interval: timedelta
    polled_at: datetime | None = None
    state: DeviceState = DeviceState.PENDING
    user_id: UUID | None = None
    authentication_methods: frozenset[str] = frozenset()
    authenticated_at: datetime | None = None
    decided_at: datetime | None = None

    def waits(self, at: datetime) -> bool:
        """Whether a person can still decide."""
        return self.state is DeviceState.PENDING and at < self.expires_at

    def asked_too_soon(self, at: datetime) -> bool:
        """Whether the device asks sooner than it was told to."""
        return self.polled_at is not None and at < self.polled_at + self.poll_interval

    def polled(self, *, at: datetime) -> DeviceAuthorization:
        """After a question of the device; too soon a one makes it wait longer."""
        interval = self.poll_interval
        if self.asked_too_soon(at):
            interval = min(interval + MORE_BETWEEN_POLLS, LONGEST_BETWEEN_POLLS)
        return replace(self, polled_at=at, poll_interval=interval)

    def denied(self, user_id: UUID, *, at: datetime) -> DeviceAuthorization:
        """After a person refused it."""
        return replace(self, state=DeviceState.DENIED, user_id=user_id, decided_at=at)

    def used(self) -> DeviceAuthorization:
        """After the device got its tokens."""
        return replace(self, state=DeviceState.USED)


def new_user_code() -> str:
    """A code that a person can read out: one of 25,600,000,000."""
    return "".join(secrets.choice(ALPHABET) for _ in range(_CODE_LENGTH))


def shown_user_code(code: str) -> str:
    """The code as people see it."""
    return f"{code[:_HALF]}-{code[_HALF:]}"


def read_user_code(text: str) -> str:
    """The code that somebody typed; empty when it can be none."""
    code = "".join(character for character in text.upper() if character not in "- ")
    return code if len(code) == _CODE_LENGTH and set(code) <= set(ALPHABET) else ""
