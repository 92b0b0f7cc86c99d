"""What the grants need of the accounts of people and services."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind


class SubjectStates(Protocol):
    """Knows whether accounts may be used."""

    def is_active(self, work: UnitOfWork, kind: SubjectKind, subject_id: UUID) -> bool:
        """Whether the user or service account exists in the tenant and is neither locked nor suspended nor invited."""
