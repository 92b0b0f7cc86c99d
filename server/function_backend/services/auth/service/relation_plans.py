"""Schema versions made ready for evaluation, kept by each worker.

A version is never changed, so its plan is good for ever. Which version is the current one is asked in the same state of
the database as the relationships, so that no answer mixes an old schema with new relationships. Checks expect that it
is the one of the last time and ask for it in the same statement as for the relationships.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.statistics import CacheStatistics
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.relations.checking import read_schema
from function_backend.services.auth.domain.relations.plan import Plan, make_plan
from function_backend.services.auth.domain.relations.reach import Reach, reach_of
from function_backend.services.auth.errors.relation import RelationSchemaNotFoundError
from function_backend.services.auth.repository.relation_reads import RelationReader, SchemaMoved
from function_backend.services.auth.repository.relation_schema import RelationSchemaRepository

T = TypeVar("T")

_KEPT_SECONDS = 3600.0
_REACHES_PER_PLAN = 16


class RelationPlans:
    """The plans that one worker keeps."""

    def __init__(self, *, size: int) -> None:
        self._plans: LocalCache[tuple[UUID, int], Plan] = LocalCache(size=size, ttl=_KEPT_SECONDS)
        self._reaches: LocalCache[tuple[UUID, int, str, str, bool], Reach] = LocalCache(
            size=size * _REACHES_PER_PLAN, ttl=_KEPT_SECONDS
        )

        self._latest: LocalCache[UUID, int] = LocalCache(size=size, ttl=_KEPT_SECONDS)

    @property
    def statistics(self) -> CacheStatistics:
        """How often a plan was there."""
        return self._plans

    def current(self, work: UnitOfWork, reader: RelationReader) -> Plan:
        """The plan of the current version. Raises RelationSchemaNotFoundError when there is none."""
        version = reader.schema_version()
        if not version:
            raise RelationSchemaNotFoundError
        return self.of_version(work, version)

    def with_current(self, work: UnitOfWork, reader: RelationReader, use: Callable[[Plan], T]) -> T:
        """What `use` makes of the plan of the current version, from what the reader loads; it may be called twice."""
        version = self._latest.get(work.tenant_id)
        if version is not None:
            reader.expect(version)
            try:
                return _confirmed(reader, lambda: use(self.of_version(work, version)))
            except SchemaMoved:
                pass
        plan = self.current(work, reader)
        self._latest.put(work.tenant_id, plan.version)
        return use(plan)

    def of_version(self, work: UnitOfWork, version: int) -> Plan:
        """The plan of the version."""
        return self._plans.get_or_load((work.tenant_id, version), lambda: _load(work, version))

    def reach(self, work: UnitOfWork, plan: Plan, type_name: str, name: str, *, everything: bool = False) -> Reach:
        """The plan read backwards for one permission."""
        key = (work.tenant_id, plan.version, type_name, name, everything)
        return self._reaches.get_or_load(key, lambda: reach_of(plan, type_name, name, everything=everything))


def _confirmed(reader: RelationReader, use: Callable[[], T]) -> T:
    try:
        result = use()
    except ServiceError:
        # It may be wrong by the old schema alone.
        reader.confirm()
        raise
    reader.confirm()
    return result


def _load(work: UnitOfWork, version: int) -> Plan:
    found = RelationSchemaRepository(work).find(version)
    if found is None:
        raise RelationSchemaNotFoundError(version)
    return make_plan(read_schema(found.canonical_text), version)
