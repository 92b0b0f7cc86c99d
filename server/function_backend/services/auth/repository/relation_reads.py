"""Reading relationships for checks: a level of questions in one statement, pages of candidates in another.

Each wanted row is looked up by itself (`lateral … offset 0` cannot be turned into a join), so that the cost is that of
the index entries looked at, whatever the planner believes about the size of the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from function_backend.persistence import arrays
from function_backend.services.auth.domain.relations.closure import MOST_OF_ONE
from function_backend.services.auth.domain.relations.source import FARTHEST, WIDEST, Found, beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.services.auth.domain.relations.source import Wants
    from function_backend.services.auth.domain.relations.walking import ResourceStream, SubjectStream

_DIRECT, _SETS, _OBJECTS, _WHOLE, _MEMBERSHIPS, _VERSION = range(6)

_COUNTS = "(t.expires_at is null or t.expires_at > %(now)s)"
_DIRECT_SQL = f"""
    select {_DIRECT}, w.n::int4, null::text, null::text, null::text, null::text, null::text, null::text
    from unnest(%(a)b::text[], %(b)b::text[], %(c)b::text[], %(d)b::text[], %(e)b::text[], %(f)b::text[])
        with ordinality as w (resource_type, resource_id, relation, subject_type, subject_id, subject_relation, n)
    cross join lateral (
        select from relation_tuple t
        where t.tenant_id = %(tenant)s and t.resource_type = w.resource_type and t.resource_id = w.resource_id
            and t.relation = w.relation and t.subject_type = w.subject_type and t.subject_id = w.subject_id
            and t.subject_relation = w.subject_relation and {_COUNTS}
        offset 0
    ) found
"""  # noqa: S608  put together from constants of this file
_SETS_SQL = f"""
    select {_SETS}, w.n::int4, null::text, null::text, null::text,
        found.subject_type, found.subject_id, found.subject_relation
    from unnest(%(g)b::text[], %(h)b::text[], %(i)b::text[])
        with ordinality as w (resource_type, resource_id, relation, n)
    cross join lateral (
        select t.subject_type, t.subject_id, t.subject_relation from relation_tuple t
        where t.tenant_id = %(tenant)s and t.resource_type = w.resource_type and t.resource_id = w.resource_id
            and t.relation = w.relation and t.subject_relation <> '' and {_COUNTS}
        limit %(limit)s
    ) found
"""  # noqa: S608  put together from constants of this file
_OBJECTS_SQL = f"""
    select {_OBJECTS}, w.n::int4, null::text, null::text, null::text, found.subject_type, found.subject_id, null::text
    from unnest(%(j)b::text[], %(k)b::text[], %(l)b::text[])
        with ordinality as w (resource_type, resource_id, relation, n)
    cross join lateral (
        select t.subject_type, t.subject_id from relation_tuple t
        where t.tenant_id = %(tenant)s and t.resource_type = w.resource_type and t.resource_id = w.resource_id
            and t.relation = w.relation and t.subject_relation = '' and {_COUNTS}
        limit %(limit)s
    ) found
"""  # noqa: S608  put together from constants of this file
_WHOLE_SQL = f"""
    select {_WHOLE}, null::int4, w.resource_type, w.resource_id,
        found.relation, found.subject_type, found.subject_id, found.subject_relation
    from unnest(%(m)b::text[], %(n)b::text[]) as w (resource_type, resource_id)
    cross join lateral (
        select t.relation, t.subject_type, t.subject_id, t.subject_relation from relation_tuple t
        where t.tenant_id = %(tenant)s and t.resource_type = w.resource_type and t.resource_id = w.resource_id
            and {_COUNTS}
        limit {WIDEST + 1}
    ) found
"""  # noqa: S608  put together from constants of this file
# The objects that the wanted ones lead to come with them, so that a document in a folder in a folder takes one
# statement and not three. The wanted ones are the first of what was reached, so the limit never cuts them off.
_ONWARD_SQL = f"""(
    with recursive reached (resource_type, resource_id, steps) as (
        select w.resource_type collate "C", w.resource_id collate "C", 0
        from unnest(%(m)b::text[], %(n)b::text[]) as w (resource_type, resource_id)
        union
        select found.subject_type, found.subject_id, r.steps + 1
        from reached r
        join unnest(%(t)b::text[], %(u)b::text[]) as o (resource_type, relation) on o.resource_type = r.resource_type
        cross join lateral (
            select t.subject_type, t.subject_id from relation_tuple t
            where t.tenant_id = %(tenant)s and t.resource_type = r.resource_type and t.resource_id = r.resource_id
                and t.relation = o.relation and t.subject_relation = '' and {_COUNTS}
            limit {WIDEST + 1}
        ) found
        where r.steps < {FARTHEST}
    )
    select {_WHOLE}, null::int4, w.resource_type, w.resource_id,
        found.relation, found.subject_type, found.subject_id, found.subject_relation
    from (
        select distinct first.resource_type, first.resource_id
        from (select * from reached limit %(reached)s) first
    ) w
    left join lateral (
        select t.relation, t.subject_type, t.subject_id, t.subject_relation from relation_tuple t
        where t.tenant_id = %(tenant)s and t.resource_type = w.resource_type and t.resource_id = w.resource_id
            and {_COUNTS}
        limit {WIDEST + 1}
    ) found on true
)"""  # noqa: S608  put together from constants of this file
_MEMBERSHIPS_SQL = f"""
    select {_MEMBERSHIPS}, w.n::int4, null::text, found.resource_id, null::text, null::text, null::text, null::text
    from unnest(%(o)b::text[], %(p)b::text[], %(q)b::text[], %(r)b::text[], %(s)b::text[])
        with ordinality as w (subject_type, subject_id, subject_relation, resource_type, relation, n)
    cross join lateral (
        select t.resource_id from relation_tuple t
        where t.tenant_id = %(tenant)s and t.subject_type = w.subject_type and t.subject_id = w.subject_id
            and t.subject_relation = w.subject_relation and t.resource_type = w.resource_type
            and t.relation = w.relation and {_COUNTS}
        limit {MOST_OF_ONE + 1}
    ) found
