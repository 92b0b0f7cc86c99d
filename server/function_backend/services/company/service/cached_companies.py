"""Ready answers with current companies, kept until a change is heard of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.statistics import CacheStatistics

ALL_COMPANIES = "*"


class CachedAnswer(NamedTuple):
    """A ready answer, and the WAL position up to which it includes everything; None when that is not known."""

    answer: bytes
    position: int | None

    def includes(self, position: int | None) -> bool:
        """Whether the answer includes what was committed at or before the position."""
        return position is None or (self.position is not None and self.position >= position)


class CachedCompanies:
    """The answers of one worker, by tenant and company."""

    def __init__(self, *, size: int, ttl: float) -> None:
        self._cache: LocalCache[tuple[UUID, int, UUID], CachedAnswer] = LocalCache(size=size, ttl=ttl)
        # Part of the key: raising it forgets all companies of a tenant at once, running loads included.
        self._generations: defaultdict[UUID, int] = defaultdict(int)

    @property
    def statistics(self) -> CacheStatistics:
        """How often an answer was ready."""
        return self._cache

    def get(
        self, tenant_id: UUID, company_id: UUID, load: Callable[[], CachedAnswer], *, minimum: int | None
    ) -> CachedAnswer:
        """The answer, loaded when there is none that includes what was committed at the position `minimum`."""
        key = (tenant_id, self._generations[tenant_id], company_id)
        found = self._cache.get(key)
        if found is not None:
            if found.includes(minimum):
                return found
            self._cache.drop(key)
        loaded = self._cache.get_or_load(key, load)
        # It may have been the load of another caller, who was content with less.
        return loaded if loaded.includes(minimum) else load()

    def forget(self, notification: str) -> None:
        """Drops what a change notification names: `tenant/company`, or `tenant/*` for all of a tenant."""
        tenant, _, company = notification.partition("/")
        tenant_id = UUID(tenant)
        if company == ALL_COMPANIES:
            self._generations[tenant_id] += 1
        else:
            self._cache.drop((tenant_id, self._generations[tenant_id], UUID(company)))

    def forget_all(self) -> None:
        """Drops everything."""
        self._cache.clear()
