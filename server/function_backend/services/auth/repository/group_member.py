"""Who is in which group."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, literal, select, text, tuple_
from sqlalchemy.dialects import postgresql

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.group import DEEPEST, Member, MemberKind
from function_backend.services.auth.tables.group import group_member_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_member = group_member_table.c

# The longest chains of groups below and above a group, itself counted. The bound ends them even if a cycle got in.
_DEPTHS_SQL = text("""
    with recursive
        below (id, depth) as (
            values (cast(:group_id as uuid), 1)
            union
            select m.member_id, b.depth + 1 from below b
            join group_member m on m.tenant_id = :tenant_id and m.group_id = b.id and m.member_kind = 'group'
            where b.depth <= :deepest
        ),
        above (id, depth) as (
            values (cast(:group_id as uuid), 1)
            union
            select m.group_id, a.depth + 1 from above a
            join group_member m on m.tenant_id = :tenant_id and m.member_kind = 'group' and m.member_id = a.id
            where a.depth <= :deepest
        )
    select (select max(depth) from below) as below, (select max(depth) from above) as above
""")


class GroupMemberRepository:
    """The members of the groups of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def hold_nesting(self) -> None:
        """Until the transaction ends, nobody else of the tenant puts groups into groups: two could make a cycle."""
        key = func.hashtextextended(f"group nesting {self._work.tenant_id}", 0)
        self._work.connection.execute(select(func.pg_advisory_xact_lock(key)))

    def depths(self, group_id: UUID) -> tuple[int, int]:
        """How many groups deep it is below and above the group, itself counted in both."""
        row = self._work.connection.execute(
            _DEPTHS_SQL, {"tenant_id": self._work.tenant_id, "group_id": group_id, "deepest": DEEPEST}
        ).one()
        return row.below, row.above

    def groups_of(self, member: Member) -> set[UUID]:
        """Every group that the member is in, directly or by way of others."""
        found = func.groups_of(self._work.tenant_id, member.kind.value, member.id).table_valued("group_id")
        return {row.group_id for row in self._work.connection.execute(select(found.c.group_id))}

    def count(self, group_id: UUID) -> int:
        """How many direct members the group has."""
        query = select(func.count()).where(_member.tenant_id == self._work.tenant_id, _member.group_id == group_id)
        return self._work.connection.execute(query).scalar_one()

    def add(self, group_id: UUID, members: Iterable[Member], *, at: datetime, by: str) -> list[Member]:
        """Adds the members; those that were not in the group before."""
        rows = [
            {
                "tenant_id": self._work.tenant_id,
                "group_id": group_id,
                "member_kind": member.kind.value,
                "member_id": member.id,
                "added_at": at,
                "added_by": by,
            }
            for member in sorted(set(members))
        ]
        statement = (
            postgresql.insert(group_member_table)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(_member.member_kind, _member.member_id)
        )
        return sorted(_read(row) for row in self._work.connection.execute(statement))

    def remove(self, group_id: UUID, members: Collection[Member]) -> list[Member]:
        """Removes the members; those that were in the group before."""
        statement = (
            delete(group_member_table)
            .where(
                _member.tenant_id == self._work.tenant_id,
                _member.group_id == group_id,
                tuple_(_member.member_kind, _member.member_id).in_(
                    [(member.kind.value, member.id) for member in members]
                ),
            )
            .returning(_member.member_kind, _member.member_id)
        )
        return sorted(_read(row) for row in self._work.connection.execute(statement))

    def remove_everywhere(self, member: Member) -> None:
        """Takes the member out of all groups."""
        self._work.connection.execute(
            delete(group_member_table).where(
                _member.tenant_id == self._work.tenant_id,
                _member.member_kind == member.kind.value,
                _member.member_id == member.id,
            )
        )

    def list_after(self, group_id: UUID, after: Sequence[str] | None, *, limit: int) -> Page[Member]:
        """The members that follow the key, in order of kind and id."""
        key = tuple_(_member.member_kind, _member.member_id)
        query = select(_member.member_kind, _member.member_id).where(
            _member.tenant_id == self._work.tenant_id, _member.group_id == group_id
        )
        if after is not None:
            query = query.where(key > tuple_(literal(after[0]), literal(UUID(after[1]))))
        query = query.order_by(_member.member_kind, _member.member_id).limit(limit + 1)
        members = [_read(row) for row in self._work.connection.execute(query)]
        more = len(members) > limit
        members = members[:limit]
        return Page(members, (members[-1].kind.value, str(members[-1].id)) if more else None)


def _read(row: Row[Any, Any]) -> Member:
    return Member(MemberKind(row.member_kind), row.member_id)
