"""What the process hands to every slice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from function_backend.cache.rate_limit import HostBuckets, RateLimiter
from function_backend.kernel.gates import Gates
from function_backend.kernel.notices import Notices
from function_backend.kernel.references import References
from function_backend.kernel.sealing import SealedPlaces
from function_backend.vault.wrapped_keys import WrappedKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    from function_backend.jobs.queue import JobQueue
    from function_backend.kernel.clock import Clock
    from function_backend.kernel.declared_method import DeclaredMethod
    from function_backend.kernel.pagination import PageTokens
    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.vault.master_keys import MasterKeys
    from function_backend.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Shared by the slices of one worker."""

    transactions: Transactions
    clock: Clock
    page_tokens: PageTokens
    master_keys: MasterKeys
    """Wrap the keys that encrypt; from the settings."""
    vault: Vault
    """Seals and opens secrets of tenants."""
    jobs: JobQueue
    """Takes what is to be done behind the answer, as a part of the transaction that asks for it."""
    permission_catalogue: frozenset[str]
    """The permissions that the methods of all services declare."""
    methods: tuple[DeclaredMethod, ...] = ()
    """The methods of all services."""
    sealed_places: SealedPlaces = field(default_factory=SealedPlaces)
    """Where the slices store what is sealed."""
    trace_context: Callable[[], str] = str
    """The current `traceparent`, or nothing; what is done later goes on with it."""
    references: References = field(default_factory=References)
    """Reads resources of other slices by their ids."""
    gates: Gates = field(default_factory=Gates)
    """What changes must pass before they are committed."""
    notices: Notices = field(default_factory=Notices)
    """Tells people what concerns them."""
    limiter: RateLimiter = field(default_factory=HostBuckets)
    """Counts what may be done so often; made before the fork, so that all workers count together."""
    registry: CollectorRegistry | None = None
    """Where metrics are made; None for that of the process."""
    wrapped_keys: WrappedKeys = field(default_factory=WrappedKeys)
    """The keys of all slices that a master key has wrapped."""
    listener_healthy: Callable[[], bool]
    """Whether change notifications arrive; while they do not, nothing may be answered from a cache without asking."""
    epoch_age: Callable[[], float]
    """Seconds since the revocation epoch was last read from the database; infinite before the first time."""
