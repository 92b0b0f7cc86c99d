"""Which hooks there are, without asking the database.

Each worker knows which tenants have any: it asks for all of them every few seconds, and hears of changes in between.
For the others nothing is asked, ever; for these the hooks are kept until a change is heard of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.call import Call
from function_backend.kernel.statistics import CacheStatistics
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.rules.domain.hook import OPERATIONS, Hook, in_order
from function_backend.services.rules.repository.hook import HookRepository, tenants_with_hooks

if TYPE_CHECKING:
    from function_backend.persistence.wire import Driver

TOPIC = "rules_hooks"
"""The topic of change notifications: the tenant whose hooks changed."""

_Hooks = Mapping[str, Sequence[Hook]]


class KnownHooks:
    """The enabled hooks, as one worker knows them."""

    def __init__(self, *, transactions: Transactions, size: int, ttl: float, may_cache: Callable[[], bool]) -> None:
        """`may_cache` says whether changes are being heard of."""
        self._transactions = transactions
        self._known: LocalCache[UUID, _Hooks] = LocalCache(size=size, ttl=ttl)
        self._may_cache = may_cache
        self._tenants: set[UUID] | None = None
        """Those that may have hooks; None while that is not known."""

    @property
    def statistics(self) -> CacheStatistics:
        """How often the hooks of a tenant were known."""
        return self._known

    def of(self, operation: str, call: Call) -> Sequence[Hook]:
        """The enabled hooks of the operation in the caller's tenant, in their order."""
        tenant_id = call.tenant_id
        if tenant_id is None:
            return ()
        if not self._may_cache():
            return self._load().get(operation, ())
        tenants = self._tenants
        if tenants is not None and tenant_id not in tenants:
            return ()
        return self._known.get_or_load(tenant_id, self._load).get(operation, ())

    def refresh(self, driver: Driver) -> None:
        """Asks which tenants have hooks; to be called by the thread that hears of changes, and no other."""
        self._tenants = set(tenants_with_hooks(driver))

    def forget(self, text: str) -> None:
        """Drops what is known about the tenant, which may have hooks from now on."""
        tenant_id = UUID(text)
        tenants = self._tenants
        if tenants is not None:
            tenants.add(tenant_id)
        self._known.drop(tenant_id)

    def forget_all(self) -> None:
        """Drops everything."""
        self._tenants = None
        self._known.clear()

    def _load(self) -> _Hooks:
        # Not from a replica, which may not have heard of the last change yet.
        with self._transactions() as work:
            hooks = in_order(HookRepository(work).enabled())
        found = {operation: [hook for hook in hooks if operation in hook.operations] for operation in OPERATIONS}
        return {operation: bound for operation, bound in found.items() if bound}