"""  # noqa: S608  put together from constants of this file
_VERSION_SQL = "select coalesce(max(version), 0) from relation_schema where tenant_id = %s"
_BESIDE_SQL = f"""
    select {_VERSION}, coalesce(max(version), 0)::int4, null::text, null::text, null::text, null::text, null::text,
        null::text
    from relation_schema where tenant_id = %(tenant)s
"""  # noqa: S608  put together from constants of this file

_PASSED_SQL = f"""
    select w.n::int4, found.resource_id
    from unnest(%(a)b::text[], %(b)b::text[], %(c)b::text[], %(d)b::text[], %(e)b::text[])
        with ordinality as w (subject_type, subject_id, subject_relation, resource_type, relation, n)
    cross join lateral (
        select t.resource_id from relation_tuple t
        where t.tenant_id = %(tenant)s and t.subject_type = w.subject_type and t.subject_id = w.subject_id
            and t.subject_relation = w.subject_relation and t.resource_type = w.resource_type
            and t.relation = w.relation and {_COUNTS}
        limit %(limit)s
    ) found
    limit %(limit)s
"""  # noqa: S608  put together from constants of this file
_RESOURCES_SQL = f"""
    select distinct found.resource_id
    from unnest(%(a)b::text[], %(b)b::text[], %(c)b::text[], %(d)b::text[], %(e)b::text[])
        as w (subject_type, subject_id, subject_relation, resource_type, relation)
    cross join lateral (
        select t.resource_id from relation_tuple t
        where t.tenant_id = %(tenant)s and t.subject_type = w.subject_type and t.subject_id = w.subject_id
            and t.subject_relation = w.subject_relation and t.resource_type = w.resource_type
            and t.relation = w.relation and t.resource_id > %(after)s and t.resource_id <= %(until)s and {_COUNTS}
        order by t.resource_id
        limit %(limit)s
    ) found
    order by 1
    limit %(limit)s
"""  # noqa: S608  put together from constants of this file
_SUBJECTS_SQL = f"""
    select distinct found.subject_id
    from unnest(%(a)b::text[], %(b)b::text[], %(c)b::text[], %(d)b::text[], %(e)b::text[])
        as w (resource_type, resource_id, relation, subject_type, subject_relation)
    cross join lateral (
        select t.subject_id from relation_tuple t
        where t.tenant_id = %(tenant)s and t.resource_type = w.resource_type and t.resource_id = w.resource_id
            and t.relation = w.relation and t.subject_type = w.subject_type
            and t.subject_relation = w.subject_relation and t.subject_id > %(after)s and t.subject_id <= %(until)s
            and {_COUNTS}
        order by t.subject_id
        limit %(limit)s
    ) found
    order by 1
    limit %(limit)s
"""  # noqa: S608  put together from constants of this file
_ALL_RESOURCES_SQL = f"""
    select distinct t.resource_id from relation_tuple t
    where t.tenant_id = %(tenant)s and t.resource_type = %(type)s and t.resource_id > %(after)s and {_COUNTS}
    order by 1 limit %(limit)s
"""  # noqa: S608  put together from constants of this file
_ALL_SUBJECTS_SQL = f"""
    select distinct t.subject_id from relation_tuple t
    where t.tenant_id = %(tenant)s and t.subject_type = %(type)s and t.subject_id > %(after)s
        and t.subject_relation = %(relation)s and {_COUNTS}
    order by 1 limit %(limit)s
