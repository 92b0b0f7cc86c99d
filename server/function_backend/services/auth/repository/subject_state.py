"""Asking whether accounts of people and services may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.services.auth.domain.access_claims import SubjectKind

_IS_ACTIVE_SQL = "select is_subject_active(%s, %s, %s)"


class StoredSubjectStates:
    """Implements `service.grant_ports.SubjectStates`."""

    def is_active(self, work: UnitOfWork, kind: SubjectKind, subject_id: UUID) -> bool:
        """Whether the user or service account exists in the tenant and may be used."""
        row = work.driver.execute(_IS_ACTIVE_SQL, (work.tenant_id, kind.value, subject_id)).fetchone()
        return row is not None and bool(row[0])
