"""Creating a company."""

from __future__ import annotations

from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.company.domain import history
from function_backend.services.company.domain.draft import Draft
from function_backend.services.company.errors import in_the_future
from function_backend.services.company.service import gate
from function_backend.services.company.service.gate import CompanyGate
from function_backend.services.company.service.scope import CREATE, refuse_outcome_outside
from function_backend.services.company.service.store import CompanyStore


class CreateCompany:
    """Creates companies."""

    def __init__(self, transactions: Transactions, clock: Clock, store: CompanyStore, passing: CompanyGate) -> None:
        self._transactions = transactions
        self._clock = clock
        self._store = store
        self._passing = passing

    def create(self, draft: Draft, *, valid_from: datetime | None) -> bytes:
        """The new company as it is sent.

        Raises INVALID_ARGUMENT with everything that is wrong with it, IdentifierTakenError for what another one has,
        CompanyOutOfScopeError for labels that the caller may not give to a new one, and what a hook refuses it with.
        """
        state = draft.completed()
        now = self._clock.now()
        if valid_from is not None and valid_from > now:
            raise in_the_future("valid_from")
        transition = history.create(new_id(), state, now, valid_from)
        with self._transactions() as work:
            refuse_outcome_outside(work, CREATE, None, state.labels)
            self._passing.let_pass(work, gate.CREATE, transition)
            return self._store.store(work, transition)
