"""What happens to devices that ask to be let in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from function_backend.kernel.events import DomainEvent
from function_backend.services.auth.domain.device_authorization import DeviceAuthorization, DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorizationCreated(DomainEvent):
    """A device asked."""

    type: ClassVar[str] = "function.auth.v1.DeviceAuthorizationCreated"
    subject_type: ClassVar[str] = "device_authorization"
    sensitive_details: ClassVar[frozenset[str]] = frozenset({"address"})

    device: DeviceAuthorization

    @classmethod
    def of(cls, device: DeviceAuthorization) -> Self:
        """The event of the request."""
        return cls(
            subject_id=device.id,
            sequence=1,
            occurred_at=device.created_at,
            details={"client_id": device.client_id, "address": device.address},
            device=device,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAuthorizationDecided(DomainEvent):
    """A person let a device in or refused it."""

    type: ClassVar[str] = "function.auth.v1.DeviceAuthorizationDecided"
    subject_type: ClassVar[str] = "device_authorization"

    device: DeviceAuthorization

    @classmethod
    def of(cls, device: DeviceAuthorization, *, at: datetime) -> Self:
        """The event of the decision."""
        return cls(
            subject_id=device.id,
            sequence=2,
            occurred_at=at,
            details={"client_id": device.client_id, "decision": device.state.value},
            device=device,
        )

    @property
    def approved(self) -> bool:
        """Whether it was let in."""
        return self.device.state is DeviceState.APPROVED
