"""Storing and finding hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from function_backend.kernel.pagination import Page
from function_backend.persistence.failures import violated_constraint
from function_backend.services.rules.domain.hook import Hook, HookMode
from function_backend.services.rules.errors import HookNameTakenError
from function_backend.services.rules.tables import hook_table

if TYPE_CHECKING:
    from sqlalchemy import Row, Select

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_hook = hook_table.c


class HookRepository:
    """The hooks of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def count(self) -> int:
        """How many there are."""
        query = select(func.count()).where(_hook.tenant_id == self._work.tenant_id)
        return int(self._work.connection.execute(query).scalar_one())

    def add(self, hook: Hook) -> None:
        """Stores a new one; HookNameTakenError when its name is taken."""
        values = {
            "tenant_id": self._work.tenant_id,
            "id": hook.id,
            "name": hook.name,
            "definition": hook.definition,
            "operations": list(hook.operations),
            "created_at": hook.created_at,
            "creator": hook.creator,
            **_changing(hook),
        }
        try:
            self._work.connection.execute(insert(hook_table).values(values))
        except IntegrityError as error:
            if violated_constraint(error) == "rules_hook_name_key":
                raise HookNameTakenError(hook.name) from error
            raise

    def save(self, hook: Hook) -> None:
        """Stores the changed one."""
        statement = update(hook_table).where(_hook.tenant_id == self._work.tenant_id, _hook.id == hook.id)
        self._work.connection.execute(statement.values(_changing(hook)))

    def remove(self, hook: Hook) -> None:
        """Removes it."""
        statement = delete(hook_table).where(_hook.tenant_id == self._work.tenant_id, _hook.id == hook.id)
        self._work.connection.execute(statement)

    def find(self, name: str, *, lock: bool = False) -> Hook | None:
        """The one with the name; locked until the transaction ends when it is to be changed."""
        query = self._query().where(_hook.name == name)
        row = self._work.connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _read(row)

    def enabled(self) -> list[Hook]:
        """Those that are asked."""
        return [_read(row) for row in self._work.connection.execute(self._query().where(_hook.enabled))]

    def of_definition(self, name: str) -> list[Hook]:
        """Those that the decision is bound to, in order of name."""
        query = self._query().where(_hook.definition == name).order_by(_hook.name)
        return [_read(row) for row in self._work.connection.execute(query)]

    def list_after(self, after: str | None, *, definition: str, limit: int) -> Page[Hook]:
        """Those whose names come after the given one, in order of name; of one decision where it is named."""
        query = self._query()
        if definition:
            query = query.where(_hook.definition == definition)
        if after is not None:
            query = query.where(_hook.name > after)
        found = [_read(row) for row in self._work.connection.execute(query.order_by(_hook.name).limit(limit + 1))]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (found[-1].name,) if more else None)

    def _query(self) -> Select[Any]:
        return select(hook_table).where(_hook.tenant_id == self._work.tenant_id)


def tenants_with_hooks(driver: Driver) -> frozenset[UUID]:
    """The tenants that have any, asked before a tenant is set, through a function of the definer."""
    return frozenset(row[0] for row in driver.execute("select tenants_with_rules_hooks()"))


def _changing(hook: Hook) -> dict[str, Any]:
    return {
        "mode": hook.mode.value,
        "enabled": hook.enabled,
        "position": hook.order,
        "description": hook.description,
        "revision": hook.revision,
        "updated_at": hook.updated_at,
    }


def _read(row: Row[Any]) -> Hook:
    return Hook(
        id=row.id,
        name=row.name,
        definition=row.definition,
        operations=tuple(row.operations),
        mode=HookMode(row.mode),
        enabled=row.enabled,
        order=row.position,
        description=row.description,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
        creator=row.creator,
    )
