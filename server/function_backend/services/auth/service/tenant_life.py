"""Suspending, resuming and deleting tenants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.tenant import Tenant, TenantState
from function_backend.services.auth.errors.tenant import (
    TenantHasChildrenError,
    TenantNotSuspendedError,
    TenantProtectedError,
    name_not_repeated,
)
from function_backend.services.auth.events.tenant import TenantDeleted, TenantResumed, TenantSuspended
from function_backend.services.auth.repository.tenant import TenantRepository
from function_backend.services.auth.service.first_tenant import DEFAULT_TENANT
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.tenant_reach import locked


class TenantShredder(Protocol):
    """Destroys one kind of secrets of a tenant that is being deleted."""

    def __call__(self, work: UnitOfWork, tenant_id: UUID) -> None:
        """Deletes them, through a function of the definer: the unit of work is that of another tenant."""


class TenantLife:
    """The use cases that let the callers of a tenant in, keep them out, or end it."""

    def __init__(self, *, transactions: Transactions, clock: Clock, shredders: Sequence[TenantShredder] = ()) -> None:
        """`shredders` delete what `TenantRepository.shred` does not know of."""
        self._transactions = transactions
        self._clock = clock
        self._shredders = shredders

    def suspend(self, tenant_id: UUID, *, etag: str) -> Tenant:
        """The suspended tenant; every worker refuses its callers, and those of the tenants below it, within a second.

        Suspending it again changes nothing.
        """
        now = self._clock.now()
        with self._transactions() as work:
            tenant = locked(work, tenant_id, etag=etag)
            _refuse_protected(work, tenant)
            suspended = tenant.suspended(at=now)
            if suspended is tenant:
                return tenant
            TenantRepository(work).save(suspended)
            work.record(TenantSuspended.of(tenant, suspended, at=now))
            # Those below it are not named: the epoch, which this counts up, makes workers ask again for everybody.
            revoke(work, Revoked.TENANT, tenant_id)
        return suspended

    def resume(self, tenant_id: UUID, *, etag: str) -> Tenant:
        """The active tenant. Resuming it again changes nothing."""
        now = self._clock.now()
        with self._transactions() as work:
            tenant = locked(work, tenant_id, etag=etag)
            resumed = tenant.resumed(at=now)
            if resumed is tenant:
                return tenant
            TenantRepository(work).save(resumed)
            work.record(TenantResumed.of(tenant, resumed, at=now))
            revoke(work, Revoked.TENANT, tenant_id)
        return resumed

    def delete(self, tenant_id: UUID, *, name: str, etag: str) -> Tenant:
        """What is left of the tenant: its name. Its data key and credentials are destroyed in the same transaction."""
        now = self._clock.now()
        with self._transactions() as work:
            tenant = locked(work, tenant_id, etag=etag)
            _refuse_protected(work, tenant)
            if name != tenant.name:
                raise name_not_repeated()
            if tenant.state is not TenantState.SUSPENDED:
                raise TenantNotSuspendedError(tenant_id)
            tenants = TenantRepository(work)
            if tenants.has_children(tenant_id):
                raise TenantHasChildrenError(tenant_id)
            deleted = tenant.deleted(at=now)
            tenants.save(deleted)
            tenants.shred(tenant_id)
            for shred in self._shredders:
                shred(work, tenant_id)
            work.record(TenantDeleted.of(tenant, deleted, at=now))
            revoke(work, Revoked.TENANT, tenant_id)
        return deleted


def _refuse_protected(work: UnitOfWork, tenant: Tenant) -> None:
    """Whoever suspends a tenant must be able to resume it, and an installation must not lose its administrators."""
    own = TenantRepository(work).find(work.tenant_id)
    if tenant.name == DEFAULT_TENANT or own is None or own.is_within(tenant.id):
        raise TenantProtectedError(tenant.id)
