"""Which version of a decision counts, without asking the database: kept by each worker until a change is heard of.

What is kept says when each version is in force, so a planned publication takes effect at its time by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.call import Call
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.statistics import CacheStatistics
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.rules.domain.publication import Timeline
from function_backend.services.rules.domain.rollout import is_active
from function_backend.services.rules.domain.version import Version, VersionState
from function_backend.services.rules.errors import DefinitionNotFoundError, NotInForceError, VersionStateError
from function_backend.services.rules.ports import CompiledDecision
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.repository.rollout import RolloutRepository
from function_backend.services.rules.repository.version import VersionRepository
from function_backend.services.rules.service.beside import Beside, Deciding, Patience
from function_backend.services.rules.service.compilations import Compilations
from function_backend.services.rules.service.finding import definition_named, version_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDefinition:
    """What a worker knows about a decision that was published."""

    id: UUID
    timeline: Timeline
    published: dict[int, str]
    """The content hashes of the versions that may decide, by number."""
    position: int
    """The WAL position up to which it includes everything."""
    beside: Beside | None
    """The candidate that is rolled out."""
    ready: dict[int, Deciding] = field(default_factory=dict)
    """Those that have decided since this is known, by number."""

    def includes(self, position: int | None) -> bool:
        """Whether it includes what was committed at or before the position."""
        return position is None or self.position >= position


class InForce:
    """The versions in force, as one worker knows them."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        compilations: Compilations,
        size: int,
        ttl: float,
        may_cache: Callable[[], bool],
        rollout_states: Sequence[VersionState],
    ) -> None:
        """`may_cache` says whether changes are being heard of; of the states are candidates that may take part."""
        self._rollout_states = rollout_states
        self._transactions = transactions
        self._compilations = compilations
        self._known: LocalCache[tuple[UUID, str], KnownDefinition] = LocalCache(size=size, ttl=ttl)
        self._may_cache = may_cache

    @property
    def statistics(self) -> CacheStatistics:
        """How often a decision was known."""
        return self._known

    def forget(self, notification: str) -> None:
        """Drops what a change notification names: `tenant/name`."""
        tenant, _, name = notification.partition("/")
        self._known.drop((UUID(tenant), name))

    def forget_all(self) -> None:
        """Drops everything."""
        self._known.clear()

    def find(self, call: Call, name: str, number: int, *, at: datetime, as_kept: bool = False) -> Deciding:
        """The version asked for, or with 0 the one in force at the time.

        With `as_kept` it is enough to know what was heard of, also for a caller that has a consistency token.
        Raises DefinitionNotFoundError, VersionNotFoundError, VersionStateError for a version that was never published
        or is retired, and NotInForceError.
        """
        known = self._known_definition(call, name, as_kept=as_kept)
        if not number:
            publication = known.timeline.in_force(at)
            if publication is None:
                raise NotInForceError(name, at)
            number = publication.version
            beside = known.beside
            if beside is not None and number != beside.candidate.number and at >= beside.rollout.started_at:
                return replace(known.ready.get(number) or self._prepare(call, known, name, number), beside=beside)
        return known.ready.get(number) or self._prepare(call, known, name, number)

    def _prepare(self, call: Call, known: KnownDefinition, name: str, number: int) -> Deciding:
        content_hash = known.published.get(number)
        if content_hash is None:
            raise self._unpublished(name, number)
        kept = None if call.tenant_id is None else self._compilations.kept(call.tenant_id, known.id, number)
        deciding = known.ready[number] = Deciding(
            definition_id=known.id,
            name=name,
            number=number,
            content_hash=content_hash,
            compiled=self._compiled(name, number) if kept is None else kept,
        )
        return deciding

    def _known_definition(self, call: Call, name: str, *, as_kept: bool) -> KnownDefinition:
        tenant_id = call.tenant_id
        if tenant_id is None or not self._may_cache():
            return self._load(name)
        key, minimum = (tenant_id, name), None if as_kept else call.minimum_position
        known = self._known.get_or_load(key, lambda: self._load(name))
        if known.includes(minimum):
            return known
        self._known.drop(key)
        known = self._known.get_or_load(key, lambda: self._load(name))
        # It may have been the load of another caller, who was content with less.
        return known if known.includes(minimum) else self._load(name)

    def _load(self, name: str) -> KnownDefinition:
        with self._transactions.reading() as work:
            # Asked first: whatever was committed by then, the next statement sees.
            position = work.fetch_position()
            found = PublicationRepository(work).known(name)
            beside = None if found is None else self._beside(work, name, found.definition_id)
        if found is None:
            raise DefinitionNotFoundError(name)
        return KnownDefinition(
            id=found.definition_id,
            timeline=found.timeline,
            published=found.published,
            position=position,
            beside=beside,
        )

    def _beside(self, work: UnitOfWork, name: str, definition_id: UUID) -> Beside | None:
        """The candidate that is rolled out, where it takes part; whatever is wrong with it harms no decision."""
        rollout = RolloutRepository(work).find(definition_id)
        if rollout is None:
            return None
        version = VersionRepository(work).find(definition_id, rollout.candidate)
        if version is None or not is_active(rollout, version, self._rollout_states):
            return None
        try:
            compiled = self._compilations.of_candidate(work, version, rollout.calls)
        except ServiceError as error:
            _log.warning("the candidate %d of '%s' takes no part: %s", rollout.candidate, name, error)
            return None
        candidate = Deciding(
            definition_id=definition_id,
            name=name,
            number=version.number,
            content_hash=version.content.content_hash,
            compiled=compiled,
        )
        return Beside(rollout=rollout, candidate=candidate, patience=Patience())

    def _compiled(self, name: str, number: int) -> CompiledDecision:
        with self._transactions.reading() as work:
            return self._compilations.of_version(work, self._version(work, name, number))

    def _unpublished(self, name: str, number: int) -> Exception:
        with self._transactions.reading() as work:
            version = self._version(work, name, number)
        return VersionStateError(version, [VersionState.PUBLISHED])

    def _version(self, work: UnitOfWork, name: str, number: int) -> Version:
        return version_of(work, definition_named(work, name), number)
