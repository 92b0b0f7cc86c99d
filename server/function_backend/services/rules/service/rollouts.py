"""Rolling versions out beside the one in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import FieldViolation
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.decision import LoggedDecision
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.problem import ProblemsFoundError
from function_backend.services.rules.domain.publication import Publication
from function_backend.services.rules.domain.rollout import (
    HUNDREDTHS,
    ComparisonCounts,
    Rollout,
    RolloutEnd,
    RolloutMode,
    is_active,
    rollout_states,
)
from function_backend.services.rules.domain.version import OPEN, Approval, CalledVersion, Version
from function_backend.services.rules.errors import (
    NotInForceError,
    RolloutInvalidError,
    RolloutNotFoundError,
    TestsFailedError,
    VersionEtagMismatchError,
    VersionStateError,
)
from function_backend.services.rules.events import RolloutEnded, RolloutSet
from function_backend.services.rules.ports import CompiledDecision
from function_backend.services.rules.repository.decision import DecisionRepository
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.repository.rollout import RolloutRepository
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import caller_of, definition_named, version_of
from function_backend.services.rules.service.publishing import Period, Publishing
from function_backend.services.rules.service.steps import tell

_DEFAULT_EXAMPLES = 10
_AT_ONCE = Period(valid_from=None, valid_until=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRollout:
    """Which candidate, and how."""

    candidate: int
    mode: RolloutMode
    percent: float
    key: str
    comment: str


class NamedRollout(NamedTuple):
    """A rollout, with the name of its decision."""

    name: str
    rollout: Rollout
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutComparison:
    """What the log says of a candidate."""

    candidate: int
    counts: ComparisonCounts
    examples: Sequence[LoggedDecision]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A candidate that was compiled and tested."""

    version: Version
    calls: tuple[CalledVersion, ...]


