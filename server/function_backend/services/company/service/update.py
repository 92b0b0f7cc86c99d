"""Changing a company, now or in the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.company.domain import history
from function_backend.services.company.domain.changes import read_mask
from function_backend.services.company.domain.company import Company, checked_state
from function_backend.services.company.domain.draft import Draft
from function_backend.services.company.domain.history import CompanyRecord, RevisionKind
from function_backend.services.company.errors import CompanyDeletedError, CompanyStateNotFoundError, in_the_future
from function_backend.services.company.repository.revisions import RevisionReader
from function_backend.services.company.service import gate
from function_backend.services.company.service.documents import Documents
from function_backend.services.company.service.gate import CompanyGate
from function_backend.services.company.service.locking import lock_company
from function_backend.services.company.service.scope import UPDATE, refuse_outcome_outside
from function_backend.services.company.service.store import CompanyStore


class UpdateCompany:
    """Changes companies."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        store: CompanyStore,
        documents: Documents,
        passing: CompanyGate,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._store = store
        self._documents = documents
        self._passing = passing

    def update(
        self, company_id: UUID, draft: Draft, *, mask: Sequence[str], etag: str, valid_from: datetime | None
    ) -> bytes:
        """The changed company as it is sent: the current state, or the amended one when the change is of the past.

        Nothing is written when nothing differs. Concurrent updates of one company wait for each other.
        """
        change = read_mask(mask, draft.state)
        with self._transactions() as work:
            record = lock_company(work, company_id, permission=UPDATE, etag=etag)
            if record.company.deleted_at is not None:
                raise CompanyDeletedError(company_id)
            now = self._clock.now()
            if valid_from is not None and valid_from > now:
                raise in_the_future("valid_from")
            at = valid_from or history.valid_now(record, now)
            base = _state_to_change(work, record, at)
            state = checked_state(draft.checks, change.applied_to(base.state), change.touched)
            draft.checks.complete()
            if state == base.state:
                return self._documents.encode(base)
            transition = history.update(record, base.state, state, now, at)
            # What the company is now decides who may see it: nobody may label it out of what they may change.
            refuse_outcome_outside(work, UPDATE, company_id, transition.record.company.state.labels)
            self._passing.let_pass(work, gate.UPDATE, transition, before=base)
            return self._store.store(work, transition)


def _state_to_change(work: UnitOfWork, record: CompanyRecord, at: datetime) -> Company:
    """The company as it was at that time, as is known now."""
    if at >= record.valid_from:
        return record.company
    company_id, known_at = record.company.id, record.recorded_at
    found = RevisionReader(work).find_state(company_id, as_of=at, known_at=known_at)
    if found is None or not found.revisions:
        raise CompanyStateNotFoundError(company_id, as_of=at, known_at=known_at)
    revision = found.revisions[0].revision
    if revision.kind is RevisionKind.DELETED:
        raise CompanyDeletedError(company_id)
    return revision.company(company_id, found.created_at)
