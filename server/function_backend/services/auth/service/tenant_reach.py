"""Which tenants a caller reaches: its own, those below it, and all when it administers the installation."""

from __future__ import annotations

from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.tenant import Tenant, TenantState
from function_backend.services.auth.errors.tenant import (
    TenantDeletedError,
    TenantEtagMismatchError,
    TenantNotFoundError,
)
from function_backend.services.auth.repository.tenant import TenantRepository

_REACHES_ALL = "auth.tenant.list"


def reached(work: UnitOfWork, tenant_id: UUID | None) -> Tenant:
    """The tenant, the caller's own when none is named. TenantNotFoundError when the caller does not reach it."""
    wanted = tenant_id or work.tenant_id
    return _within_reach(work, wanted, TenantRepository(work).find(wanted))


def locked(work: UnitOfWork, tenant_id: UUID | None, *, etag: str) -> Tenant:
    """The tenant for changing it, which is not deleted and is at the etag when one is given."""
    wanted = tenant_id or work.tenant_id
    tenant = _within_reach(work, wanted, TenantRepository(work).find_for_update(wanted))
    if tenant.state is TenantState.DELETED:
        raise TenantDeletedError(wanted)
    if etag and etag != tenant.etag:
        raise TenantEtagMismatchError(wanted, tenant.etag)
    return tenant


def _within_reach(work: UnitOfWork, wanted: UUID, tenant: Tenant | None) -> Tenant:
    principal = work.call.principal
    if tenant is None or principal is None:
        raise TenantNotFoundError(wanted)
    if not tenant.is_within(work.tenant_id) and not principal.permissions.allows(_REACHES_ALL):
        raise TenantNotFoundError(wanted)
    return tenant
