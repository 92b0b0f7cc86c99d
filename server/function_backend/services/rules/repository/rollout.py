"""Storing and finding rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from function_backend.services.rules.domain.rollout import Rollout, RolloutMode
from function_backend.services.rules.domain.version import CalledVersion
from function_backend.services.rules.tables import rollout_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_rollout = rollout_table.c


class RolloutRepository:
    """The rollouts of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def put(self, rollout: Rollout) -> None:
        """Stores the one of a decision, in place of the one there is."""
        values = {
            "candidate_version": rollout.candidate,
            "content_hash": rollout.content_hash,
            "calls": [list(each) for each in rollout.calls],
            "mode": rollout.mode.value,
            "hundredths": rollout.hundredths,
            "key": rollout.key,
            "started_at": rollout.started_at,
            "updated_at": rollout.updated_at,
            "author": rollout.author,
            "comment": rollout.comment,
        }
        key = {"tenant_id": self._work.tenant_id, "definition_id": rollout.definition_id}
        statement = insert(rollout_table).values(key | values)
        self._work.connection.execute(
            statement.on_conflict_do_update(index_elements=["tenant_id", "definition_id"], set_=values)
        )

    def find(self, definition_id: UUID) -> Rollout | None:
        """The one of a decision."""
        query = select(rollout_table).where(
            _rollout.tenant_id == self._work.tenant_id, _rollout.definition_id == definition_id
        )
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row)

    def remove(self, definition_id: UUID) -> None:
        """Removes the one of a decision."""
        self._work.connection.execute(
            delete(rollout_table).where(
                _rollout.tenant_id == self._work.tenant_id, _rollout.definition_id == definition_id
            )
        )


def _read(row: Row[Any]) -> Rollout:
    return Rollout(
        definition_id=row.definition_id,
        candidate=row.candidate_version,
        content_hash=row.content_hash,
        calls=tuple(CalledVersion(name, number) for name, number in row.calls),
        mode=RolloutMode(row.mode),
        hundredths=row.hundredths,
        key=row.key,
        started_at=row.started_at,
        updated_at=row.updated_at,
        author=row.author,
        comment=row.comment,
    )
