"""Pages of rows in order of id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from function_backend.kernel.pagination import Page

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Column, Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork

T = TypeVar("T")


def page_by_id(
    work: UnitOfWork,
    query: Select[Any],
    column: Column[UUID],
    *,
    after: UUID | None,
    limit: int,
    read: Callable[[Row[Any]], T],
    id_of: Callable[[T], UUID],
) -> Page[T]:
    """The page of the query's rows that follow the id, in order of the column."""
    if after is not None:
        query = query.where(column > after)
    # One more than asked for tells whether there is a next page.
    items = [read(row) for row in work.connection.execute(query.order_by(column).limit(limit + 1))]
    more = len(items) > limit
    items = items[:limit]
    return Page(items, (str(id_of(items[-1])),) if more else None)
