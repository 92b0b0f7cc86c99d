"""Storing and finding decisions under their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.distribution import EVERYTHING, Followed
from function_backend.services.rules.errors import DefinitionNameTakenError
from function_backend.services.rules.tables import definition_table

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_definition = definition_table.c


class DefinitionRepository:
    """The decisions of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def count(self) -> int:
        """How many there are."""
        query = select(func.count()).where(_definition.tenant_id == self._work.tenant_id)
        return self._work.connection.execute(query).scalar_one()

    def add(self, definition: RegisteredDefinition) -> None:
        """Stores a new one; DefinitionNameTakenError when its name is taken."""
        values = {
            "tenant_id": self._work.tenant_id,
            "id": definition.id,
            "name": definition.name,
            "created_at": definition.created_at,
            "creator": definition.creator,
            **_changing(definition),
        }
        try:
            self._work.connection.execute(insert(definition_table).values(values))
        except IntegrityError as error:
            if violated_constraint(error) == "rules_definition_name_key":
                raise DefinitionNameTakenError(definition.name) from error
            raise

    def save(self, definition: RegisteredDefinition) -> None:
        """Stores the changed one."""
        statement = update(definition_table).where(
            _definition.tenant_id == self._work.tenant_id, _definition.id == definition.id
        )
        self._work.connection.execute(statement.values(_changing(definition)))

    def remove(self, definition: RegisteredDefinition) -> None:
        """Removes one that has no version any more."""
        self._work.connection.execute(
            delete(definition_table).where(
                _definition.tenant_id == self._work.tenant_id, _definition.id == definition.id
            )
        )

    def find(self, name: str, *, lock: bool = False) -> RegisteredDefinition | None:
        """The one with the name; locked until the transaction ends when it is to be changed."""
        query = select(definition_table).where(_definition.tenant_id == self._work.tenant_id, _definition.name == name)
        row = self._work.connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _read(row)

    def list_after(self, after: str | None, *, prefix: str, limit: int) -> Page[RegisteredDefinition]:
        """Those whose names begin with the prefix and come after the given one, in order of name."""
        query = select(definition_table).where(_definition.tenant_id == self._work.tenant_id)
        if prefix:
            query = query.where(_definition.name.startswith(prefix, autoescape=True))
        if after is not None:
            query = query.where(_definition.name > after)
        rows = self._work.connection.execute(query.order_by(_definition.name).limit(limit + 1))
        found = [_read(row) for row in rows]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (found[-1].name,) if more else None)

    def followed(self, followed: Followed, *, limit: int) -> list[RegisteredDefinition]:
        """Those that are followed, in order of name."""
        name = _definition.name
        wanted: list[ColumnElement[bool]] = [name.in_(sorted(followed.names))]
        if followed.prefix:
            wanted.append(
                true() if followed.prefix == EVERYTHING else name.startswith(followed.prefix, autoescape=True)
            )
        query = select(definition_table).where(_definition.tenant_id == self._work.tenant_id, or_(*wanted))
        return [_read(row) for row in self._work.connection.execute(query.order_by(name).limit(limit))]


def _changing(definition: RegisteredDefinition) -> dict[str, Any]:
    return {
        "last_version": definition.last_version,
        "revision": definition.revision,
        "updated_at": definition.updated_at,
    }


def _read(row: Row[Any]) -> RegisteredDefinition:
    return RegisteredDefinition(
        id=row.id,
        name=row.name,
        last_version=row.last_version,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        creator=row.creator,
    )
