"""Definitions made ready to decide. Published ones are kept by each worker: they never change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.statistics import CacheStatistics
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.rules.domain.definition import Content
from function_backend.services.rules.domain.problem import DefinitionProblem, ProblemsFoundError
from function_backend.services.rules.domain.version import CalledVersion, Version
from function_backend.services.rules.errors import DefinitionInvalidError, VersionNotFoundError
from function_backend.services.rules.ports import CompiledDecision, Compiler
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.repository.version import VersionRepository

_KEPT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What is not published yet, compiled or refused."""

    compiled: CompiledDecision | None
    problems: Sequence[DefinitionProblem]
    """Why it does not compile; nothing when it does."""
    calls: tuple[CalledVersion, ...]
    """What it calls, in the versions in force."""

    @property
    def warnings(self) -> Sequence[DefinitionProblem]:
        """What the author should know."""
        return () if self.compiled is None else self.compiled.warnings

    def sound(self, *, prefix: str = "") -> CompiledDecision:
        """The compiled definition; DefinitionInvalidError when there is none."""
        if self.compiled is None:
            raise DefinitionInvalidError(self.problems, prefix=prefix)
        return self.compiled


class Compilations:
    """The compiled definitions of one worker."""

    def __init__(self, compiler: Compiler, *, size: int) -> None:
        self._compiler = compiler
        self._published: LocalCache[tuple[UUID, UUID, int], CompiledDecision] = LocalCache(size=size, ttl=_KEPT_SECONDS)
        self._candidates: LocalCache[tuple[UUID, str, tuple[CalledVersion, ...]], CompiledDecision] = LocalCache(
            size=size, ttl=_KEPT_SECONDS
        )

    @property
    def statistics(self) -> CacheStatistics:
        """How often one was there."""
        return self._published

    def kept(self, tenant_id: UUID, definition_id: UUID, number: int) -> CompiledDecision | None:
        """The published version, where this worker has it ready."""
        return self._published.get((tenant_id, definition_id, number))

    def of_version(self, work: UnitOfWork, version: Version) -> CompiledDecision:
        """A version that was published, with what it was published with."""
        key = (work.tenant_id, version.definition_id, version.number)
        return self._published.get_or_load(key, lambda: self.with_calls(work, version.content.body, version.calls))

    def candidate(self, work: UnitOfWork, content: Content, *, at: datetime) -> Candidate:
        """A definition with the versions of others that are in force at the time."""
        called, calls = self._in_force(work, content.called, at)
        loop = self._loop(work, content, calls)
        if loop:
            problem = DefinitionProblem(path="graph.steps", message=f"the decision would call itself through {loop}")
            return Candidate(compiled=None, problems=[problem], calls=calls)
        try:
            compiled = self._compiler.compile(content.body, called)
        except ProblemsFoundError as error:
            return Candidate(compiled=None, problems=error.problems, calls=calls)
        return Candidate(compiled=compiled, problems=(), calls=calls)

    def of_candidate(self, work: UnitOfWork, version: Version, calls: tuple[CalledVersion, ...]) -> CompiledDecision:
        """A version that need not be published yet, with these versions of others."""
        key = (work.tenant_id, version.content.content_hash, calls)
        return self._candidates.get_or_load(key, lambda: self.with_calls(work, version.content.body, calls))

    def with_calls(self, work: UnitOfWork, body: bytes, calls: Sequence[CalledVersion]) -> CompiledDecision:
        """A definition with these versions of others; it is not kept."""
        called = {call.name: self.of_version(work, _called_version(work, call)) for call in calls}
        try:
            return self._compiler.compile(body, called)
        except ProblemsFoundError as error:
            # It compiled when it was published: the types under it have changed since.
            raise DefinitionInvalidError(error.problems) from error

    def _in_force(
        self, work: UnitOfWork, names: frozenset[str], at: datetime
    ) -> tuple[dict[str, CompiledDecision], tuple[CalledVersion, ...]]:
        called: dict[str, CompiledDecision] = {}
        calls: list[CalledVersion] = []
        for name in sorted(names):
            found = PublicationRepository(work).known(name)
            publication = None if found is None else found.timeline.in_force(at)
            if publication is None:
                continue  # The engine says where it is called, and that there is none.
            call = CalledVersion(name, publication.version)
            calls.append(call)
            called[name] = self.of_version(work, _called_version(work, call))
        return called, tuple(calls)

    def _loop(self, work: UnitOfWork, content: Content, calls: Sequence[CalledVersion]) -> str:
        """The name of the decision through which this one would call itself; empty when it does not."""
        seen: set[CalledVersion] = set()
        waiting = [(call.name, call) for call in calls]
        while waiting:
            first, call = waiting.pop()
            if call.name == content.name:
                return first
            if call not in seen:
                seen.add(call)
                waiting.extend((first, further) for further in _called_version(work, call).calls)
        return ""


def _called_version(work: UnitOfWork, call: CalledVersion) -> Version:
    definition = DefinitionRepository(work).find(call.name)
    found = None if definition is None else VersionRepository(work).find(definition.id, call.version)
    if found is None:
        raise VersionNotFoundError(call.name, call.version)
    return found
