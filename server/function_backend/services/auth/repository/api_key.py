"""Storing and finding the API keys of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import and_, case, func, null, or_, select, update
from sqlalchemy.dialects import postgresql

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.api_key import ApiKey, KeyOwner, KeyUses, SeenKey
from function_backend.services.auth.tables.api_key import api_key_table, api_key_use_table

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork

_key = api_key_table.c
_use = api_key_use_table.c


class ApiKeyRepository:
    """The keys of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, api_key: ApiKey, *, digest: bytes) -> bool:
        """Stores a new key of the tenant; False when a key with the same text is there, of whatever tenant."""
        values = {"tenant_id": self._work.tenant_id, "id": api_key.id, "digest": digest, **_changeable(api_key)}
        values |= {"created_at": api_key.created_at, "creator": api_key.creator}
        statement = (
            postgresql.insert(api_key_table)
            .values(values)
            .on_conflict_do_nothing(constraint="api_key_digest_key")
            .returning(_key.id)
        )
        return self._work.connection.execute(statement).one_or_none() is not None

    def add_first(self, api_key: ApiKey, *, digest: bytes) -> None:
        """Stores the first key of a tenant, which need not be the unit of work's: row-level security forbids that."""
        stored = func.create_first_api_key(
            api_key.tenant_id,
            api_key.id,
            digest,
            api_key.display_name,
            sorted(api_key.permissions),
            api_key.created_at,
            api_key.creator,
        )
        self._work.connection.execute(select(stored))

    def find(self, api_key_id: UUID, *, today: date) -> SeenKey | None:
        """The key with its uses, revoked and expired ones too."""
        row = self._work.connection.execute(self._seen(today).where(_key.id == api_key_id)).one_or_none()
        return None if row is None else _seen_key(row)

    def find_for_update(self, api_key_id: UUID) -> ApiKey | None:
        """The key, which nobody else changes until the transaction ends."""
        query = select(api_key_table).where(_key.tenant_id == self._work.tenant_id, _key.id == api_key_id)
        row = self._work.connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else _api_key(row)

    def find_working_for_update(self, owner: KeyOwner, *, limit: int) -> list[ApiKey]:
        """The keys of the owner that are not revoked, in order of id, which nobody else changes until the end."""
        query = (
            select(api_key_table)
            .where(
                _key.tenant_id == self._work.tenant_id,
                _key.owner_id == owner.id,
                _key.owner_kind == owner.kind.value,
                _key.revoked_at.is_(None),
            )
            .order_by(_key.id)
            .limit(limit)
            .with_for_update()
        )
        return [_api_key(row) for row in self._work.connection.execute(query)]

    def list_after(
        self, after: UUID | None, *, limit: int, usable_at: datetime | None, owner: KeyOwner | None, today: date
    ) -> Page[SeenKey]:
        """The keys that follow the id, in order of id; with `usable_at` only those that work at that moment."""
        query = self._seen(today).order_by(_key.id).limit(limit + 1)
        if after is not None:
            query = query.where(_key.id > after)
        if usable_at is not None:
            query = query.where(_key.revoked_at.is_(None), or_(_key.expires_at.is_(None), _key.expires_at > usable_at))
        if owner is not None:
            query = query.where(_key.owner_id == owner.id, _key.owner_kind == owner.kind.value)
        keys = [_seen_key(row) for row in self._work.connection.execute(query)]
        more = len(keys) > limit
        keys = keys[:limit]
        return Page(keys, (str(keys[-1].api_key.id),) if more else None)

    def save(self, api_key: ApiKey) -> None:
        """Stores the changed key; its secret stays."""
        self._work.connection.execute(
            update(api_key_table)
            .where(_key.tenant_id == self._work.tenant_id, _key.id == api_key.id)
            .values(_changeable(api_key))
        )

    def save_rerolled(self, before: ApiKey, after: ApiKey, *, digest: bytes) -> None:
        """Stores the key with its new secret; the one before is kept for as long as it still works."""
        overlaps = after.previous_expires_at is not None
        self._work.connection.execute(
            update(api_key_table)
            .where(_key.tenant_id == self._work.tenant_id, _key.id == after.id)
            .values(
                _changeable(after)
                | {
                    "previous_digest": _key.digest if overlaps else null(),
                    "previous_prefix": before.foreign_prefix if overlaps else "",
                    "digest": digest,
                }
            )
        )

    def _seen(self, today: date) -> Select[Any]:
        of_today = case((_use.day == today, _use.calls_of_day), else_=0)
        uses = and_(_use.tenant_id == _key.tenant_id, _use.api_key_id == _key.id)
        return (
            select(
                api_key_table,
                func.coalesce(_use.calls, 0).label("calls"),
                func.coalesce(of_today, 0).label("calls_today"),
                _use.last_used_at,
            )
            .select_from(api_key_table.outerjoin(api_key_use_table, uses))
            .where(_key.tenant_id == self._work.tenant_id)
        )


def _changeable(api_key: ApiKey) -> dict[str, Any]:
    owner = api_key.owner
    return {
        "display_name": api_key.display_name,
        "permissions": sorted(api_key.permissions),
        "rate_limit_per_second": api_key.rate_limit_per_second,
        "expires_at": api_key.expires_at,
        "revoked_at": api_key.revoked_at,
        "owner_kind": "" if owner is None else owner.kind.value,
        "owner_id": None if owner is None else owner.id,
        "max_calls_per_day": api_key.max_calls_per_day,
        "foreign_prefix": api_key.foreign_prefix,
        "revision": api_key.revision,
        "updated_at": api_key.updated_at,
        "previous_expires_at": api_key.previous_expires_at,
    }


def _api_key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant_id=row.tenant_id,
        display_name=row.display_name,
        permissions=frozenset(row.permissions),
        rate_limit_per_second=row.rate_limit_per_second,
        created_at=row.created_at,
        creator=row.creator,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        owner=None if row.owner_id is None else KeyOwner(SubjectKind(row.owner_kind), row.owner_id),
        max_calls_per_day=row.max_calls_per_day,
        foreign_prefix=row.foreign_prefix,
        revision=row.revision,
        updated_at=row.updated_at,
        previous_expires_at=row.previous_expires_at,
    )


def _seen_key(row: Row[Any]) -> SeenKey:
    uses = KeyUses(calls=row.calls, calls_today=row.calls_today, last_used_at=row.last_used_at)
    return SeenKey(api_key=_api_key(row), uses=uses)
