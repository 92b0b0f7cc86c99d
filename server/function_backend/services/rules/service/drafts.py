"""Writing drafts: creating, changing, deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.definition import Content, RegisteredDefinition
from function_backend.services.rules.domain.problem import DefinitionProblem
from function_backend.services.rules.domain.version import OPEN, Version, VersionAction, VersionState
from function_backend.services.rules.errors import (
    DefinitionLimitReachedError,
    DefinitionNameTakenError,
    DefinitionNotFoundError,
    VersionStateError,
)
from function_backend.services.rules.events import DraftCreated, DraftDeleted, DraftUpdated
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.compilations import Candidate, Compilations
from function_backend.services.rules.service.finding import caller_of, definition_named, version_of
from function_backend.services.rules.service.steps import Done, write_down

_REJECT_FIRST = "send it back with RejectVersion, or publish it, first"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDraft:
    """A draft, and what stands in the way of its publication."""

    version: Version
    changed: bool
    """Whether anything was written."""
    problems: Sequence[DefinitionProblem]
    warnings: Sequence[DefinitionProblem]


class Drafts:
    """The use cases of drafts."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, compilations: Compilations, most_definitions: int
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations
        self._most = most_definitions

    def create(self, content: Content, *, comment: str) -> WrittenDraft:
        """The first draft of a new decision."""
        candidate = self._compiled(content)
        now = self._clock.now()
        with self._transactions() as work:
            if DefinitionRepository(work).find(content.name) is not None:
                raise DefinitionNameTakenError(content.name)
            version = self._create(work, content, comment=comment, now=now)
        return _written(version, candidate)

    def update(self, content: Content, *, etag: str, comment: str) -> WrittenDraft:
        """The draft with other content; a new one when the latest version is published or retired."""
        candidate = self._compiled(content)
        now = self._clock.now()
        with self._transactions() as work:
            definition = definition_named(work, content.name, lock=True)
            version, changed = self._update(work, definition, content, etag=etag, comment=comment, now=now)
        return _written(version, candidate, changed=changed)

    def write(self, content: Content, *, etag: str, comment: str) -> WrittenDraft:
        """The draft of a decision that may be new: creates or updates it."""
        candidate = self._compiled(content)
        now = self._clock.now()
        with self._transactions() as work:
            definition = DefinitionRepository(work).find(content.name, lock=True)
            if definition is None and etag:
                raise DefinitionNotFoundError(content.name)
            if definition is None:
                version, changed = self._create(work, content, comment=comment, now=now), True
            else:
                version, changed = self._update(work, definition, content, etag=etag, comment=comment, now=now)
        return _written(version, candidate, changed=changed)

    def delete(self, name: str, *, etag: str, comment: str) -> bool:
        """Whether the decision is gone with its draft, which was its only version."""
        now = self._clock.now()
        with self._transactions() as work:
            definitions, versions = DefinitionRepository(work), VersionRepository(work)
            definition = definition_named(work, name, lock=True)
            draft = version_of(work, definition, 0, etag=etag)
            if draft.state is not VersionState.DRAFT:
                raise VersionStateError(draft, [VersionState.DRAFT])
            definition = definition.changed(now)
            versions.remove(draft)
            alone = versions.count(definition.id) == 0
            if alone:
                definitions.remove(definition)
            else:
                definitions.save(definition)
            work.record(DraftDeleted.of(definition, draft, before=draft, comment=comment))
        return alone

    def _create(self, work: UnitOfWork, content: Content, *, comment: str, now: datetime) -> Version:
        definitions = DefinitionRepository(work)
        if definitions.count() >= self._most:
            raise DefinitionLimitReachedError(self._most)
        caller = caller_of(work)
        definition = RegisteredDefinition(
            id=new_id(), name=content.name, last_version=1, revision=1, created_at=now, updated_at=now, creator=caller
        )
        definitions.add(definition)
        return self._begin(work, definition, content, comment=comment)

    def _update(
        self,
        work: UnitOfWork,
        definition: RegisteredDefinition,
        content: Content,
        *,
        etag: str,
        comment: str,
        now: datetime,
    ) -> tuple[Version, bool]:
        latest = version_of(work, definition, 0, etag=etag)
        if latest.state in OPEN and latest.state is not VersionState.DRAFT:
            raise VersionStateError(latest, [VersionState.DRAFT], hint=_REJECT_FIRST)
        if latest.content.content_hash == content.content_hash and latest.state is not VersionState.RETIRED:
            return latest, False
        if latest.state is not VersionState.DRAFT:
            definition = definition.changed(now, last_version=definition.last_version + 1)
            DefinitionRepository(work).save(definition)
            return self._begin(work, definition, content, comment=comment), True
        definition = definition.changed(now)
        DefinitionRepository(work).save(definition)
        draft = latest.written(content, by=caller_of(work), at=now, revision=definition.revision)
        VersionRepository(work).write(draft)
        done = Done(action=VersionAction.UPDATED, event=DraftUpdated, comment=comment, before=latest)
        write_down(work, definition, draft, done)
        return draft, True

    def _begin(self, work: UnitOfWork, definition: RegisteredDefinition, content: Content, *, comment: str) -> Version:
        draft = Version(
            definition_id=definition.id,
            number=definition.last_version,
            state=VersionState.DRAFT,
            content=content,
            revision=definition.revision,
            authors=(caller_of(work),),
            created_at=definition.updated_at,
            updated_at=definition.updated_at,
        )
        VersionRepository(work).add(draft)
        done = Done(action=VersionAction.CREATED, event=DraftCreated, comment=comment, before=None)
        write_down(work, definition, draft, done)
        return draft

    def _compiled(self, content: Content) -> Candidate:
        # Apart, so that nobody waits for a transaction that waits for the compiler.
        with self._transactions.apart(read_only=True) as work:
            return self._compilations.candidate(work, content, at=self._clock.now())


def _written(version: Version, candidate: Candidate, *, changed: bool = True) -> WrittenDraft:
    return WrittenDraft(version=version, changed=changed, problems=candidate.problems, warnings=candidate.warnings)
