"""Storing and finding replays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from function_backend.services.webhooks.domain.delivery import Replay
from function_backend.services.webhooks.tables import replay_table

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_replay = replay_table.c

TOPIC = "webhook_replay"
"""The topic of the notification that there is a replay to go on with."""


class ReplayRepository:
    """The replays of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, replay: Replay) -> None:
        """Stores a new one, and wakes whoever goes on with it."""
        values = {name: getattr(replay, name) for name in _COLUMNS}
        self._work.connection.execute(insert(replay_table).values(tenant_id=self._work.tenant_id, **values))
        self._work.notify(TOPIC, "")

    def save(self, replay: Replay) -> None:
        """Stores how far it has come."""
        statement = update(replay_table).where(_replay.tenant_id == self._work.tenant_id, _replay.id == replay.id)
        self._work.connection.execute(
            statement.values(position=replay.position, queued=replay.queued, ended_at=replay.ended_at)
        )

    def find(self, replay_id: UUID) -> Replay | None:
        """The one with the id."""
        query = select(replay_table).where(_replay.tenant_id == self._work.tenant_id, _replay.id == replay_id)
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def take(self, replay_id: UUID) -> Replay | None:
        """The one with the id, locked until the transaction ends; None when it is over, or another process is at it."""
        query = select(replay_table).where(
            _replay.tenant_id == self._work.tenant_id, _replay.id == replay_id, _replay.ended_at.is_(None)
        )
        row = self._work.connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
        return None if row is None else _read(row)

    def running(self, endpoint_id: UUID) -> UUID | None:
        """The id of one of the endpoint that goes on."""
        query = select(_replay.id).where(
            _replay.tenant_id == self._work.tenant_id,
            _replay.endpoint_id == endpoint_id,
            _replay.ended_at.is_(None),
        )
        found: UUID | None = self._work.connection.execute(query.limit(1)).scalar_one_or_none()
        return found


_COLUMNS = tuple(column.name for column in replay_table.columns if column.name != "tenant_id")


def _read(row: Row[Any]) -> Replay:
    return Replay(**{name: getattr(row, name) for name in _COLUMNS})
