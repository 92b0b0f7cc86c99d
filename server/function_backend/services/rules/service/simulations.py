"""Asking for simulations, and looking at them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from function_backend.jobs.queue import JobQueue, JobStanding
from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.decision import GivenInputs
from function_backend.services.rules.domain.definition import Content, RegisteredDefinition
from function_backend.services.rules.domain.simulation import (
    CurrentCompanies,
    Simulation,
    SimulationState,
    Source,
    StoredDecisions,
)
from function_backend.services.rules.domain.version import OPEN, CalledVersion, VersionState
from function_backend.services.rules.errors import (
    DecisionReferenceDeniedError,
    NotInForceError,
    SimulationLimitReachedError,
    SimulationNotFoundError,
    VersionStateError,
)
from function_backend.services.rules.events import SimulationCancelled, SimulationCreated, SimulationDeleted
from function_backend.services.rules.ports import CompiledDecision, SimulationForms
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.repository.simulation import SimulationRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.evaluating import READ_COMPANY
from function_backend.services.rules.service.finding import DEFAULT_PAGE_SIZE, caller_of, definition_named, version_of

SIMULATION_JOB = "rules.simulation"
"""The kind of the jobs that do simulations. Such a job has the id of its simulation."""
DEFAULT_EXAMPLES = 10
_COMPANY_TYPE = "function.company.v1.Company"
_LOOK_SECONDS = 0.2
_MOST_WAITING = 2
"""Calls that wait keep a thread each; further ones are answered at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSimulation:
    """What is to be tried out."""

    name: str
    version: int
    """0 for the latest one."""
    content: Content | None
    """A definition instead of a stored version."""
    source: Source
    baseline_version: int
    """0 for the one in force."""
    max_examples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationLimits:
    """How many simulations a tenant may have open, and how long they stay."""

    most_open: int
    kept_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What was found to be tried out."""

    definition: RegisteredDefinition
    number: int
    content: Content
    calls: tuple[CalledVersion, ...]
    compiled: CompiledDecision
    baseline: int


class Simulations:
    """The use cases of simulations."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        jobs: JobQueue,
        clock: Clock,
        page_tokens: PageTokens,
        compilations: Compilations,
        forms: SimulationForms,
        company: Callable[[], object],
        limits: SimulationLimits,
    ) -> None:
        """`company` makes an empty company as `google.protobuf.Any`."""
        self._transactions = transactions
        self._jobs = jobs
        self._clock = clock
        self._page_tokens = page_tokens
        self._compilations = compilations
        self._forms = forms
        self._company = company
        self._most_open = limits.most_open
        self._kept_for = limits.kept_for
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    def create(self, wanted: WantedSimulation, call: Call) -> Simulation:
        """The simulation, which a worker begins soon."""
        now = self._clock.now()
        _refuse_unless_permitted(wanted.source, call)
        with self._transactions.apart(read_only=True) as work:
            chosen = self._choose(work, wanted, now)
        source = self._settled(wanted.source, chosen.compiled, now)
        with self._transactions() as work:
            simulations = SimulationRepository(work)
            if self._count_open(work) >= self._most_open:
                raise SimulationLimitReachedError(self._most_open)
            simulation = Simulation(
                id=new_id(),
                definition_id=chosen.definition.id,
                name=wanted.name,
                version=chosen.number,
                content=chosen.content.body,
                content_hash=chosen.content.content_hash,
                calls=chosen.calls,
                baseline_version=chosen.baseline,
                source=self._forms.stored_source(source),
                max_examples=wanted.max_examples or DEFAULT_EXAMPLES,
                state=SimulationState.QUEUED,
                done=0,
                total=0,
                place="",
                result=b"",
                failure="",
                created_at=now,
                started_at=None,
                ended_at=None,
                expires_at=now + self._kept_for,
                creator=caller_of(work),
            )
            simulations.add(simulation)
            work.record(SimulationCreated.of(simulation, at=now))
            self._jobs.enqueue(work, SIMULATION_JOB, job_id=simulation.id)
        return simulation

    def get(self, simulation_id: UUID) -> Simulation:
        """The simulation with what came out so far."""
        with self._transactions.reading() as work:
            return self._standing(work, [_found(work, simulation_id)])[0]

    def list(self, name: str, *, page_size: int, page_token: str) -> tuple[Sequence[Simulation], str]:
        """A page of the simulations, the latest first, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "simulations", name)
            key = self._page_tokens.read(query, page_token)
            page = SimulationRepository(work).list_before(
                None if key is None else UUID(key[0]), name=name, limit=page_size or DEFAULT_PAGE_SIZE
            )
            items = self._standing(work, page.items)
        return items, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def cancel(self, simulation_id: UUID) -> Simulation:
        """The simulation, which is cancelled unless it was over."""
        with self._transactions() as work:
            simulation = self._standing(work, [_found(work, simulation_id, lock=True)])[0]
            if simulation.is_over:
                return simulation
            now = self._clock.now()
            cancelled = simulation.ended(SimulationState.CANCELLED, at=now)
            SimulationRepository(work).advance(cancelled)
            self._jobs.cancel(work, simulation_id)
            work.record(SimulationCancelled.of(cancelled, at=now))
        return cancelled

    def delete(self, simulation_id: UUID) -> None:
        """Removes the simulation with what came out."""
        with self._transactions() as work:
            simulation = _found(work, simulation_id, lock=True)
            SimulationRepository(work).remove(simulation_id)
            self._jobs.cancel(work, simulation_id)
            work.record(SimulationDeleted.of(simulation, at=self._clock.now()))

    def wait(self, simulation_id: UUID, call: Call, *, seconds: float) -> Simulation:
        """The simulation when it is over, or as it is when the time is."""
        simulation = self.get(simulation_id)
        if simulation.is_over or not self._waiting.acquire(blocking=False):
            return simulation
        try:
            until = time.monotonic() + seconds
            while not call.ended:
                remaining = call.remaining()
                # With room for the answer itself.
                left = until - time.monotonic() if remaining is None else min(until - time.monotonic(), remaining - 1)
                if left <= 0:
                    break
                time.sleep(min(_LOOK_SECONDS, left))
                simulation = self.get(simulation_id)
                if simulation.is_over:
                    break
        finally:
            self._waiting.release()
        return simulation

    def _count_open(self, work: UnitOfWork) -> int:
        standings = self._jobs.standings(work, SimulationRepository(work).open_ids())
        return sum(standing.ended_at is None for standing in standings.values())

    def _standing(self, work: UnitOfWork, simulations: Sequence[Simulation]) -> Sequence[Simulation]:
        """The simulations as their jobs stand, which end without them when they are cancelled or set aside."""
        open_ones = [simulation.id for simulation in simulations if not simulation.is_over]
        standings = self._jobs.standings(work, open_ones)
        return [_as(simulation, standings.get(simulation.id)) for simulation in simulations]

    def _choose(self, work: UnitOfWork, wanted: WantedSimulation, now: datetime) -> _Chosen:
        definition = definition_named(work, wanted.name)
        version = version_of(work, definition, wanted.version) if wanted.content is None else None
        content = wanted.content if version is None else version.content
        if content is None or content.name != wanted.name:
            raise invalid_fields(FieldViolation("definition.name", f"must be '{wanted.name}', as in name"))
        if version is None or version.state in OPEN:
            candidate = self._compilations.candidate(work, content, at=now)
            compiled, calls = candidate.sound(prefix="definition." if version is None else ""), candidate.calls
        else:
            compiled, calls = self._compilations.of_version(work, version), version.calls
        return _Chosen(
            definition=definition,
            number=0 if version is None else version.number,
            content=content,
            calls=calls,
            compiled=compiled,
            baseline=self._baseline(work, definition, wanted, now),
        )

    def _baseline(
        self, work: UnitOfWork, definition: RegisteredDefinition, wanted: WantedSimulation, now: datetime
    ) -> int:
        if isinstance(wanted.source, StoredDecisions):
            return 0
        if not wanted.baseline_version:
            timeline = PublicationRepository(work).timelines([definition.id]).get(definition.id)
            publication = None if timeline is None else timeline.in_force(now)
            if publication is None:
                raise NotInForceError(definition.name, now)
            return publication.version
        version = version_of(work, definition, wanted.baseline_version)
        if version.state in OPEN:
            raise VersionStateError(version, [VersionState.PUBLISHED, VersionState.RETIRED])
        return version.number

    def _settled(self, source: Source, compiled: CompiledDecision, now: datetime) -> Source:
        """The source with what was left open."""
        if isinstance(source, StoredDecisions):
            return replace(source, decided_until=source.decided_until or now)
        if isinstance(source, CurrentCompanies):
            names = compiled.inputs_of_type(_COMPANY_TYPE)
            name = source.input
            if not name and len(names) == 1:
                name = names[0]
            if name not in names:
                what = f"is one of {', '.join(names)}" if names else f"the version has no input of type {_COMPANY_TYPE}"
                raise invalid_fields(FieldViolation("source.current_companies.input", what))
            # What is wrong with the constants is wrong for every company.
            compiled.read(GivenInputs(source=None, messages={name: self._company()}, json=source.constants))
            return replace(source, input=name)
        return source


def _refuse_unless_permitted(source: Source, call: Call) -> None:
    if isinstance(source, CurrentCompanies):
        principal = call.principal
        # For all of them: what comes out tells of each.
        if principal is None or principal.scopes_of(READ_COMPANY) is not None:
            raise DecisionReferenceDeniedError(READ_COMPANY)


def _as(simulation: Simulation, standing: JobStanding | None) -> Simulation:
    if simulation.is_over or standing is None or standing.ended_at is None:
        return simulation
    if standing.state == "cancelled":
        return simulation.ended(SimulationState.CANCELLED, at=standing.ended_at)
    return simulation.ended(SimulationState.FAILED, at=standing.ended_at, failure=standing.failure)


def _found(work: UnitOfWork, simulation_id: UUID, *, lock: bool = False) -> Simulation:
    found = SimulationRepository(work).find(simulation_id, lock=lock)
    if found is None:
        raise SimulationNotFoundError(simulation_id)
    return found
