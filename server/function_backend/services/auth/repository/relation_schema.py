"""Storing and finding the versions of a tenant's relation schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, func, insert, select

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.relation_schema import SchemaVersion
from function_backend.services.auth.tables.relation_schema import relation_schema_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_schema = relation_schema_table.c

# Whoever writes relationships shares it, whoever writes a schema has it alone: so no relationship is written under a
# schema that is just being replaced. A lock by name, since a tenant without a schema has no row to lock.
_SHARE_SQL = "select pg_advisory_xact_lock_shared(hashtextextended('relation_schema/' || %s::text, 0))"
_LOCK_SQL = "select pg_advisory_xact_lock(hashtextextended('relation_schema/' || %s::text, 0))"


class RelationSchemaRepository:
    """The versions of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def hold(self) -> None:
        """Keeps the schema as it is until the transaction ends."""
        self._work.driver.execute(_SHARE_SQL, (self._work.tenant_id,))

    def lock(self) -> None:
        """Keeps everybody else from writing a schema or relationships until the transaction ends."""
        self._work.driver.execute(_LOCK_SQL, (self._work.tenant_id,))

    def add(self, version: SchemaVersion) -> None:
        """Stores a new version."""
        self._work.connection.execute(
            insert(relation_schema_table).values(
                tenant_id=version.tenant_id,
                version=version.version,
                content_hash=version.content_hash,
                text=version.text,
                canonical_text=version.canonical_text,
                created_at=version.created_at,
                creator=version.creator,
                reason=version.reason,
            )
        )

    def current_version(self) -> int:
        """The number of the current version; 0 when there is none."""
        query = select(func.max(_schema.version)).where(_schema.tenant_id == self._work.tenant_id)
        return self._work.connection.execute(query).scalar_one() or 0

    def find(self, version: int = 0) -> SchemaVersion | None:
        """The version, or the current one."""
        query = select(relation_schema_table).where(_schema.tenant_id == self._work.tenant_id)
        if version:
            query = query.where(_schema.version == version)
        row = self._work.connection.execute(query.order_by(_schema.version.desc()).limit(1)).one_or_none()
        return None if row is None else _version(row)

    def list_before(self, before: int | None, *, limit: int) -> Page[SchemaVersion]:
        """The versions below the number, latest first, without their texts."""
        columns: list[Column[Any]] = [
            _schema.tenant_id,
            _schema.version,
            _schema.content_hash,
            _schema.created_at,
            _schema.creator,
        ]
        columns.append(_schema.reason)
        query = (
            select(*columns)
            .where(_schema.tenant_id == self._work.tenant_id)
            .order_by(_schema.version.desc())
            .limit(limit + 1)
        )
        if before is not None:
            query = query.where(_schema.version < before)
        versions = [_version(row) for row in self._work.connection.execute(query)]
        more = len(versions) > limit
        versions = versions[:limit]
        return Page(versions, (str(versions[-1].version),) if more else None)


def _version(row: Row[Any]) -> SchemaVersion:
    return SchemaVersion(
        tenant_id=row.tenant_id,
        version=row.version,
        content_hash=row.content_hash,
        text=getattr(row, "text", ""),
        canonical_text=getattr(row, "canonical_text", ""),
        created_at=row.created_at,
        creator=row.creator,
        reason=row.reason,
    )
