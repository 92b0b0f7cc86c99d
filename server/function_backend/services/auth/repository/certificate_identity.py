"""Storing and finding the names in certificates that stand for service accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.auth.domain.certificate_identity import (
    CertificateIdentity,
    CertificateName,
    CertificateNameKind,
)
from function_backend.services.auth.errors.certificate_identity import CertificateNameTakenError
from function_backend.services.auth.errors.tenant import TenantNotFoundError
from function_backend.services.auth.tables.certificate_identity import certificate_identity_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_identity = certificate_identity_table.c


class CertificateIdentityRepository:
    """The identities of the unit of work's tenant; new ones of any."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, identity: CertificateIdentity) -> None:
        """Stores an identity of whatever tenant; CertificateNameTakenError when its name is bound."""
        created = func.create_certificate_identity(
            identity.tenant_id,
            identity.id,
            identity.name.kind.value,
            identity.name.name,
            identity.service_account_id,
            identity.created_at,
            identity.creator,
        )
        try:
            self._work.connection.execute(select(created))
        except IntegrityError as error:
            constraint = violated_constraint(error)
            if constraint == "certificate_identity_name_key":
                raise CertificateNameTakenError(identity.name.name) from error
            if constraint == "certificate_identity_tenant_id_fkey":
                raise TenantNotFoundError(identity.tenant_id) from error
            raise

    def remove(self, identity_id: UUID) -> CertificateIdentity | None:
        """The identity that was there until now; None when there was none."""
        row = self._work.connection.execute(
            delete(certificate_identity_table)
            .where(_identity.tenant_id == self._work.tenant_id, _identity.id == identity_id)
            .returning(certificate_identity_table)
        ).one_or_none()
        return None if row is None else _read(row)

    def list_after(self, after: UUID | None, *, limit: int) -> Page[CertificateIdentity]:
        """The identities that follow the id, in order of id."""
        query = (
            select(certificate_identity_table)
            .where(_identity.tenant_id == self._work.tenant_id)
            .order_by(_identity.id)
            .limit(limit + 1)
        )
        if after is not None:
            query = query.where(_identity.id > after)
        found = [_read(row) for row in self._work.connection.execute(query)]
        more = len(found) > limit
        found = found[:limit]
        return Page(found, (str(found[-1].id),) if more else None)


def _read(row: Row[Any]) -> CertificateIdentity:
    return CertificateIdentity(
        id=row.id,
        tenant_id=row.tenant_id,
        name=CertificateName(CertificateNameKind(row.name_kind), row.name),
        service_account_id=row.service_account_id,
        created_at=row.created_at,
        creator=row.creator,
    )
