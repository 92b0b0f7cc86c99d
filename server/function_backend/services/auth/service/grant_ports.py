"""What the grants need of the accounts of people and services, and what is set about grants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind


class SubjectStates(Protocol):
    """Knows whether accounts may be used."""

    def is_active(self, work: UnitOfWork, kind: SubjectKind, subject_id: UUID) -> bool:
        """Whether the user or service account exists in the tenant and is neither locked nor suspended nor invited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRules:
    """What the installation says about grants, whatever the tenant."""

    issuer: str
    audience: str
    """This service."""
    further_audiences: frozenset[str] = frozenset()
    """Other services that tokens may be for."""
    first_party_clients: frozenset[str] = frozenset()
    """Clients that people sign in with and that hold no secret, by name."""
    retry_window: timedelta = timedelta(seconds=10)
    """How long a refresh token that was just used may be presented once more because its answer was lost."""
    device_lifetime: timedelta = timedelta(minutes=10)
    device_interval: timedelta = timedelta(seconds=5)
    device_page: str = ""
    """Where people type the code of a device."""

    @property
    def audiences(self) -> frozenset[str]:
        """Everybody that tokens may be for."""
        return self.further_audiences | {self.audience}

    @property
    def assertion_audiences(self) -> frozenset[str]:
        """By what names clients may call this service in their assertions."""
        return frozenset({self.issuer, f"{self.issuer}/oauth2/token", self.audience})