"""  # noqa: S608  put together from constants of this file

# Streams that are asked at once; what the first ones give bounds what the next ones are asked for.
_STREAMS_AT_ONCE = 500
_BEYOND_ALL_IDS = "\x7f"


class SchemaMoved(Exception):  # noqa: N818 - It never leaves the slice: whoever expected a version begins again.
    """The current schema version is another one than expected."""


class RelationReader:
    """The relationships of the unit of work's tenant as they are at a moment."""

    def __init__(self, work: UnitOfWork, now: datetime) -> None:
        self._work = work
        self._now = now
        self._expected: int | None = None

    def expect(self, version: int) -> None:
        """Says which schema version should be the current one: the next `load` looks, which saves a statement."""
        self._expected = version

    def confirm(self) -> None:
        """Raises SchemaMoved when the current version is not the expected one; looks unless a `load` has."""
        if self._expected is not None:
            self._compare(self.schema_version())

    def schema_version(self) -> int:
        """The number of the current schema version in the same state; 0 when there is none."""
        row = self._work.driver.execute(_VERSION_SQL, (self._work.tenant_id,), binary=True).fetchone()
        return 0 if row is None else int(row[0])

    def load(self, wants: Wants, *, at_most: int) -> Found:
        """What there is of what a level wants."""
        parts, values = [], self._values(limit=at_most + 1)
        whole = _WHOLE_SQL
        if wants.whole and wants.onward:
            whole = _ONWARD_SQL
            values |= _arrays("tu", wants.onward)
            values["reached"] = len(wants.whole) + beside(len(wants.whole))
        for statement, names, wanted in (
            (whole, "mn", wants.whole),
            (_DIRECT_SQL, "abcdef", wants.direct),
            (_SETS_SQL, "ghi", wants.sets),
            (_OBJECTS_SQL, "jkl", wants.objects),
            (_MEMBERSHIPS_SQL, "opqrs", wants.memberships),
        ):
            if wanted:
                parts.append(statement)
                values |= _arrays(names, wanted)
        if self._expected is not None:
            parts.append(_BESIDE_SQL)
        rows = self._work.driver.execute(" union all ".join(parts), values, binary=True).fetchall()
        found, version = _sorted(rows)
        if self._expected is not None:
            self._compare(version)
        return found

    def resources(self, streams: Sequence[ResourceStream], *, at_most: int) -> Iterable[tuple[int, str]]:
        """The resources of the streams with the number of the stream, more than `at_most` when there are more."""
        values = self._values(limit=at_most + 1) | _arrays("abcde", streams)
        rows = self._work.driver.execute(_PASSED_SQL, values, binary=True).fetchall()
        return [(number - 1, resource_id) for number, resource_id in rows]

    def resource_page(self, streams: Sequence[ResourceStream], after: str, *, limit: int) -> list[str]:
        """The first ids of all the streams together that follow the id."""
        return self._page(_RESOURCES_SQL, streams, after, limit)

    def subject_page(self, streams: Sequence[SubjectStream], after: str, *, limit: int) -> list[str]:
        """The first ids of all the streams together that follow the id."""
        return self._page(_SUBJECTS_SQL, streams, after, limit)

    def all_resources(self, type_name: str, after: str, *, limit: int) -> list[str]:
        """The first ids of resources of the type that follow the id."""
        values = self._values(limit=limit) | {"type": type_name, "after": after}
        return [row[0] for row in self._work.driver.execute(_ALL_RESOURCES_SQL, values, binary=True)]

    def all_subjects(self, type_name: str, relation: str, after: str, *, limit: int) -> list[str]:
        """The first ids of subjects of the kind that follow the id."""
        values = self._values(limit=limit) | {"type": type_name, "relation": relation, "after": after}
        return [row[0] for row in self._work.driver.execute(_ALL_SUBJECTS_SQL, values, binary=True)]

    def _page(self, statement: str, streams: Sequence[tuple[str, ...]], after: str, limit: int) -> list[str]:
        found: list[str] = []
        until = _BEYOND_ALL_IDS
        for begin in range(0, len(streams), _STREAMS_AT_ONCE):
            values = self._values(limit=limit) | _arrays("abcde", streams[begin : begin + _STREAMS_AT_ONCE])
            values |= {"after": after, "until": until}
            more = [row[0] for row in self._work.driver.execute(statement, values, binary=True)]
            found = sorted({*found, *more})[:limit]
            if len(found) == limit:
                until = found[-1]
        return found

    def _compare(self, version: int) -> None:
        expected, self._expected = self._expected, None
        if version != expected:
            raise SchemaMoved

    def _values(self, *, limit: int) -> dict[str, object]:
        return {"tenant": self._work.tenant_id, "now": self._now, "limit": limit}


def _sorted(rows: Sequence[tuple[Any, ...]]) -> tuple[Found, int]:
    """What was found by what was asked for, and the schema version where that was asked for too."""
    found, version = Found(len(rows), whole=[row[2:] for row in rows if row[0] == _WHOLE]), 0
    for row in rows if len(found.whole) < len(rows) else ():
        kind = row[0]
        if kind == _WHOLE:
            continue
        if kind == _DIRECT:
            found.direct.append(row[1] - 1)
        elif kind == _SETS:
            found.sets.append((row[1] - 1, *row[5:]))
        elif kind == _OBJECTS:
            found.objects.append((row[1] - 1, row[5], row[6]))
        elif kind == _MEMBERSHIPS:
            found.memberships.append((row[1] - 1, row[3]))
        else:
            version = row[1]
    return found, version


def _arrays(names: str, rows: Sequence[tuple[str, ...]]) -> dict[str, object]:
    return {name: arrays.texts(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
