"""Doing what simulations ask for, a piece at a time: whatever ends a process, another goes on behind the last piece.

It is the work of a job. What a piece came to is stored together with the state of the job, so that each is counted
once, and by nobody who has lost the job.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from function_backend.kernel.clock import Clock
from function_backend.kernel.jobs import JobCancelledError, JobInterruptedError, JobKind, JobRun
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.adapters.pace import Pace
from function_backend.services.rules.domain.simulation import (
    CurrentCompanies,
    Simulation,
    SimulationState,
    StoredDecisions,
    Tally,
    UploadedInputs,
)
from function_backend.services.rules.ports import CompanyPages, SimulationForms
from function_backend.services.rules.repository.simulation import SimulationRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import definition_named, version_of
from function_backend.services.rules.service.simulations import SIMULATION_JOB
from function_backend.services.rules.service.subjects import (
    CompanySubjects,
    DecisionSubjects,
    Subjects,
    UploadedSubjects,
)
from function_backend.services.rules.service.trials import Trial

_PIECE_SECONDS = 1.0
_MOST_ATTEMPTS = 5
"""A simulation that ended so many processes without getting any further is not handed to another one."""
_PERMISSION = "rules.simulate"


class Simulating:
    """Runs simulations of all tenants, each as whoever asked for it."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        compilations: Compilations,
        forms: SimulationForms,
        companies: CompanyPages,
        pace: Callable[[], Pace],
    ) -> None:
        """`companies` reads those of the tenant of the current call; `pace` makes one for a thread."""
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations
        self._forms = forms
        self._companies = companies
        self._pace = pace

    def kind(self, *, kept_for: timedelta) -> JobKind:
        """The kind of jobs that does simulations."""
        return JobKind(
            name=SIMULATION_JOB,
            run=self.run,
            permission=_PERMISSION,
            result_type="function.rules.v1.Simulation",
            max_attempts=_MOST_ATTEMPTS,
            # They keep to a share of one processor, all of those of a process together.
            most_running_per_process=1,
            kept_for=kept_for,
        )

    def run(self, job: JobRun) -> bytes | None:
        """See JobKind."""
        with self._transactions.apart() as work:
            simulations = SimulationRepository(work)
            simulation = simulations.find(job.id)
            if simulation is None or simulation.is_over:
                return None
            job.hold(work)
            simulations.begin(job.id, at=self._clock.now())
        simulation = replace(simulation, state=SimulationState.RUNNING)
        return self._forms.message(self._try_out(simulation, job))

    def _try_out(self, simulation: Simulation, job: JobRun) -> Simulation:
        subjects, trial, pace = self._subjects(simulation), self._trial(simulation), self._pace()
        if not simulation.total:
            simulation = replace(simulation, total=max(subjects.count(), simulation.done))
        told_at = time.monotonic()
        while page := subjects.page(simulation):
            for subject in page:
                trial.attempt(subject)
                simulation = replace(simulation, place=subject.place, done=simulation.done + 1)
                pace.rest_when_due()
                try:
                    job.check()
                except JobInterruptedError:
                    self._tell(simulation, trial.tally, job)
                    raise
                if time.monotonic() - told_at >= _PIECE_SECONDS:
                    simulation = self._tell(simulation, trial.tally, job)
                    told_at = time.monotonic()
        # More may have come than were counted, or fewer be left.
        simulation = replace(simulation, total=simulation.done)
        return self._tell(simulation.ended(SimulationState.SUCCEEDED, at=self._clock.now()), trial.tally, job)

    def _tell(self, simulation: Simulation, tally: Tally, job: JobRun) -> Simulation:
        """Stores how far it has come; JobCancelledError when it was cancelled or deleted meanwhile."""
        told = replace(simulation, result=self._forms.stored_tally(tally), total=max(simulation.total, simulation.done))
        job.progress(told.done, told.total)
        with self._transactions.apart() as work:
            job.keep(told.place.encode(), work)
            if not SimulationRepository(work).advance(told):
                raise JobCancelledError
        return told

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
