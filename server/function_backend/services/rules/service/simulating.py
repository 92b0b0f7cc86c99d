"""Doing what simulations ask for, a piece at a time: whatever ends a worker, another one goes on behind the last piece.

A worker holds a simulation for half a minute at a time, and says after each piece how far it has come. One that is not
the holder any more, for it was cancelled, deleted or taken to be dead, finds out with the next piece and stops.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError, UnavailableError
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.adapters.pace import Pace
from function_backend.services.rules.domain.simulation import (
    CurrentCompanies,
    Simulation,
    SimulationState,
    StoredDecisions,
    Subject,
    Tally,
    UploadedInputs,
)
from function_backend.services.rules.ports import CompanyPages, SimulationForms
from function_backend.services.rules.repository.simulation import SimulationRepository, due_simulations
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.evaluating import READ_COMPANY
from function_backend.services.rules.service.finding import definition_named, version_of
from function_backend.services.rules.service.subjects import (
    CompanySubjects,
    DecisionSubjects,
    Subjects,
    UploadedSubjects,
)
from function_backend.services.rules.service.trials import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

_SYSTEM = UUID(int=0)
_HELD_FOR = timedelta(seconds=30)
_PIECE_SECONDS = 1.0
_STATEMENT_SECONDS = 15.0
_MOST_ATTEMPTS = 5
"""A simulation that ended so many workers without getting any further is not handed to another one."""


class LostError(Exception):
    """The simulation is not this worker's any more."""


class Simulating:
    """Runs simulations of all tenants."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        compilations: Compilations,
        forms: SimulationForms,
        companies: CompanyPages,
        pace: Pace,
    ) -> None:
        """`companies` reads those of the tenant of the current call."""
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations
        self._forms = forms
        self._companies = companies
        self._pace = pace

    def run_due(self) -> None:
        """Runs the simulations that nobody is at, one after the other, until there are none."""
        while not self._pace.ending:
            due = self._transactions.without_tenant(lambda driver: due_simulations(driver, self._clock.now()))
            ran = [self._attempt(tenant_id, simulation_id) for tenant_id, simulation_id in due]
            if not any(ran):
                return

    def _attempt(self, tenant_id: UUID, simulation_id: UUID) -> bool:
        """Runs one to its end, or as far as it comes; False when it is another worker's, or there is no time."""
        if self._pace.ending:
            return False
        holder = new_id()
        with self._for_tenant(tenant_id):
            with self._transactions.apart() as work:
                now = self._clock.now()
                taken = SimulationRepository(work).take(simulation_id, holder, now=now, until=now + _HELD_FOR)
            if taken is None:
                return False
            try:
                self._run(taken, holder)
            except LostError:
                _log.info("simulation %s is no longer this worker's", simulation_id)
            except UnavailableError:
                raise  # The database is away: the next one to look finds it unheld after a while.
            except ServiceError as error:
                self._fail(taken, holder, str(error))
            except Exception:  # noqa: BLE001  one that cannot be run must not be tried for ever
                _log.exception("simulation %s failed", simulation_id)
                self._fail(taken, holder, "an internal error; the log of the service says more")
        return True

    def _run(self, simulation: Simulation, holder: UUID) -> None:
        if simulation.attempts > _MOST_ATTEMPTS:
            self._fail(simulation, holder, f"{_MOST_ATTEMPTS} workers ended while they were at it")
            return
        subjects, trial = self._subjects(simulation), self._trial(simulation)
        if not simulation.total:
            simulation = replace(simulation, total=max(subjects.count(), simulation.done))
        told_at = time.monotonic()
        while page := self._next(subjects, simulation):
            for subject in page:
                trial.attempt(subject)
                simulation = replace(simulation, place=subject.place, done=simulation.done + 1)
                self._pace.rest_when_due()
                if self._pace.ending:
                    self._tell(simulation, trial.tally, holder, let_go=True)
                    return
                if time.monotonic() - told_at >= _PIECE_SECONDS:
                    self._tell(simulation, trial.tally, holder)
                    told_at = time.monotonic()
        # More may have come than were counted, or fewer be left.
        simulation = replace(simulation, total=simulation.done)
        self._tell(simulation.ended(SimulationState.SUCCEEDED, at=self._clock.now()), trial.tally, holder, let_go=True)

    def _next(self, subjects: Subjects, simulation: Simulation) -> Sequence[Subject]:
        with self._for_tenant(None):
            page = subjects.page(simulation)
        self._pace.rest_when_due()
        return page

    def _tell(self, simulation: Simulation, tally: Tally, holder: UUID, *, let_go: bool = False) -> None:
        """Stores how far it has come; LostError when it is not this worker's any more."""
        told = replace(simulation, result=self._forms.stored_tally(tally), total=max(simulation.total, simulation.done))
        until = None if let_go else self._clock.now() + _HELD_FOR
        with self._for_tenant(None), self._transactions.apart() as work:
            kept = SimulationRepository(work).advance(told, holder, until=until)
        if not kept:
            raise LostError

    def _fail(self, simulation: Simulation, holder: UUID, why: str) -> None:
        with self._for_tenant(None), self._transactions.apart() as work:
            simulations = SimulationRepository(work)
            # As it was told last: what the failed piece had found is not in it.
            current = simulations.find(simulation.id)
            if current is not None:
                ended = current.ended(SimulationState.FAILED, at=self._clock.now(), failure=why)
                simulations.advance(ended, holder, until=None)

    def _trial(self, simulation: Simulation) -> Trial:
        source = self._forms.source(simulation.source)
        with self._transactions.apart(read_only=True) as work:
            candidate = self._compilations.with_calls(work, simulation.content, simulation.calls)
            baseline = None
            if simulation.baseline_version:
                version = version_of(work, definition_named(work, simulation.name), simulation.baseline_version)
                baseline = self._compilations.of_version(work, version)
        return Trial(
            candidate=candidate,
            baseline=baseline,
            include_redacted=isinstance(source, StoredDecisions) and source.include_redacted,
            forms=self._forms,
            tally=self._forms.tally(simulation.result),
            most_examples=simulation.max_examples,
        )

    def _subjects(self, simulation: Simulation) -> Subjects:
        source = self._forms.source(simulation.source)
        if isinstance(source, StoredDecisions):
            return DecisionSubjects(
                transactions=self._transactions,
                source=source,
                name=simulation.name,
                now=simulation.created_at,
                inputs_of=self._forms.inputs,
            )
        if isinstance(source, UploadedInputs):
            return UploadedSubjects(source=source, now=simulation.created_at)
        assert isinstance(source, CurrentCompanies)  # noqa: S101  the last one there is
        return CompanySubjects(companies=self._companies, source=source, now=simulation.created_at)

    def _for_tenant(self, tenant_id: UUID | None) -> AbstractContextManager[None]:
        """A call of the service's own for the tenant, or one more for the same, with a time limit of its own."""
        return _own_call(tenant_id)


@contextmanager
def _own_call(tenant_id: UUID | None) -> Iterator[None]:
    if tenant_id is None:
        outer = current_call.get()
        principal = None if outer is None else outer.principal
    else:
        # Whoever asked for the simulation was asked for this permission.
        principal = Principal("system", _SYSTEM, tenant_id, PermissionSet(frozenset({READ_COMPANY})))
    deadline = time.monotonic() + _STATEMENT_SECONDS
    call = Call("function-backend/simulation", str(new_id()), deadline=deadline, principal=principal)
    token = current_call.set(call)
    try:
        yield
    finally:
        current_call.reset(token)