class Rollouts:
    """The use cases of rollouts."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        compilations: Compilations,
        publishing: Publishing,
        approval: Approval,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations
        self._publishing = publishing
        self._states = rollout_states(approval)

    def set(self, name: str, wanted: WantedRollout) -> NamedRollout:
        """The rollout, which begins, or changes, at once."""
        hundredths = _hundredths(name, wanted)
        ready = self._prepare(name, wanted)
        now = self._clock.now()
        with self._transactions() as work:
            definition = definition_named(work, name, lock=True)
            version = version_of(work, definition, wanted.candidate)
            if version.etag != ready.version.etag:
                raise VersionEtagMismatchError(version)
            before = RolloutRepository(work).find(definition.id)
            content_hash = version.content.content_hash
            goes_on = before is not None and before.content_hash == content_hash
            rollout = Rollout(
                definition_id=definition.id,
                candidate=version.number,
                content_hash=content_hash,
                calls=ready.calls,
                mode=wanted.mode,
                hundredths=hundredths,
                key=wanted.key,
                started_at=before.started_at if before is not None and goes_on else now,
                updated_at=now,
                author=caller_of(work),
                comment=wanted.comment,
            )
            RolloutRepository(work).put(rollout)
            definition = definition.changed(now)
            DefinitionRepository(work).save(definition)
            work.record(RolloutSet.of(definition, rollout, before=before, comment=wanted.comment))
            tell(work, definition)
        return NamedRollout(name, rollout, active=True)

    def get(self, name: str) -> NamedRollout:
        """The rollout of the decision."""
        with self._transactions.snapshot() as work:
            definition = definition_named(work, name)
            return self._named(work, definition, _found(work, definition))

    def end(self, name: str, end: RolloutEnd, *, comment: str) -> tuple[NamedRollout, Publication | None]:
        """The rollout as it was, and the publication of its candidate when it is promoted."""
        with self._transactions.apart(read_only=True) as work:
            definition = definition_named(work, name)
            rollout = _found(work, definition)
            named = self._named(work, definition, rollout)
            if end is RolloutEnd.PROMOTE and not named.active:
                raise VersionStateError(version_of(work, definition, rollout.candidate), self._states)
        publication = None
        if end is RolloutEnd.PROMOTE:
            published = self._publishing.publish(name, rollout.candidate, _AT_ONCE, etag="", comment=comment)
            publication = published.publication
        with self._transactions() as work:
            definition = definition_named(work, name, lock=True)
            current = _found(work, definition)
            if current.content_hash != rollout.content_hash:
                raise VersionEtagMismatchError(version_of(work, definition, current.candidate))
            RolloutRepository(work).remove(definition.id)
            definition = definition.changed(self._clock.now())
            DefinitionRepository(work).save(definition)
            work.record(RolloutEnded.of(definition, rollout, before=rollout, comment=comment, end=end))
            tell(work, definition)
        return named, publication

    def comparison(
        self,
        name: str,
        candidate: int,
        *,
        decided_from: datetime | None,
        decided_until: datetime | None,
        max_examples: int,
    ) -> RolloutComparison:
        """What the log says of the candidate, by default of the present one since its rollout began."""
        with self._transactions.snapshot() as work:
            definition = definition_named(work, name)
            rollout = RolloutRepository(work).find(definition.id)
            if not candidate:
                if rollout is None:
                    raise RolloutNotFoundError(name)
                candidate = rollout.candidate
            if decided_from is None and rollout is not None and rollout.candidate == candidate:
                decided_from = rollout.started_at
            decisions = DecisionRepository(work)
            period = (decided_from, decided_until)
            now = self._clock.now()
            return RolloutComparison(
                candidate=candidate,
                counts=decisions.compare(definition.id, candidate, period, now=now),
                examples=decisions.parted(
                    definition.id, candidate, period, now=now, limit=max_examples or _DEFAULT_EXAMPLES
                ),
            )

    def _prepare(self, name: str, wanted: WantedRollout) -> _Ready:
        """Compiles the candidate, runs its cases and looks at the key, before the transaction."""
        now = self._clock.now()
        with self._transactions.apart(read_only=True) as work:
            definition = definition_named(work, name)
            version = version_of(work, definition, wanted.candidate)
            if version.state not in self._states:
                raise VersionStateError(version, self._states)
            in_force = self._in_force(work, definition, now)
            if in_force.number == version.number:
                violation = FieldViolation("candidate_version", "is in force already; roll another version out")
                raise RolloutInvalidError(name, violation)
            current = self._compilations.of_version(work, in_force)
            if version.state in OPEN:
                candidate = self._compilations.candidate(work, version.content, at=now)
                compiled, calls = candidate.sound(), candidate.calls
            else:
                compiled, calls = self._compilations.of_version(work, version), version.calls
        if wanted.key:
            _check_key(name, current, wanted.key)
        report = compiled.run_cases()
        if report.failed:
            raise TestsFailedError(report)
        return _Ready(version=version, calls=calls)

    def _in_force(self, work: UnitOfWork, definition: RegisteredDefinition, now: datetime) -> Version:
        timeline = PublicationRepository(work).timelines([definition.id]).get(definition.id)
        publication = None if timeline is None else timeline.in_force(now)
        if publication is None:
            raise NotInForceError(definition.name, now)
        return version_of(work, definition, publication.version)

    def _named(self, work: UnitOfWork, definition: RegisteredDefinition, rollout: Rollout) -> NamedRollout:
        version = VersionRepository(work).find(definition.id, rollout.candidate)
        return NamedRollout(definition.name, rollout, active=is_active(rollout, version, self._states))


def _found(work: UnitOfWork, definition: RegisteredDefinition) -> Rollout:
    found = RolloutRepository(work).find(definition.id)
    if found is None:
        raise RolloutNotFoundError(definition.name)
    return found


def _hundredths(name: str, wanted: WantedRollout) -> int:
    """The share in hundredths of a hundredth, when mode, share and key go together."""
    if wanted.mode is RolloutMode.SHADOW:
        if wanted.percent or wanted.key:
            field = "key" if wanted.key else "percent"
            raise RolloutInvalidError(name, FieldViolation(field, "goes with ROLLOUT_MODE_PERCENTAGE alone"))
        return 0
    if not wanted.key:
        what = "is needed with ROLLOUT_MODE_PERCENTAGE: an expression over the inputs, such as company.id"
        raise RolloutInvalidError(name, FieldViolation("key", what))
    return min(round(wanted.percent * 100), HUNDREDTHS)


def _check_key(name: str, current: CompiledDecision, key: str) -> None:
    try:
        current.key(key)
    except ProblemsFoundError as error:
        raise RolloutInvalidError(name, FieldViolation("key", error.problems[0].sentence)) from error
