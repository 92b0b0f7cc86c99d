"""Storing and finding the roles of a tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import any_, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import Uuid

from function_backend.kernel.step_up import StepUp
from function_backend.persistence.failures import violated_constraint
from function_backend.services.auth.domain.role import Role, RoleContent
from function_backend.services.auth.errors.role import RoleNameTakenError
from function_backend.services.auth.tables.role import role_inheritance_table, role_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork

_role = role_table.c
_inheritance = role_inheritance_table.c
_LOCKED = 0x726F6C65
"""What the lock on a tenant's roles is named by, beside the tenant."""


class RoleRepository:
    """The roles that the unit of work's tenant has made."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def lock(self) -> None:
        """Nobody else changes roles of the tenant, or who administers it, until the transaction ends.

        What roles inherit is sound only as a whole: two changes that are each sound could together make a circle.
        """
        tenant = func.hashtext(literal(str(self._work.tenant_id)))
        self._work.connection.execute(select(func.pg_advisory_xact_lock(_LOCKED, tenant)))

    def all(self) -> list[Role]:
        """All roles, in order of id; there are at most `MOST_ROLES`."""
        return [_read(row) for row in self._work.connection.execute(self._query())]

    def add(self, role: Role) -> None:
        """Stores a new role; RoleNameTakenError when its name is taken."""
        values = {
            "tenant_id": self._work.tenant_id,
            "id": role.id,
            "created_at": role.created_at,
            "creator": role.creator,
            **_changing(role),
        }
        self._execute(insert(role_table).values(values), role)
        self._inherit(role.id, role.content.inherited)

    def save(self, before: Role, after: Role) -> None:
        """Stores the changed role; RoleNameTakenError when its new name is taken."""
        where = (_role.tenant_id == self._work.tenant_id, _role.id == after.id)
        self._execute(update(role_table).where(*where).values(_changing(after)), after)
        self._disinherit(after.id, before.content.inherited - after.content.inherited)
        self._inherit(after.id, after.content.inherited - before.content.inherited)

    def remove(self, role: Role) -> None:
        """Removes the role and what it inherits."""
        self._disinherit(role.id, role.content.inherited)
        self._work.connection.execute(
            delete(role_table).where(_role.tenant_id == self._work.tenant_id, _role.id == role.id)
        )

    def _query(self) -> Select[Any]:
        inherited = (
            select(func.array_agg(_inheritance.inherited_id))
            .where(_inheritance.tenant_id == _role.tenant_id, _inheritance.role_id == _role.id)
            .scalar_subquery()
        )
        return (
            select(role_table, inherited.label("inherited"))
            .where(_role.tenant_id == self._work.tenant_id)
            .order_by(_role.id)
        )

    def _execute(self, statement: Any, role: Role) -> None:  # noqa: ANN401  an insert or an update
        try:
            self._work.connection.execute(statement)
        except IntegrityError as error:
            if violated_constraint(error) == "role_name_key":
                raise RoleNameTakenError(role.name) from error
            raise

    def _inherit(self, role_id: UUID, inherited: Iterable[UUID]) -> None:
        rows = [{"tenant_id": self._work.tenant_id, "role_id": role_id, "inherited_id": each} for each in inherited]
        if rows:
            self._work.connection.execute(insert(role_inheritance_table), rows)

    def _disinherit(self, role_id: UUID, inherited: Iterable[UUID]) -> None:
        gone = list(inherited)
        if gone:
            self._work.connection.execute(
                delete(role_inheritance_table).where(
                    _inheritance.tenant_id == self._work.tenant_id,
                    _inheritance.role_id == role_id,
                    _inheritance.inherited_id == any_(literal(gone, ARRAY(Uuid()))),
                )
            )


def _changing(role: Role) -> dict[str, Any]:
    content, step_up = role.content, role.content.step_up
    max_age = None if step_up is None else step_up.max_age
    return {
        "name": content.name,
        "description": content.description,
        "permissions": sorted(content.permissions),
        "second_factor": step_up is not None and step_up.second_factor,
        "max_age_seconds": None if max_age is None else int(max_age.total_seconds()),
        "revision": role.revision,
        "updated_at": role.updated_at,
    }


def _read(row: Row[Any]) -> Role:
    content = RoleContent(
        name=row.name,
        description=row.description,
        permissions=frozenset(row.permissions),
        inherited=frozenset(row.inherited or ()),
        step_up=read_step_up(row.max_age_seconds, second_factor=row.second_factor),
    )
    return Role(
        id=row.id,
        content=content,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        creator=row.creator,
    )


def read_step_up(max_age_seconds: int | None, *, second_factor: bool) -> StepUp | None:
    """What a role demands of the sign-in; None when that is nothing."""
    if max_age_seconds is None and not second_factor:
        return None
    max_age = None if max_age_seconds is None else timedelta(seconds=max_age_seconds)
    return StepUp(second_factor=second_factor, max_age=max_age)
