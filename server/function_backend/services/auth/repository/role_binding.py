"""Storing and finding the role bindings of a tenant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.role_binding import BindingWish, Holder, HolderKind, RoleBinding
from function_backend.services.auth.repository.condition import read_condition, read_scope, stored_condition
from function_backend.services.auth.tables.role_binding import role_binding_table

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Row, Select

    from function_backend.kernel.identity import ResourceScope
    from function_backend.persistence.unit_of_work import UnitOfWork

_binding = role_binding_table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingFilter:
    """Which bindings; what is None lets all pass."""

    holder: Holder | None = None
    role_id: UUID | None = None
    scope: tuple[ResourceScope | None] | None = None
    """The one scope, of which None is the whole tenant."""
    counting_at: datetime | None = None
    """Only those that neither were deleted nor had expired by then."""

    def counting(self, at: datetime) -> BindingFilter:
        """The filter, narrowed to those that count at the moment."""
        return replace(self, counting_at=at)


class RoleBindingRepository:
    """The bindings of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, binding: RoleBinding) -> None:
        """Stores a new binding."""
        wish, scope = binding.wish, binding.wish.scope
        values = {
            "tenant_id": self._work.tenant_id,
            "id": binding.id,
            "role_id": wish.role_id,
            "subject_kind": wish.holder.kind.value,
            "subject_id": wish.holder.id,
            **_scope_columns(scope),
            "expires_at": wish.expires_at,
            "condition": stored_condition(wish.condition),
            "reason": wish.reason,
            "granter": binding.granter,
            "created_at": binding.created_at,
            "deleter": "",
            "delete_reason": "",
        }
        self._work.connection.execute(insert(role_binding_table).values(values))

    def find(self, binding_id: UUID) -> RoleBinding | None:
        """The binding, also an expired or a deleted one."""
        row = self._work.connection.execute(self._query().where(_binding.id == binding_id)).one_or_none()
        return None if row is None else _read(row)

    def find_for_update(self, binding_id: UUID) -> RoleBinding | None:
        """The binding, which nobody else changes until the transaction ends."""
        query = self._query().where(_binding.id == binding_id).with_for_update()
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def list_after(self, after: UUID | None, *, limit: int, filter: BindingFilter) -> Page[RoleBinding]:
        """The bindings that fit and follow the id, in order of id."""
        query = self._query().where(*_clauses(filter)).order_by(_binding.id).limit(limit + 1)
        if after is not None:
            query = query.where(_binding.id > after)
        bindings = [_read(row) for row in self._work.connection.execute(query)]
        more = len(bindings) > limit
        bindings = bindings[:limit]
        return Page(bindings, (str(bindings[-1].id),) if more else None)

    def counting_of_role(self, role_id: UUID, *, at: datetime) -> list[RoleBinding]:
        """The bindings to the role that count at the moment, locked until the transaction ends."""
        clauses = _clauses(BindingFilter(role_id=role_id, counting_at=at))
        query = self._query().where(*clauses).order_by(_binding.id).with_for_update()
        return [_read(row) for row in self._work.connection.execute(query)]

    def count_of(self, holder: Holder, *, at: datetime) -> int:
        """How many bindings of the subject itself count at the moment."""
        clauses = _clauses(BindingFilter(holder=holder, counting_at=at))
        query = select(func.count()).where(_binding.tenant_id == self._work.tenant_id, *clauses)
        return int(self._work.connection.execute(query).scalar_one())

    def lasting_holders(self, role_ids: Collection[UUID]) -> list[Holder]:
        """Who has one of the roles for the whole tenant, for good and without a condition."""
        query = (
            select(_binding.subject_kind, _binding.subject_id)
            .distinct()
            .where(
                _binding.tenant_id == self._work.tenant_id,
                _binding.role_id.in_(list(role_ids)),
                _binding.deleted_at.is_(None),
                _binding.expires_at.is_(None),
                _binding.resource_type == "",
                _binding.condition == {},
            )
        )
        return [Holder(HolderKind(row.subject_kind), row.subject_id) for row in self._work.connection.execute(query)]

    def delete(self, binding: RoleBinding) -> None:
        """Stores that it was deleted."""
        self._work.connection.execute(
            update(role_binding_table)
            .where(_binding.tenant_id == self._work.tenant_id, _binding.id == binding.id)
            .values(deleted_at=binding.deleted_at, deleter=binding.deleter, delete_reason=binding.delete_reason)
        )

    def _query(self) -> Select[Any]:
        return select(role_binding_table).where(_binding.tenant_id == self._work.tenant_id)


def _clauses(filter: BindingFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if filter.holder is not None:
        kind, subject_id = filter.holder.kind.value, filter.holder.id
        clauses.append(and_(_binding.subject_kind == kind, _binding.subject_id == subject_id))
    if filter.role_id is not None:
        clauses.append(_binding.role_id == filter.role_id)
    if filter.scope is not None:
        columns = _scope_columns(filter.scope[0])
        clauses += [
            _binding.resource_type == columns["resource_type"],
            _binding.resource_id.is_not_distinct_from(columns["resource_id"]),
            _binding.labels == columns["labels"],
        ]
    if filter.counting_at is not None:
        clauses += [
            _binding.deleted_at.is_(None),
            or_(_binding.expires_at.is_(None), _binding.expires_at > filter.counting_at),
        ]
    return clauses


def _scope_columns(scope: ResourceScope | None) -> dict[str, Any]:
    if scope is None:
        return {"resource_type": "", "resource_id": None, "labels": {}}
    return {"resource_type": scope.resource_type, "resource_id": scope.resource_id, "labels": dict(scope.labels)}


def _read(row: Row[Any]) -> RoleBinding:
    wish = BindingWish(
        role_id=row.role_id,
        holder=Holder(HolderKind(row.subject_kind), row.subject_id),
        scope=read_scope(row.resource_type, row.resource_id, row.labels),
        condition=read_condition(row.condition),
        expires_at=row.expires_at,
        reason=row.reason,
    )
    return RoleBinding(
        id=row.id,
        wish=wish,
        granter=row.granter,
        created_at=row.created_at,
        deleted_at=row.deleted_at,
        deleter=row.deleter,
        delete_reason=row.delete_reason,
    )
