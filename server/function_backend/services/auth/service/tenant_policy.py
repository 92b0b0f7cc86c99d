"""What holds for the tenant of a call: passwords, sessions, lives of tokens, allowed grants."""

from __future__ import annotations

from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.statistics import CacheStatistics
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.tenant_settings import TenantRules
from function_backend.services.auth.repository.tenant import find_own_settings

TENANT_TOPIC = "auth_tenant"
"""The topic under which workers hear that a tenant decided otherwise; the text is its id."""

_REMEMBERED = 1000
_SECONDS = 5.0


class TenantPolicy:
    """Knows the rules of each tenant. What it remembers is dropped on a change, and is never older than 5 seconds."""

    def __init__(self, default: TenantRules) -> None:
        """`default` is what holds where a tenant has decided nothing."""
        self._default = default
        self._known: LocalCache[UUID, TenantRules] = LocalCache(size=_REMEMBERED, ttl=_SECONDS)

    @property
    def cache(self) -> CacheStatistics:
        """How often the rules were known."""
        return self._known

    def of(self, work: UnitOfWork) -> TenantRules:
        """The rules of the unit of work's tenant."""
        return self._known.get_or_load(work.tenant_id, lambda: find_own_settings(work).rules(self._default))

    def forget(self, text: str = "") -> None:
        """Somebody changed the tenant of this id, or, without one, any of them."""
        if text:
            self._known.drop(UUID(text))
        else:
            self._known.clear()
