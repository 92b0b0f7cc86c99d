"""Storing, removing and reading relationships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from function_backend.kernel.pagination import Page
from function_backend.persistence import arrays
from function_backend.services.auth.domain.relations.references import EVERYBODY, Relationship, Tuple
from function_backend.services.auth.tables.relation_tuple import relation_tuple_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.services.auth.domain.relations.difference import Withdrawn
    from function_backend.services.auth.domain.relationship_change import Filter

_tuple = relation_tuple_table.c
_KEY = (
    _tuple.resource_type,
    _tuple.resource_id,
    _tuple.relation,
    _tuple.subject_type,
    _tuple.subject_id,
    _tuple.subject_relation,
)

_WANTED = """
    unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[])
"""
_NAMES = "resource_type, resource_id, relation, subject_type, subject_id, subject_relation"
_SAME = """
    t.tenant_id = %s and t.resource_type = w.resource_type and t.resource_id = w.resource_id
    and t.relation = w.relation and t.subject_type = w.subject_type and t.subject_id = w.subject_id
    and t.subject_relation = w.subject_relation
"""
# In order of the key, so that two batches with the same relationships wait for each other and never in a circle.
_PUT_SQL = f"""
    insert into relation_tuple as t (tenant_id, {_NAMES}, expires_at, created_at, writer, reason)
    select %s, {_NAMES}, expires_at, %s, %s, %s
    from unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[])
        as w ({_NAMES}, expires_at)
    order by {_NAMES}
    on conflict (tenant_id, {_NAMES}) do update
    set expires_at = excluded.expires_at, created_at = excluded.created_at, writer = excluded.writer,
        reason = excluded.reason
    where t.expires_at is distinct from excluded.expires_at
    returning {_NAMES}
"""  # noqa: S608  put together from constants of this file
_FIND_SQL = f"""
    select t.resource_type, t.resource_id, t.relation, t.subject_type, t.subject_id, t.subject_relation
    from {_WANTED} as w ({_NAMES})
    join relation_tuple t on {_SAME} and (t.expires_at is null or t.expires_at > %s)
    order by 1, 2, 3, 4, 5, 6
"""  # noqa: S608  put together from constants of this file
_REMOVE_SQL = f"""
    with doomed as (
        select t.ctid from {_WANTED} as w ({_NAMES}) join relation_tuple t on {_SAME}
        order by t.resource_type, t.resource_id, t.relation, t.subject_type, t.subject_id, t.subject_relation
        for update of t
    )
    delete from relation_tuple t using doomed where t.tenant_id = %s and t.ctid = doomed.ctid
    returning {", ".join(f"t.{name.strip()}" for name in _NAMES.split(","))}
"""  # noqa: S608  put together from constants of this file


class RelationshipRepository:
    """The relationships of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find_existing(self, keys: Sequence[Tuple], now: datetime) -> list[Tuple]:
        """Those of the relationships that exist and have not expired."""
        rows = self._work.driver.execute(_FIND_SQL, (*_columns(keys), self._work.tenant_id, now), binary=True)
        return [Tuple(*row) for row in rows]

    def put(
        self, wanted: Sequence[tuple[Tuple, datetime | None]], *, at: datetime, writer: str, reason: str
    ) -> list[Tuple]:
        """Writes the relationships; those that changed."""
        columns = _columns([key for key, _ in wanted])
        moments = arrays.moments([expires_at for _, expires_at in wanted])
        rows = self._work.driver.execute(
            _PUT_SQL, (self._work.tenant_id, at, writer, reason, *columns, moments), binary=True
        )
        return [Tuple(*row) for row in rows]

    def remove(self, keys: Sequence[Tuple]) -> list[Tuple]:
        """Removes the relationships; those that were there."""
        values = (*_columns(keys), self._work.tenant_id, self._work.tenant_id)
        return [Tuple(*row) for row in self._work.driver.execute(_REMOVE_SQL, values, binary=True)]

    def exists(self, wanted: Filter, now: datetime) -> bool:
        """Whether a relationship fits that has not expired."""
        query = self._filtered(select(_tuple.resource_id), wanted).where(
            or_(_tuple.expires_at.is_(None), _tuple.expires_at > now)
        )
        return self._work.connection.execute(query.limit(1)).first() is not None

    def list_keys(self, wanted: Filter, *, limit: int) -> list[Tuple]:
        """The first relationships that fit, expired ones too."""
        query = self._filtered(select(*_KEY), wanted).order_by(*_KEY).limit(limit)
        return [Tuple(*row) for row in self._work.connection.execute(query)]

    def list_after(self, wanted: Filter, after: Sequence[str] | None, *, limit: int) -> Page[Relationship]:
        """The relationships that fit and follow the key, in order of the key."""
        columns = (*_KEY, _tuple.expires_at, _tuple.created_at, _tuple.writer, _tuple.reason)
        query = self._filtered(select(*columns), wanted).order_by(*_KEY).limit(limit + 1)
        if after is not None:
            query = query.where(tuple_(*_KEY) > tuple_(*after))
        found = [
            Relationship(key=Tuple(*row[:6]), expires_at=row[6], created_at=row[7], writer=row[8], reason=row[9])
            for row in self._work.connection.execute(query)
        ]
        more = len(found) > limit
        found = found[:limit]
        return Page(found, tuple(found[-1].key) if more else None)

    def count_withdrawn(self, withdrawn: Withdrawn) -> tuple[int, Tuple | None]:
        """How many relationships there are of a kind that is allowed no longer, and one of them."""
        subject = withdrawn.subject
        kind = and_(
            _tuple.tenant_id == self._work.tenant_id,
            _tuple.resource_type == withdrawn.resource_type,
            _tuple.relation == withdrawn.relation,
            _tuple.subject_type == subject.type,
            _tuple.subject_relation == subject.relation,
            (_tuple.subject_id == EVERYBODY) if subject.wildcard else (_tuple.subject_id != EVERYBODY),
        )
        count = self._work.connection.execute(select(func.count()).where(kind)).scalar_one()
        if not count:
            return 0, None
        row = self._work.connection.execute(select(*_KEY).where(kind).order_by(*_KEY).limit(1)).one()
        return count, Tuple(*row)

    def _filtered(self, query: Select[Any], wanted: Filter) -> Select[Any]:
        conditions: list[ColumnElement[bool]] = [_tuple.tenant_id == self._work.tenant_id]
        for name in ("resource_type", "resource_id", "relation", "subject_type", "subject_id"):
            value = getattr(wanted, name)
            if value:
                conditions.append(_tuple[name] == value)
        if wanted.subject_relation is not None:
            conditions.append(_tuple.subject_relation == wanted.subject_relation)
        return query.where(*conditions)


def _columns(keys: Sequence[Tuple]) -> list[arrays.PgArray]:
    return [arrays.texts(column) for column in zip(*keys, strict=True)]
