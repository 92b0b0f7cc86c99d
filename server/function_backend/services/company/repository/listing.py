"""Lists of companies, page by page, by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Column, Select, func, select, tuple_

from function_backend.filters.conditions import Predicate
from function_backend.kernel.pagination import Page
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.company.domain.ordering import Ordering
from function_backend.services.company.domain.scope import CompanyScope
from function_backend.services.company.repository.filter_sql import filter_clause
from function_backend.services.company.repository.page_bytes import fitting
from function_backend.services.company.repository.records import Document
from function_backend.services.company.repository.scope_sql import scope_clause
from function_backend.services.company.tables import company_table

_company = company_table.c
_Query = TypeVar("_Query", bound=Select[Any])

_SORT_COLUMNS: Mapping[str, Column[Any]] = {
    "id": _company.id,
    "legal_name": _company.legal_name_folded,
    "create_time": _company.created_at,
    "update_time": _company.updated_at,
}


class ListedCompany(NamedTuple):
    """A company of a list: its id and itself as it is sent."""

    id: UUID
    document: Document


class CompanyLister:
    """Lists companies."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find_page(
        self,
        predicate: Predicate | None,
        ordering: Ordering,
        *,
        after: Sequence[str] | None,
        limit: int,
        with_deleted: bool,
        within: CompanyScope | None = None,
    ) -> Page[ListedCompany]:
        """Up to `limit` companies of the scope that fit, after the one with that key; fewer when they are large."""
        column = _SORT_COLUMNS[ordering.field]
        columns = select(_company.id, _company.document_version, _company.document, column.label("sort_key"))
        query = _in_order(self._fitting(columns, predicate, with_deleted=with_deleted, within=within), ordering, after)
        # One more than asked for tells whether there is a next page.
        rows = self._work.connection.execute(query.limit(limit + 1)).all()
        page = rows[: fitting(len(row.document) for row in rows[:limit])]
        items = [ListedCompany(row.id, Document(row.document_version, row.document)) for row in page]
        next_key = _key(page[-1], ordering) if len(rows) > len(page) else None
        return Page(items, next_key)

    def count(
        self, predicate: Predicate | None = None, *, with_deleted: bool = False, within: CompanyScope | None = None
    ) -> int:
        """How many companies of the scope fit."""
        query = self._fitting(select(func.count()), predicate, with_deleted=with_deleted, within=within)
        return self._work.connection.execute(query).scalar_one()

    def _fitting(
        self, query: _Query, predicate: Predicate | None, *, with_deleted: bool, within: CompanyScope | None
    ) -> _Query:
        query = query.where(_company.tenant_id == self._work.tenant_id)
        if not with_deleted:
            query = query.where(_company.deleted_at.is_(None))
        if predicate is not None:
            query = query.where(filter_clause(predicate, self._work.tenant_id))
        if within is not None:
            query = query.where(scope_clause(within, self._work.tenant_id))
        return query


def _in_order(query: Select[Any], ordering: Ordering, after: Sequence[str] | None) -> Select[Any]:
    column = _SORT_COLUMNS[ordering.field]
    columns = [column] if ordering.field == "id" else [column, _company.id]
    if after is not None:
        values = _values(ordering, after)
        key = tuple_(*columns)
        query = query.where(key < values if ordering.descending else key > values)
    return query.order_by(*[item.desc() if ordering.descending else item.asc() for item in columns])


def _key(row: Any, ordering: Ordering) -> tuple[str, ...]:  # noqa: ANN401 - rows have the columns selected above
    if ordering.field == "id":
        return (str(row.id),)
    value = row.sort_key
    return (value.isoformat() if isinstance(value, datetime) else value, str(row.id))


def _values(ordering: Ordering, key: Sequence[str]) -> tuple[Any, ...]:
    if ordering.field == "id":
        return (UUID(key[0]),)
    value = key[0] if ordering.field == "legal_name" else datetime.fromisoformat(key[0])
    return (value, UUID(key[1]))
