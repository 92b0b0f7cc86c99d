"""Storing and finding tenants.

Whoever works with tenants looks beyond its own, which row-level security allows no role that serves; so these go
through the definer's functions, and the use cases decide who may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.errors.tenant import TenantNameTakenError
from function_backend.services.auth.tables.tenant import tenant_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_COLUMNS = tuple(column.name for column in tenant_table.columns)


class TenantRepository:
    """The tenants of the installation."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, tenant: Tenant) -> None:
        """Stores a new tenant; TenantNameTakenError when its name is taken."""
        created = func.create_tenant(tenant.id, tenant.name, tenant.display_name, tenant.created_at)
        try:
            self._work.connection.execute(select(created))
        except IntegrityError as error:
            if violated_constraint(error) == "tenant_name_key":
                raise TenantNameTakenError(tenant.name) from error
            raise

    def find(self, tenant_id: UUID) -> Tenant | None:
        """The tenant, whoever asks."""
        found = func.find_tenant(tenant_id).table_valued(*_COLUMNS)
        row = self._work.connection.execute(select(found)).one_or_none()
        return None if row is None else _tenant(row)

    def list_after(self, after: UUID | None, *, limit: int) -> Page[Tenant]:
        """The tenants that follow the id, in order of id."""
        found = func.list_tenants(after, limit + 1).table_valued(*_COLUMNS)
        tenants = [_tenant(row) for row in self._work.connection.execute(select(found))]
        more = len(tenants) > limit
        tenants = tenants[:limit]
        return Page(tenants, (str(tenants[-1].id),) if more else None)


def _tenant(row: Row[Any]) -> Tenant:
    return Tenant(id=row.tenant_id, name=row.name, display_name=row.display_name, created_at=row.created_at)
