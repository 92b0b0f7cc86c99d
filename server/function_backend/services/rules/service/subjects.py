"""What a version is tried out on, page by page in a fixed order, so that a simulation may go on where it was left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.domain.decision import DecisionFilter, GivenInputs, LoggedDecision
from function_backend.services.rules.domain.simulation import (
    CurrentCompanies,
    Simulation,
    StoredDecisions,
    Subject,
    UploadedInputs,
)
from function_backend.services.rules.ports import CompanyPages
from function_backend.services.rules.repository.decision import DecisionRepository

DEFAULT_DECISIONS = 100_000
"""Stored decisions that a simulation takes when nothing else is said."""
_PAGE = 200
"""What is read at a time. A page is made into values without a rest, and calls wait for that."""


class Subjects(Protocol):
    """The inputs of one simulation."""

    def count(self) -> int:
        """How many there are."""

    def page(self, simulation: Simulation) -> Sequence[Subject]:
        """Those after the place to which the simulation has come; none after the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSubjects:
    """Decisions of the log, the oldest first."""

    transactions: Transactions
    source: StoredDecisions
    name: str
    now: datetime
    inputs_of: Callable[[bytes], GivenInputs]

    def count(self) -> int:
        """How many there are, up to the limit."""
        with self.transactions.reading() as work:
            return DecisionRepository(work).count(self._wanted, now=self.now, at_most=self._limit)

    def page(self, simulation: Simulation) -> Sequence[Subject]:
        """The next ones."""
        limit = min(_PAGE, self._limit - simulation.done)
        if limit <= 0:
            return ()
        after = UUID(simulation.place) if simulation.place else None
        with self.transactions.reading() as work:
            found = DecisionRepository(work).list_after(after, self._wanted, now=self.now, limit=limit)
        return [self._subject(each) for each in found]

    @property
    def _limit(self) -> int:
        return self.source.limit or DEFAULT_DECISIONS

    @property
    def _wanted(self) -> DecisionFilter:
        source = self.source
        return DecisionFilter(
            name=self.name,
            version=source.version,
            decided_from=source.decided_from,
            decided_until=source.decided_until,
        )

    def _subject(self, decision: LoggedDecision) -> Subject:
        return Subject(
            place=str(decision.id),
            kind=StoredDecisions,
            given=None if decision.inputs is None else partial(self.inputs_of, decision.inputs),
            effective_at=decision.effective_at,
            redacted=decision.redacted,
            logged=decision.outcome,
            digest=decision.inputs_digest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedSubjects:
    """Inputs that came with the request, in their order."""

    source: UploadedInputs
    now: datetime

    def count(self) -> int:
        """How many there are."""
        return len(self.source.inputs)

    def page(self, simulation: Simulation) -> Sequence[Subject]:
        """The next ones."""
        begin = simulation.done
        return [
            Subject(
                place=str(place),
                kind=UploadedInputs,
                given=partial(GivenInputs, source=None, json=json),
                effective_at=self.now,
            )
            for place, json in enumerate(self.source.inputs[begin : begin + _PAGE], begin)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySubjects:
    """All companies of the tenant, in the order of their ids."""

    companies: CompanyPages
    source: CurrentCompanies
    now: datetime

    def count(self) -> int:
        """How many there are, up to the limit."""
        found = self.companies.count()
        return min(found, self.source.limit) if self.source.limit else found

    def page(self, simulation: Simulation) -> Sequence[Subject]:
        """The next ones."""
        limit = min(_PAGE, self.source.limit - simulation.done) if self.source.limit else _PAGE
        if limit <= 0:
            return ()
        after = UUID(simulation.place) if simulation.place else None
        constants: Mapping[str, object] = self.source.constants
        return [
            Subject(
                place=str(company_id),
                kind=CurrentCompanies,
                given=partial(GivenInputs, source=None, messages={self.source.input: company}, json=constants),
                effective_at=self.now,
            )
            for company_id, company in self.companies.page(after, limit=limit)
        ]
