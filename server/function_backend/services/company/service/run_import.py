"""Carrying out an import that was uploaded, batch by batch: whatever ends a process, another goes on behind the last.

What a batch came to is committed together with it and the state of the job, so that each counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson

from function_backend.kernel.clock import Clock
from function_backend.kernel.jobs import JobKind, JobRun
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.company.domain.importing import ImportPlan, ImportRow, ImportSummary
from function_backend.services.company.domain.transfer import ImportCounts, PartKind, Transfer
from function_backend.services.company.errors import TransferNotFoundError
from function_backend.services.company.repository.transfers import TransferRepository
from function_backend.services.company.service.batch_importer import BatchImporter
from function_backend.services.company.service.gate import IMPORT
from function_backend.services.company.service.import_rows import prepare
from function_backend.services.company.service.transfers import IMPORT_JOB, found


@dataclass(frozen=True, slots=True)
class _State:
    """The batches that are done, and what they came to."""

    batches: int = 0
    counts: ImportCounts = field(default_factory=ImportCounts)

    @classmethod
    def read(cls, kept: bytes) -> _State:
        if not kept:
            return cls()
        batches, counts = orjson.loads(kept)
        return cls(batches, ImportCounts(*counts))

    def after(self, batch: ImportSummary) -> _State:
        return _State(self.batches + 1, self.counts.plus(batch))

    def write(self) -> bytes:
        return orjson.dumps([self.batches, astuple(self.counts)])


class RunImport:
    """Carries out imports of all tenants, each as whoever uploaded it."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        batches: BatchImporter,
        *,
        rows_of: Callable[[bytes], Iterable[ImportRow]],
        result: Callable[[ImportCounts, bool], bytes],
        kept_for: timedelta,
    ) -> None:
        """`rows_of` reads a batch as it was sent; `result` makes the message of what came out, or would have."""
        self._transactions = transactions
        self._clock = clock
        self._batches = batches
        self._rows_of = rows_of
        self._result = result
        self._kept_for = kept_for

    @property
    def kind(self) -> JobKind:
        """The kind of jobs that carries out imports: one of a tenant after the other, in the order of their uploads."""
        return JobKind(
            name=IMPORT_JOB,
            run=self.run,
            permission=IMPORT,
            result_type="function.company.v1.ImportSummary",
            most_running_per_tenant=1,
            kept_for=self._kept_for,
        )

    def run(self, job: JobRun) -> bytes:
        """See JobKind."""
        with self._transactions.reading() as work:
            transfer = found(work, job.id, ImportPlan)
        plan, state = transfer.plan, _State.read(job.kept)
        assert isinstance(plan, ImportPlan)  # noqa: S101  as was asked for
        job.progress(state.counts.rows, transfer.row_count)
        while state.batches < transfer.part_count:
            job.check()
            state = self._run_batch(transfer, plan, state, job)
        with self._transactions() as work:
            job.hold(work)
            now = self._clock.now()
            TransferRepository(work).end(job.id, at=now, expires_at=now + self._kept_for)
        return self._result(state.counts, plan.validate_only)

    def _run_batch(self, transfer: Transfer, plan: ImportPlan, state: _State, job: JobRun) -> _State:
        after = state

        def beside(work: UnitOfWork, came_to: ImportSummary) -> None:
            nonlocal after
            after = state.after(came_to)
            transfers = TransferRepository(work)
            if came_to.rejected:
                transfers.add_rejections(job.id, state.batches, came_to.rejections)
            transfers.remove_part(job.id, PartKind.ROWS, state.batches)
            job.progress(after.counts.rows, transfer.row_count)
            job.keep(after.write(), work)

        with self._transactions.reading() as work:
            call, content = work.call, self._content(work, job.id, state.batches)
        summary = ImportSummary()
        prepared = prepare(self._rows_of(content), plan.match_scheme, self._clock.now(), summary)
        self._batches.run(plan, prepared, summary, call, beside=beside)
        return after

    @staticmethod
    def _content(work: UnitOfWork, transfer_id: UUID, number: int) -> bytes:
        part = TransferRepository(work).find_part(transfer_id, PartKind.ROWS, at_least=number)
        if part is None or part[0] != number:
            # Somebody removed the upload meanwhile.
            raise TransferNotFoundError(transfer_id)
        return part[1]
