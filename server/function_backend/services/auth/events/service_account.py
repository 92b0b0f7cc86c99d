"""What happens to service accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.service_account import ServiceAccount
from function_backend.services.auth.events.digest import state_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountEvent(DomainEvent):
    """Something happened to a service account."""

    subject_type: ClassVar[str] = "service_account"

    service_account: ServiceAccount

    @classmethod
    def of(cls, before: ServiceAccount | None, after: ServiceAccount) -> Self:
        """The event of the change."""
        return cls(
            subject_id=after.id,
            sequence=after.version,
            occurred_at=after.updated_at,
            before_digest=None if before is None else state_digest(before),
            after_digest=state_digest(after),
            service_account=after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountCreated(ServiceAccountEvent):
    """A service account was created."""

    type: ClassVar[str] = "function.auth.v1.ServiceAccountCreated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountUpdated(ServiceAccountEvent):
    """A service account was changed."""

    type: ClassVar[str] = "function.auth.v1.ServiceAccountUpdated"

    changed_fields: tuple[str, ...] = ()

    @classmethod
    def of_fields(cls, before: ServiceAccount, after: ServiceAccount, *, fields: tuple[str, ...]) -> Self:
        """The event of a change of the fields."""
        return cls(
            subject_id=after.id,
            sequence=after.version,
            occurred_at=after.updated_at,
            before_digest=state_digest(before),
            after_digest=state_digest(after),
            service_account=after,
            changed_fields=fields,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountDeleted(ServiceAccountEvent):
    """A service account was deleted."""

    type: ClassVar[str] = "function.auth.v1.ServiceAccountDeleted"

    @classmethod
    def of_last(cls, last: ServiceAccount, *, at: datetime) -> Self:
        """The event of its end."""
        return cls(
            subject_id=last.id,
            sequence=last.version + 1,
            occurred_at=at,
            before_digest=state_digest(last),
            service_account=last,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountDisabled(ServiceAccountEvent):
    """A service account was disabled."""

    type: ClassVar[str] = "function.auth.v1.ServiceAccountDisabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountEnabled(ServiceAccountEvent):
    """A service account was enabled."""

    type: ClassVar[str] = "function.auth.v1.ServiceAccountEnabled"
