"""Asking for an export that goes on behind the answer."""

from __future__ import annotations

from uuid import UUID

from function_backend.jobs.queue import JobQueue
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain.transfer import ExportPlan, Transfer
from function_backend.services.company.events import ExportRequested
from function_backend.services.company.repository.transfers import TransferRepository
from function_backend.services.company.service.reading_filters import predicate_of
from function_backend.services.company.service.transfers import EXPORT_JOB, TransferLimits, actor_of, refuse_more


class StartExport:
    """Asks for exports."""

    def __init__(self, transactions: Transactions, clock: Clock, jobs: JobQueue, limits: TransferLimits) -> None:
        self._transactions = transactions
        self._clock = clock
        self._jobs = jobs
        self._limits = limits

    def start(self, plan: ExportPlan) -> UUID:
        """The id of the export, which is also that of its job. Raises what is wrong with the filter."""
        predicate_of(plan.filter)
        now = self._clock.now()
        with self._transactions() as work:
            refuse_more(work, self._jobs, self._limits.most_open)
            transfer = Transfer(
                id=new_id(),
                plan=plan,
                creator=actor_of(work),
                created_at=now,
                expires_at=now + self._limits.kept_for,
            )
            TransferRepository(work).add(transfer)
            self._jobs.enqueue(work, EXPORT_JOB, job_id=transfer.id)
            work.record(ExportRequested.of(transfer.id, plan, at=now))
        return transfer.id
