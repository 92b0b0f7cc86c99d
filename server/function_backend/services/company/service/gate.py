"""Putting changes of companies before what the tenant has bound to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from function_backend.kernel.call import Call
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.gates import Gate, Gates, ProposedChange
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.company import Company
from function_backend.services.company.domain.history import Transition
from function_backend.services.company.domain.scope import RESOURCE_TYPE

CREATE = "company.create"
UPDATE = "company.update"
IMPORT = "company.import"


class CompanyGate:
    """Lets changes of companies pass, or refuses them."""

    def __init__(self, gates: Gates, encode: Callable[[Company], bytes]) -> None:
        """`encode` makes the document of a company."""
        self._gates = gates
        self._encode = encode

    def let_pass(
        self, work: UnitOfWork, operation: str, transition: Transition, *, before: Company | None = None
    ) -> None:
        """Leaves in the transaction what is to be kept of the judgement.

        Raises what the change is refused with; what is to be kept of that is kept when the transaction is undone.
        """
        gate = self._gates.open(operation, work.call)
        if gate is None:
            return
        judgement = gate.judge(self.proposed(transition, before))
        write = partial(gate.write, judgements=[judgement])
        refusal = judgement.refusal
        if refusal is not None:
            refusal.remains = write
            raise refusal
        write(work)

    def of_import(self, call: Call) -> Gate | None:
        """What the rows of an import must pass; None when it is nothing. To be asked outside of a transaction."""
        return self._gates.open(IMPORT, call)

    def proposed(self, transition: Transition, before: Company | None) -> ProposedChange:
        """The transition as it is judged: the company as the revision will have it, and as it is until then."""
        company = transition.company
        return ProposedChange(
            resource_type=RESOURCE_TYPE,
            resource_id=company.id,
            before=None if before is None else self._encode(before),
            after=self._encode(company),
            changed_fields=transition.revision.changed_fields,
        )


class ImportGate:
    """What the rows of one batch must pass, and what was found about them."""

    def __init__(self, passing: CompanyGate, gate: Gate) -> None:
        self._passing = passing
        self._gate = gate
        self._judgements: list[Any] = []

    def refusal(self, transition: Transition, before: Company | None) -> ServiceError | None:
        """Why the row must not be imported; None when it may be."""
        judgement = self._gate.judge(self._passing.proposed(transition, before))
        self._judgements.append(judgement)
        return judgement.refusal

    def write(self, work: UnitOfWork) -> None:
        """Leaves in the transaction of the batch what is to be kept."""
        self._gate.write(work, self._judgements)
