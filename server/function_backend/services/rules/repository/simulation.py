"""Storing and finding simulations, and which worker is at them."""

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
    from sqlalchemy import Row

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

    def count_open(self) -> int:
        """How many are not over."""
        query = select(func.count()).where(
            _simulation.tenant_id == self._work.tenant_id, _simulation.ended_at.is_(None)
        )
        return self._work.connection.execute(query).scalar_one()

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

    def end(self, simulation: Simulation) -> None:
        """Stores that it is over; whoever is at it loses it."""
        self._update(
            simulation.id,
            {
                "state": simulation.state.value,
                "failure": simulation.failure,
                "ended_at": simulation.ended_at,
                "holder": None,
                "held_until": None,
            },
        )

    def take(self, simulation_id: UUID, holder: UUID, *, now: datetime, until: datetime) -> Simulation | None:
        """Takes one that nobody is at; None when it is over, gone, or somebody's."""
        statement = (
            update(simulation_table)
            .where(
                _simulation.tenant_id == self._work.tenant_id,
                _simulation.id == simulation_id,
                _simulation.ended_at.is_(None),
                (_simulation.held_until.is_(None)) | (_simulation.held_until <= now),
            )
            .values(
                holder=holder,
                held_until=until,
                attempts=_simulation.attempts + 1,
                state=SimulationState.RUNNING.value,
                started_at=func.coalesce(_simulation.started_at, now),
            )
            .returning(*simulation_table.columns)
        )
        row = self._work.connection.execute(statement).one_or_none()
        return None if row is None else _read(row)

    def advance(self, simulation: Simulation, holder: UUID, *, until: datetime | None) -> bool:
        """Stores how far it has come; False when it is not the holder's any more. Without `until` it is let go."""
        values: dict[str, Any] = {
            "done": simulation.done,
            "total": simulation.total,
            "place": simulation.place,
            "result": simulation.result,
            "attempts": 0,
            "held_until": until,
        }
        if simulation.is_over:
            values |= {"state": simulation.state.value, "failure": simulation.failure, "ended_at": simulation.ended_at}
        if until is None:
            values["holder"] = None
        return self._update(simulation.id, values, holder=holder)

    def _update(self, simulation_id: UUID, values: dict[str, Any], *, holder: UUID | None = None) -> bool:
        statement = update(simulation_table).where(
            _simulation.tenant_id == self._work.tenant_id, _simulation.id == simulation_id
        )
        if holder is not None:
            statement = statement.where(_simulation.holder == holder, _simulation.ended_at.is_(None))
        return self._work.connection.execute(statement.values(values)).rowcount > 0


def due_simulations(driver: Driver, now: datetime, *, at_most: int = 10) -> Sequence[tuple[UUID, UUID]]:
    """Tenant and id of simulations of all tenants that nobody is at, the oldest first."""
    rows = driver.execute("select tenant_id, id from due_rules_simulations(%s, %s)", (now, at_most)).fetchall()
    return [(tenant_id, simulation_id) for tenant_id, simulation_id in rows]


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
        "attempts": simulation.attempts,
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
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
        creator=row.creator,
    )
