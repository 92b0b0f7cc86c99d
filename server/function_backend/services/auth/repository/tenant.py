"""Storing and finding tenants.

Whoever works with tenants looks beyond its own, which row-level security allows no role that serves; so these go
through the definer's functions, and the use cases decide who may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Uuid, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.auth.domain.tenant import Tenant, TenantState
from function_backend.services.auth.domain.tenant_settings import TenantSettings
from function_backend.services.auth.errors.tenant import TenantNameTakenError
from function_backend.services.auth.tables.tenant import tenant_table

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.sql.functions import Function

    from function_backend.persistence.unit_of_work import UnitOfWork

_COLUMNS = tuple(tenant_table.columns)


class TenantRepository:
    """The tenants of the installation."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, tenant: Tenant) -> None:
        """Stores a new tenant; TenantNameTakenError when its name is taken."""
        added = func.add_tenant(
            tenant.id,
            tenant.name,
            tenant.display_name,
            tenant.created_at,
            literal(tenant.parent_id, Uuid()),
            cast(list(tenant.ancestors), ARRAY(Uuid())),
        )
        try:
            self._work.connection.execute(select(added))
        except IntegrityError as error:
            if violated_constraint(error) == "tenant_name_key":
                raise TenantNameTakenError(tenant.name) from error
            raise

    def find(self, tenant_id: UUID) -> Tenant | None:
        """The tenant, whoever asks."""
        return self._one(func.read_tenant(tenant_id))

    def find_for_update(self, tenant_id: UUID) -> Tenant | None:
        """The tenant, whoever asks, which nobody else changes until the transaction ends."""
        return self._one(func.lock_tenant(tenant_id))

    def list_after(
        self, after: UUID | None, *, limit: int, parent_id: UUID | None = None, with_deleted: bool = False
    ) -> Page[Tenant]:
        """The tenants that follow the id, in order of id: all, or those directly below a tenant."""
        found = func.read_tenants(literal(after, Uuid()), literal(parent_id, Uuid()), with_deleted, limit + 1)
        rows = self._work.connection.execute(select(found.table_valued(*_COLUMNS)))
        tenants = [_tenant(row) for row in rows]
        more = len(tenants) > limit
        tenants = tenants[:limit]
        return Page(tenants, (str(tenants[-1].id),) if more else None)

    def has_children(self, tenant_id: UUID) -> bool:
        """Whether a tenant that is not deleted stands directly below it."""
        return bool(self.list_after(None, limit=1, parent_id=tenant_id).items)

    def save(self, tenant: Tenant) -> None:
        """Stores the changed tenant, which was locked before."""
        saved = func.save_tenant(
            tenant.id,
            tenant.display_name,
            tenant.state.value,
            cast(tenant.settings.document(), JSONB),
            tenant.revision,
            tenant.updated_at,
            tenant.suspended_at,
            tenant.deleted_at,
        )
        self._work.connection.execute(select(saved))

    def shred(self, tenant_id: UUID) -> None:
        """Deletes the tenant's data key, so that what was sealed with it opens never again, and its API keys."""
        self._work.connection.execute(select(func.shred_tenant(tenant_id)))

    def _one(self, found: Function[Any]) -> Tenant | None:
        row = self._work.connection.execute(select(found.table_valued(*_COLUMNS))).one_or_none()
        return None if row is None else _tenant(row)


def find_own_settings(work: UnitOfWork) -> TenantSettings:
    """What the unit of work's tenant has decided; nothing when it does not exist."""
    query = select(tenant_table.c.settings).where(tenant_table.c.tenant_id == work.tenant_id)
    row = work.connection.execute(query).one_or_none()
    return TenantSettings() if row is None else TenantSettings.from_document(row.settings)


def _tenant(row: Row[Any]) -> Tenant:
    return Tenant(
        id=row.tenant_id,
        name=row.name,
        display_name=row.display_name,
        created_at=row.created_at,
        ancestors=tuple(row.ancestors),
        state=TenantState(row.state),
        settings=TenantSettings.from_document(row.settings),
        revision=row.revision,
        updated_at=row.updated_at,
        suspended_at=row.suspended_at,
        deleted_at=row.deleted_at,
    )
