"""What imports and exports behind an answer have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from function_backend.jobs.queue import JobQueue
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.importing import ImportPlan
from function_backend.services.company.domain.transfer import ExportPlan, Transfer
from function_backend.services.company.errors import TransferLimitReachedError, TransferNotFoundError
from function_backend.services.company.repository.transfers import TransferRepository

IMPORT_JOB = "company.import"
"""The kind of the jobs that import what was uploaded. Such a job has the id of its transfer."""
EXPORT_JOB = "company.export"
"""The kind of the jobs that write companies down. Such a job has the id of its transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLimits:
    """What tenants may ask for, and how long it is kept."""

    rows: int
    """Rows of one upload."""
    most_open: int
    kept_for: timedelta


_OPEN = {"waiting", "queued", "running"}


def found(work: UnitOfWork, transfer_id: UUID, plan: type[ImportPlan | ExportPlan]) -> Transfer:
    """The transfer; TransferNotFoundError when there is none of this kind."""
    transfer = TransferRepository(work).find(transfer_id)
    if transfer is None or not isinstance(transfer.plan, plan):
        raise TransferNotFoundError(transfer_id)
    return transfer


def refuse_more(work: UnitOfWork, jobs: JobQueue, limit: int) -> None:
    """Raises TransferLimitReachedError when as many jobs of transfers as there may be are not over."""
    standings = jobs.standings(work, TransferRepository(work).open_ids())
    if sum(standing.state in _OPEN for standing in standings.values()) >= limit:
        raise TransferLimitReachedError(limit)


def operation(transfer_id: UUID) -> str:
    """The name of the operation that carries the transfer out."""
    return f"operations/{transfer_id}"


def actor_of(work: UnitOfWork) -> str:
    """Who is calling."""
    return "" if work.call.principal is None else work.call.principal.actor
