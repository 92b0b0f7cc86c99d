"""Having drafts looked at: submitting, approving, sending back."""

from __future__ import annotations

from collections.abc import Sequence

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.problem import DefinitionProblem
from function_backend.services.rules.domain.version import Approval, Version, VersionAction, VersionState
from function_backend.services.rules.errors import ApprovalByAuthorError, VersionEtagMismatchError, VersionStateError
from function_backend.services.rules.events import VersionApproved, VersionRejected, VersionSubmitted
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import caller_of, definition_named, version_of
from function_backend.services.rules.service.steps import Done, write_down


class Reviews:
    """The use cases of reviews."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, compilations: Compilations, approval: Approval
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._compilations = compilations
        self._approval = approval

    def submit(self, name: str, *, etag: str, comment: str) -> tuple[Version, Sequence[DefinitionProblem]]:
        """The draft, which waits for a review now, and what its author should know."""
        with self._transactions.apart(read_only=True) as work:
            draft = version_of(work, definition_named(work, name), 0, etag=etag)
            _refuse_unless(draft, VersionState.DRAFT)
            candidate = self._compilations.candidate(work, draft.content, at=self._clock.now())
        candidate.sound()
        done = Done(action=VersionAction.SUBMITTED, event=VersionSubmitted, comment=comment, before=draft)
        return self._move(name, draft.number, VersionState.IN_REVIEW, done, etag=draft.etag), candidate.warnings

    def approve(self, name: str, number: int, *, etag: str, comment: str) -> Version:
        """The version, which is approved now."""
        with self._transactions() as work:
            definition, version = self._locked(work, name, number, etag)
            _refuse_unless(version, VersionState.IN_REVIEW)
            if self._approval is Approval.FOUR_EYES and caller_of(work) in version.authors:
                raise ApprovalByAuthorError(version)
            done = Done(action=VersionAction.APPROVED, event=VersionApproved, comment=comment, before=version)
            return self._store(work, definition, version, VersionState.APPROVED, done)

    def reject(self, name: str, number: int, *, etag: str, comment: str) -> Version:
        """The version, which is a draft again."""
        with self._transactions() as work:
            definition, version = self._locked(work, name, number, etag)
            _refuse_unless(version, VersionState.IN_REVIEW, VersionState.APPROVED)
            done = Done(action=VersionAction.REJECTED, event=VersionRejected, comment=comment, before=version)
            return self._store(work, definition, version, VersionState.DRAFT, done)

    def _move(self, name: str, number: int, state: VersionState, done: Done, *, etag: str) -> Version:
        with self._transactions() as work:
            definition, version = self._locked(work, name, number, "")
            if version.etag != etag:
                raise VersionEtagMismatchError(version)
            return self._store(work, definition, version, state, done)

    def _locked(self, work: UnitOfWork, name: str, number: int, etag: str) -> tuple[RegisteredDefinition, Version]:
        definition = definition_named(work, name, lock=True)
        return definition, version_of(work, definition, number, etag=etag)

    def _store(
        self, work: UnitOfWork, definition: RegisteredDefinition, version: Version, state: VersionState, done: Done
    ) -> Version:
        definition = definition.changed(self._clock.now())
        moved = version.moved(state, at=definition.updated_at, revision=definition.revision)
        DefinitionRepository(work).save(definition)
        VersionRepository(work).move(moved)
        write_down(work, definition, moved, done)
        return moved


def _refuse_unless(version: Version, *wanted: VersionState) -> None:
    if version.state not in wanted:
        raise VersionStateError(version, wanted)
