"""What happens to companies, as the rest of the world is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from function_backend.kernel.events import DomainEvent
from function_backend.services.company.domain.importing import ImportPlan
from function_backend.services.company.domain.transfer import ExportPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyEvent(DomainEvent):
    """Something happened to a company."""

    subject_type = "company"

    document: bytes
    """The company after it, as it is sent."""
    changed_fields: tuple[str, ...]
    """The fields that differ from before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyCreated(CompanyEvent):
    """A company was created."""

    type = "function.company.v1.CompanyCreated"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyUpdated(CompanyEvent):
    """A company was changed."""

    type = "function.company.v1.CompanyUpdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyDeleted(CompanyEvent):
    """A company was deleted."""

    type = "function.company.v1.CompanyDeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyUndeleted(CompanyEvent):
    """A deleted company was brought back."""

    type = "function.company.v1.CompanyUndeleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequested(DomainEvent):
    """An import was uploaded, and a job carries it out."""

    type = "function.company.v1.ImportRequested"
    subject_type = "company_transfer"

    plan: ImportPlan
    row_count: int

    @classmethod
    def of(cls, transfer_id: UUID, plan: ImportPlan, *, row_count: int, at: datetime) -> ImportRequested:
        """The event of an upload that has ended."""
        details = {"source": plan.source} if plan.source else None
        return cls(subject_id=transfer_id, sequence=1, occurred_at=at, details=details, plan=plan, row_count=row_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequested(DomainEvent):
    """An export was asked for, and a job writes it down."""

    type = "function.company.v1.ExportRequested"
    subject_type = "company_transfer"

    plan: ExportPlan

    @classmethod
    def of(cls, transfer_id: UUID, plan: ExportPlan, *, at: datetime) -> ExportRequested:
        """The event of an export that was asked for."""
        return cls(subject_id=transfer_id, sequence=1, occurred_at=at, plan=plan)
