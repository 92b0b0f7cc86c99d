"""Importing one batch after the other, each in a transaction that is run again when others were faster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.persistence.failures import TransientConflictError
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.company.domain.importing import ImportPlan, ImportSummary
from function_backend.services.company.errors import IdentifierTakenError
from function_backend.services.company.service.gate import CompanyGate, ImportGate
from function_backend.services.company.service.import_batch import BatchImport
from function_backend.services.company.service.import_rows import PreparedRow
from function_backend.services.company.service.store import CompanyStore

# Other streams may each commit one more identifier that a row of this batch has, just before it does.
_MOST_RUNS = 12

# What two imports at the same time may do to each other: running the batch again sees what the other one did.
_COLLISIONS = (TransientConflictError, IdentifierTakenError)

Beside: TypeAlias = Callable[[UnitOfWork, ImportSummary], None]
"""Writes something beside a batch, once it is known what became of the rows."""


class BatchImporter:
    """Imports batches."""

    def __init__(self, transactions: Transactions, clock: Clock, store: CompanyStore, passing: CompanyGate) -> None:
        self._transactions = transactions
        self._clock = clock
        self._store = store
        self._passing = passing

    def run(
        self,
        plan: ImportPlan,
        rows: list[PreparedRow],
        before: ImportSummary,
        call: Call,
        *,
        beside: Beside | None = None,
    ) -> ImportSummary:
        """The summary with what became of the rows.

        What `beside` writes is committed with them; where they are only checked, by itself.
        """
        # Before the transaction, which would otherwise wait with its connection for another one.
        gate = self._passing.of_import(call)
        for run in range(1, _MOST_RUNS + 1):
            summary = before.copy()
            passing = None if gate is None else ImportGate(self._passing, gate)
            try:
                with self._transactions() as work:
                    batch = BatchImport(
                        work, self._store, summary, self._clock.now(), source=plan.source, passing=passing
                    )
                    batch.run(rows)
                    if plan.validate_only:
                        work.discard()
                    elif beside is not None:
                        beside(work, summary)
            except _COLLISIONS:
                if run == _MOST_RUNS:
                    raise
            else:
                if plan.validate_only and beside is not None:
                    with self._transactions() as work:
                        beside(work, summary)
                return summary
        raise AssertionError("unreachable")
