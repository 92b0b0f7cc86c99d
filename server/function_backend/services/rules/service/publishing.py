"""Putting versions in force and taking them out: publishing, retiring, rolling back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.problem import CaseReport, DefinitionProblem
from function_backend.services.rules.domain.publication import Publication, Timeline
from function_backend.services.rules.domain.version import Approval, CalledVersion, Version, VersionAction, VersionState
from function_backend.services.rules.errors import (
    NothingToRollBackToError,
    TestsFailedError,
    VersionEtagMismatchError,
    VersionStateError,
)
from function_backend.services.rules.events import DefinitionPublished, DefinitionRetired, DefinitionRolledBack
from function_backend.services.rules.ports import CompiledDecision
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import caller_of, definition_named, version_of
from function_backend.services.rules.service.fitting import refuse_misfit_of_bound
from function_backend.services.rules.service.steps import Done, write_down

_APPROVED = (VersionState.APPROVED, VersionState.PUBLISHED)
_ANY_OPEN = (VersionState.DRAFT, VersionState.IN_REVIEW, *_APPROVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From when and until when a version is to be in force."""

    valid_from: datetime | None
    """None for now."""
    valid_until: datetime | None
    """Not included; None for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version that was published."""

    version: Version
    publication: Publication
    warnings: Sequence[DefinitionProblem]
    report: CaseReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Versions that were retired."""

    versions: Sequence[Version]
    in_force: int
    """The version that is in force now; 0 when none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """A version that is in force again."""

    version: Version
    publication: Publication
    replaced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A version that was compiled and tested."""

    version: Version
    compiled: CompiledDecision
    calls: tuple[CalledVersion, ...]
    report: CaseReport


class Publishing:
    """The use cases of publications."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, compilations: Compilations, approval: Approval
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations
        self._publishable = _ANY_OPEN if approval is Approval.NONE else _APPROVED

    def publish(self, name: str, number: int, period: Period, *, etag: str, comment: str) -> Published:
        """The version, which compiles, passes its cases and is in force from the time on."""
        ready = self._prepare(name, number, etag)
        now = self._clock.now()
        valid_from = period.valid_from or now
        if period.valid_until is not None and period.valid_until <= max(valid_from, now):
            raise invalid_fields(FieldViolation("valid_until", "must lie after valid_from, and in the future"))
        with self._transactions() as work:
            definition = definition_named(work, name, lock=True)
            before = version_of(work, definition, number)
            if before.etag != ready.version.etag:
                raise VersionEtagMismatchError(before)
            refuse_misfit_of_bound(work, name, number, ready.compiled)
            definition = definition.changed(now)
            version = before.moved(VersionState.PUBLISHED, at=now, revision=definition.revision, calls=ready.calls)
            publication = _publication(work, definition, version, valid_from, comment=comment)
            publication = replace(publication, valid_until=period.valid_until)
            done = Done(
                action=VersionAction.PUBLISHED,
                event=DefinitionPublished,
                comment=comment,
                before=before,
                publication=publication,
            )
            _put_in_force(work, definition, version, done)
        return Published(
            version=version, publication=publication, warnings=ready.compiled.warnings, report=ready.report
        )

    def retire(self, name: str, number: int, *, etag: str, comment: str) -> Retired:
        """The versions that are never in force again: the one with the number, or with 0 all that were published."""
        now = self._clock.now()
        with self._transactions() as work:
            definition = definition_named(work, name, lock=True)
            versions, publications = VersionRepository(work), PublicationRepository(work)
            if number:
                chosen = [version_of(work, definition, number, etag=etag)]
            else:
                chosen = versions.in_state(definition.id, VersionState.PUBLISHED)
            if not chosen:
                raise VersionStateError(version_of(work, definition, 0), [VersionState.PUBLISHED])
            for version in chosen:
                if version.state is not VersionState.PUBLISHED:
                    raise VersionStateError(version, [VersionState.PUBLISHED])
            publications.end(definition.id, [version.number for version in chosen], at=now)
            retired = []
            for version in chosen:
                definition = definition.changed(now)
                moved = version.moved(VersionState.RETIRED, at=now, revision=definition.revision)
                versions.move(moved)
                retired.append(moved)
                done = Done(action=VersionAction.RETIRED, event=DefinitionRetired, comment=comment, before=version)
                write_down(work, definition, moved, done)
            DefinitionRepository(work).save(definition)
            left = Timeline(publications.of(definition.id)).in_force(now)
        return Retired(versions=retired, in_force=0 if left is None else left.version)

    def roll_back(self, name: str, number: int, *, comment: str) -> RolledBack:
        """The version with the number, or with 0 the one before the current, which is in force again from now on."""
        now = self._clock.now()
        with self._transactions() as work:
            definition = definition_named(work, name, lock=True)
            timeline = Timeline(PublicationRepository(work).of(definition.id))
            current = timeline.in_force(now)
            before = version_of(work, definition, number or self._earlier(work, definition, timeline, current))
            if before.state is not VersionState.PUBLISHED:
                raise VersionStateError(before, [VersionState.PUBLISHED])
            refuse_misfit_of_bound(work, name, before.number, self._compilations.of_version(work, before))
            definition = definition.changed(now)
            version = before.moved(VersionState.PUBLISHED, at=now, revision=definition.revision)
            publication = _publication(work, definition, version, now, comment=comment)
            replaced = 0 if current is None else current.version
            done = Done(
                action=VersionAction.RESTORED,
                event=DefinitionRolledBack,
                comment=comment,
                before=before,
                publication=publication,
                replaced_version=replaced,
            )
            _put_in_force(work, definition, version, done)
        return RolledBack(version=version, publication=publication, replaced=replaced)

    def _prepare(self, name: str, number: int, etag: str) -> _Ready:
        """Compiles the version and runs its cases, before the transaction in which it is published."""
        with self._transactions.apart(read_only=True) as work:
            version = version_of(work, definition_named(work, name), number, etag=etag)
            if version.state not in self._publishable:
                raise VersionStateError(version, self._publishable)
            if version.state is VersionState.PUBLISHED:
                compiled, calls = self._compilations.of_version(work, version), version.calls
            else:
                candidate = self._compilations.candidate(work, version.content, at=self._clock.now())
                compiled, calls = candidate.sound(), candidate.calls
        report = compiled.run_cases()
        if report.failed:
            raise TestsFailedError(report)
        return _Ready(version=version, compiled=compiled, calls=calls, report=report)

    def _earlier(
        self, work: UnitOfWork, definition: RegisteredDefinition, timeline: Timeline, current: Publication | None
    ) -> int:
        retired = VersionRepository(work).in_state(definition.id, VersionState.RETIRED)
        found = timeline.before(current, retired=frozenset(version.number for version in retired))
        if found is None:
            raise NothingToRollBackToError(definition.name)
        return found


def _publication(
    work: UnitOfWork, definition: RegisteredDefinition, version: Version, valid_from: datetime, *, comment: str
) -> Publication:
    made = PublicationRepository(work).of(definition.id)
    return Publication(
        number=len(made) + 1,
        version=version.number,
        valid_from=valid_from,
        valid_until=None,
        ended_at=None,
        published_at=definition.updated_at,
        publisher=caller_of(work),
        comment=comment,
    )


def _put_in_force(work: UnitOfWork, definition: RegisteredDefinition, version: Version, done: Done) -> None:
    if done.publication is None:
        raise RuntimeError("nothing is put in force without a publication")
    DefinitionRepository(work).save(definition)
    VersionRepository(work).move(version)
    PublicationRepository(work).add(definition.id, done.publication)
    write_down(work, definition, version, done)
