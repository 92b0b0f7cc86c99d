"""Storing and finding simulations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from function_backend.kernel.pagination import Page
from function_backend.services.rules.domain.simulation import Simulation, SimulationState
from function_backend.services.rules.domain.version import CalledVersion
from function_backend.services.rules.tables import simulation_table

if TYPE_CHECKING:
    from sqlalchemy import Row, Update

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_simulation = simulation_table.c
_HEAVY = {"content", "source", "result"}
_LISTED = [column for column in simulation_table.columns if column.name not in _HEAVY]


class SimulationRepository:
    """The simulations of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, simulation: Simulation) -> None:
        """Stores a new one."""
        self._work.connection.execute(insert(simulation_table).values(_row(self._work.tenant_id, simulation)))

    def find(self, simulation_id: UUID, *, lock: bool = False) -> Simulation | None:
        """The one with the id; locked until the transaction ends when it is to be changed."""
        query = select(simulation_table).where(
            _simulation.tenant_id == self._work.tenant_id, _simulation.id == simulation_id
        )
        row = self._work.connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _read(row)

    def open_ids(self) -> Sequence[UUID]:
        """Those that were not seen to be over; their jobs may be."""
        query = select(_simulation.id).where(
            _simulation.tenant_id == self._work.tenant_id, _simulation.ended_at.is_(None)
        )
        return self._work.connection.execute(query).scalars().all()

    def list_before(self, before: UUID | None, *, name: str, limit: int) -> Page[Simulation]:
        """Those asked for before the given one without what came out, the latest first."""
        query = select(*_LISTED).where(_simulation.tenant_id == self._work.tenant_id)
        if before is not None:
            query = query.where(_simulation.id < before)
        if name:
            query = query.where(_simulation.name == name)
        rows = self._work.connection.execute(query.order_by(_simulation.id.desc()).limit(limit + 1))
        found = [_read(row) for row in rows]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (str(found[-1].id),) if more else None)

    def remove(self, simulation_id: UUID) -> bool:
        """Removes the one with the id; whether there was one."""
        statement = delete(simulation_table).where(
            _simulation.tenant_id == self._work.tenant_id, _simulation.id == simulation_id
        )
        return self._work.connection.execute(statement).rowcount > 0

    def begin(self, simulation_id: UUID, *, at: datetime) -> None:
        """Stores that somebody is at it."""
        statement = self._open(simulation_id).values(
            state=SimulationState.RUNNING.value, started_at=func.coalesce(_simulation.started_at, at)
        )
        self._work.connection.execute(statement)

    def advance(self, simulation: Simulation) -> bool:
        """Stores how far it has come, and whether it is over; False when it was over already, or is gone."""
        statement = self._open(simulation.id).values(
            done=simulation.done,
            total=simulation.total,
            place=simulation.place,
            result=simulation.result,
            state=simulation.state.value,
            failure=simulation.failure,
            ended_at=simulation.ended_at,
        )
        return self._work.connection.execute(statement).rowcount > 0

    def _open(self, simulation_id: UUID) -> Update:
        return update(simulation_table).where(
            _simulation.tenant_id == self._work.tenant_id,
            _simulation.id == simulation_id,
            _simulation.ended_at.is_(None),
        )


def purge_simulations(driver: Driver, expired_before: datetime, *, at_most: int = 100) -> int:
    """Deletes simulations of all tenants whose time was over by then; how many. Safe to call from many workers."""
    row = driver.execute("select purge_rules_simulations(%s, %s)", (expired_before, at_most)).fetchone()
    return 0 if row is None else int(row[0])


def _row(tenant_id: UUID, simulation: Simulation) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "id": simulation.id,
        "definition_id": simulation.definition_id,
        "name": simulation.name,
        "version": simulation.version,
        "content": simulation.content,
        "content_hash": simulation.content_hash,
        "calls": [list(each) for each in simulation.calls],
        "baseline_version": simulation.baseline_version,
        "source": simulation.source,
        "max_examples": simulation.max_examples,
        "state": simulation.state.value,
        "done": simulation.done,
        "total": simulation.total,
        "place": simulation.place,
        "result": simulation.result,
        "failure": simulation.failure,
        # Of the release before; a job counts its attempts itself.
        "attempts": 0,
        "created_at": simulation.created_at,
        "started_at": simulation.started_at,
        "ended_at": simulation.ended_at,
        "expires_at": simulation.expires_at,
        "creator": simulation.creator,
    }


def _read(row: Row[Any]) -> Simulation:
    return Simulation(
        id=row.id,
        definition_id=row.definition_id,
        name=row.name,
        version=row.version,
        content=getattr(row, "content", b""),
        content_hash=row.content_hash,
        calls=tuple(CalledVersion(name, number) for name, number in row.calls),
        baseline_version=row.baseline_version,
        source=getattr(row, "source", b""),
        max_examples=row.max_examples,
        state=SimulationState(row.state),
        done=row.done,
        total=row.total,
        place=row.place,
        result=getattr(row, "result", b""),
        failure=row.failure,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
        creator=row.creator,
    )
