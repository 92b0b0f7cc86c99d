"""Storing and finding groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.auth.domain.card import Card
from function_backend.services.auth.domain.group import Group, Member
from function_backend.services.auth.errors.group import GroupNameTakenError
from function_backend.services.auth.repository.rows import page_by_id
from function_backend.services.auth.tables.group import auth_group_table, group_member_table

if TYPE_CHECKING:
    from sqlalchemy import Insert, Row, Select, Update

    from function_backend.persistence.unit_of_work import UnitOfWork

_group = auth_group_table.c
_member = group_member_table.c


class GroupRepository:
    """The groups of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, group: Group) -> None:
        """Stores a new group; GroupNameTakenError when another one has its name."""
        values = {"tenant_id": self._work.tenant_id, "id": group.id, "created_at": group.created_at}
        self._write(insert(auth_group_table).values(**values, **_values(group)), group)

    def save(self, group: Group) -> None:
        """Stores the group as it is now; GroupNameTakenError when another one has its name."""
        mine = (_group.tenant_id == self._work.tenant_id, _group.id == group.id)
        self._write(update(auth_group_table).where(*mine).values(_values(group)), group)

    def delete(self, group_id: UUID) -> None:
        """Deletes the group with its list of members."""
        self._work.connection.execute(
            delete(auth_group_table).where(_group.tenant_id == self._work.tenant_id, _group.id == group_id)
        )

    def find(self, group_id: UUID) -> Group | None:
        """The group."""
        return self._one(self._select().where(_group.id == group_id))

    def find_for_update(self, group_id: UUID) -> Group | None:
        """The group, which nobody else changes until the transaction ends."""
        return self._one(self._select().where(_group.id == group_id).with_for_update())

    def existing(self, group_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids that exist, which nobody deletes until the transaction ends."""
        query = (
            select(_group.id)
            .where(_group.tenant_id == self._work.tenant_id, _group.id.in_(set(group_ids)))
            .order_by(_group.id)
            .with_for_update(read=True, key_share=True)
        )
        return {row.id for row in self._work.connection.execute(query)}

    def list_after(self, after: UUID | None, *, limit: int) -> Page[Group]:
        """The groups that follow the id, in order of id."""
        return self._page(self._select(), after, limit)

    def list_of(self, member: Member, after: UUID | None, *, limit: int, only_direct: bool) -> Page[Group]:
        """The groups that the member is in, in order of id."""
        if only_direct:
            ids = select(_member.group_id).where(
                _member.tenant_id == self._work.tenant_id,
                _member.member_kind == member.kind.value,
                _member.member_id == member.id,
            )
        else:
            found = func.groups_of(self._work.tenant_id, member.kind.value, member.id).table_valued("group_id")
            ids = select(found.c.group_id)
        return self._page(self._select().where(_group.id.in_(ids)), after, limit)

    def _page(self, query: Select[Any], after: UUID | None, limit: int) -> Page[Group]:
        return page_by_id(
            self._work, query, _group.id, after=after, limit=limit, read=_read, id_of=lambda group: group.id
        )

    def _select(self) -> Select[Any]:
        return select(auth_group_table).where(_group.tenant_id == self._work.tenant_id)

    def _one(self, query: Select[Any]) -> Group | None:
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def _write(self, statement: Insert | Update, group: Group) -> None:
        try:
            self._work.connection.execute(statement)
        except IntegrityError as error:
            if violated_constraint(error) == "auth_group_name_key":
                raise GroupNameTakenError(group.card.name) from error
            raise


def _values(group: Group) -> dict[str, Any]:
    card = group.card
    return {
        "version": group.version,
        "name": card.name,
        "display_name": card.display_name,
        "description": card.description,
        "labels": dict(card.labels),
        "updated_at": group.updated_at,
    }


def _read(row: Row[Any]) -> Group:
    return Group(
        id=row.id,
        version=row.version,
        card=Card(name=row.name, display_name=row.display_name, description=row.description, labels=row.labels),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
