"""What happens to signing keys and to the wrapping of keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.signing_key import SigningKey
from function_backend.services.auth.events.digest import state_digest

_INSTALLATION = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyCreated(DomainEvent):
    """A key was made and published."""

    type: ClassVar[str] = "function.auth.v1.SigningKeyCreated"
    subject_type: ClassVar[str] = "signing_key"

    signing_key: SigningKey

    @classmethod
    def of(cls, key: SigningKey) -> Self:
        """The event of the key's making."""
        return cls(
            subject_id=key.id,
            sequence=1,
            occurred_at=key.created_at,
            after_digest=state_digest(key),
            signing_key=key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRetired(DomainEvent):
    """A key was withdrawn."""

    type: ClassVar[str] = "function.auth.v1.SigningKeyRetired"
    subject_type: ClassVar[str] = "signing_key"

    signing_key: SigningKey

    @classmethod
    def of(cls, key: SigningKey, *, at: datetime) -> Self:
        """The event of the key's withdrawal."""
        return cls(subject_id=key.id, sequence=2, occurred_at=at, after_digest=state_digest(key), signing_key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRewrapped(DomainEvent):
    """Keys were wrapped by the current master key."""

    type: ClassVar[str] = "function.auth.v1.KeysRewrapped"
    subject_type: ClassVar[str] = "master_key"

    master_key_id: str
    count: int

    @classmethod
    def of(cls, master_key_id: str, count: int, *, at: datetime) -> Self:
        """The event of one batch. The installation's master keys have one history, which has no numbers of its own."""
        return cls(
            subject_id=_INSTALLATION,
            sequence=1,
            occurred_at=at,
            details={"master_key_id": master_key_id, "count": str(count)},
            master_key_id=master_key_id,
            count=count,
        )
