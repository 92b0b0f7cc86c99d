"""Imports and exports that go on behind an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from function_backend.services.company.domain.importing import ImportPlan, ImportSummary


class PartKind(StrEnum):
    """What a part of a transfer holds."""

    ROWS = "rows"
    """A batch as it was uploaded, until it is imported."""
    REJECTIONS = "rejections"
    """The rows of a batch that were rejected."""
    COMPANIES = "companies"
    """Companies that an export wrote down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """What to export."""

    filter: str
    with_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """An import or an export that was asked for. Its job has the same id."""

    id: UUID
    plan: ImportPlan | ExportPlan
    row_count: int = 0
    """Rows uploaded."""
    part_count: int = 0
    """Batches uploaded."""
    creator: str
    created_at: datetime
    expires_at: datetime
    """When what is kept of it goes, unless its job is not over then."""


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What the batches of an import came to so far."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0

    def plus(self, batch: ImportSummary) -> ImportCounts:
        """With what another batch came to."""
        return replace(
            self,
            rows=self.rows + batch.rows,
            created=self.created + batch.created,
            updated=self.updated + batch.updated,
            unchanged=self.unchanged + batch.unchanged,
            rejected=self.rejected + len(batch.rejected),
        )
