"""What happens to API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.api_key import ApiKey
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(DomainEvent):
    """A key was created."""

    type: ClassVar[str] = "function.auth.v1.ApiKeyCreated"
    subject_type: ClassVar[str] = "api_key"

    api_key: ApiKey

    @classmethod
    def of(cls, api_key: ApiKey) -> Self:
        """The event of the key's creation."""
        return cls(
            subject_id=api_key.id,
            sequence=1,
            occurred_at=api_key.created_at,
            after_digest=state_digest(api_key),
            api_key=api_key,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyImported(ApiKeyCreated):
    """A key of another system was taken over by its hash."""

    type: ClassVar[str] = "function.auth.v1.ApiKeyImported"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ApiKeyChange(DomainEvent):
    """A key became another one."""

    subject_type: ClassVar[str] = "api_key"

    api_key: ApiKey

    @classmethod
    def of(cls, before: ApiKey, after: ApiKey, *, at: datetime) -> Self:
        """The event of the change."""
        return cls(
            subject_id=after.id,
            sequence=after.revision,
            occurred_at=at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            api_key=after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyUpdated(_ApiKeyChange):
    """A key's name, permissions, limits or expiry were changed."""

    type: ClassVar[str] = "function.auth.v1.ApiKeyUpdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRerolled(_ApiKeyChange):
    """A key was given a new secret."""

    type: ClassVar[str] = "function.auth.v1.ApiKeyRerolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(_ApiKeyChange):
    """A key was revoked."""

    type: ClassVar[str] = "function.auth.v1.ApiKeyRevoked"
