"""Storing and finding the versions of decisions, and what was done to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, tuple_, update

from function_backend.kernel.pagination import Page
from function_backend.services.rules.domain.definition import Content, RegisteredDefinition
from function_backend.services.rules.domain.version import CalledVersion, Step, Version, VersionAction, VersionState
from function_backend.services.rules.tables import version_step_table, version_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_version = version_table.c
_step = version_step_table.c
_LISTED = [column for column in version_table.columns if column.name != "content"]


class VersionRepository:
    """The versions of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, version: Version) -> None:
        """Stores a new one."""
        values = {
            "tenant_id": self._work.tenant_id,
            "definition_id": version.definition_id,
            "version": version.number,
            "name": version.name,
            "created_at": version.created_at,
            **_written(version),
            **_moved(version),
        }
        self._work.connection.execute(insert(version_table).values(values))

    def write(self, version: Version) -> None:
        """Stores the content of a draft anew."""
        self._update(version, {**_written(version), **_moved(version)})

    def move(self, version: Version) -> None:
        """Stores the state that the version is in now; its content stays."""
        self._update(version, _moved(version))

    def remove(self, version: Version) -> None:
        """Removes a draft with its history."""
        tenant_id, definition_id, number = self._work.tenant_id, version.definition_id, version.number
        self._work.connection.execute(
            delete(version_table).where(
                _version.tenant_id == tenant_id, _version.definition_id == definition_id, _version.version == number
            )
        )
        self._work.connection.execute(
            delete(version_step_table).where(
                _step.tenant_id == tenant_id, _step.definition_id == definition_id, _step.version == number
            )
        )

    def note(self, version: Version, step: Step) -> None:
        """Adds to the history of the version what was just done to it."""
        values = {
            "tenant_id": self._work.tenant_id,
            "definition_id": version.definition_id,
            "version": version.number,
            "revision": version.revision,
            "action": step.action.value,
            "actor": step.actor,
            "at": step.at,
            "comment": step.comment,
        }
        self._work.connection.execute(insert(version_step_table).values(values))

    def find(self, definition_id: UUID, number: int) -> Version | None:
        """The version with the number; with 0 the latest one."""
        query = select(version_table).where(
            _version.tenant_id == self._work.tenant_id, _version.definition_id == definition_id
        )
        if number:
            query = query.where(_version.version == number)
        row = self._work.connection.execute(query.order_by(_version.version.desc()).limit(1)).one_or_none()
        return None if row is None else _read(row)

    def find_all(self, keys: Collection[tuple[UUID, int]]) -> list[Version]:
        """The versions with these ids of decisions and numbers, with their contents; those that exist."""
        if not keys:
            return []
        query = select(version_table).where(
            _version.tenant_id == self._work.tenant_id,
            tuple_(_version.definition_id, _version.version).in_(list(keys)),
        )
        return [_read(row) for row in self._work.connection.execute(query)]

    def count(self, definition_id: UUID) -> int:
        """How many versions a decision has."""
        query = select(func.count()).where(
            _version.tenant_id == self._work.tenant_id, _version.definition_id == definition_id
        )
        return self._work.connection.execute(query).scalar_one()

    def latest_of(self, definitions: Sequence[RegisteredDefinition]) -> dict[UUID, Version]:
        """The latest version of each of the decisions, without its content."""
        if not definitions:
            return {}
        latest = (
            select(_version.definition_id, func.max(_version.version))
            .where(
                _version.tenant_id == self._work.tenant_id,
                _version.definition_id.in_([each.id for each in definitions]),
            )
            .group_by(_version.definition_id)
        )
        query = select(*_LISTED).where(
            _version.tenant_id == self._work.tenant_id,
            tuple_(_version.definition_id, _version.version).in_(latest),
        )
        return {row.definition_id: _read(row) for row in self._work.connection.execute(query)}

    def in_state(self, definition_id: UUID, state: VersionState) -> list[Version]:
        """The versions of a decision in that state, without their contents, in order of number."""
        query = select(*_LISTED).where(
            _version.tenant_id == self._work.tenant_id,
            _version.definition_id == definition_id,
            _version.state == state.value,
        )
        return [_read(row) for row in self._work.connection.execute(query.order_by(_version.version))]

    def list_before(self, definition_id: UUID, before: int | None, *, limit: int) -> Page[Version]:
        """The versions below the number without their contents, the latest first."""
        query = select(*_LISTED).where(
            _version.tenant_id == self._work.tenant_id, _version.definition_id == definition_id
        )
        if before is not None:
            query = query.where(_version.version < before)
        rows = self._work.connection.execute(query.order_by(_version.version.desc()).limit(limit + 1))
        found = [_read(row) for row in rows]
        more, found = len(found) > limit, found[:limit]
        return Page(found, (str(found[-1].number),) if more else None)

    def history(self, version: Version) -> list[Step]:
        """What was done to the version, the oldest first."""
        query = select(version_step_table).where(
            _step.tenant_id == self._work.tenant_id,
            _step.definition_id == version.definition_id,
            _step.version == version.number,
        )
        return [
            Step(action=VersionAction(row.action), actor=row.actor, at=row.at, comment=row.comment)
            for row in self._work.connection.execute(query.order_by(_step.revision))
        ]

    def _update(self, version: Version, values: dict[str, Any]) -> None:
        statement = update(version_table).where(
            _version.tenant_id == self._work.tenant_id,
            _version.definition_id == version.definition_id,
            _version.version == version.number,
        )
        self._work.connection.execute(statement.values(values))


def _written(version: Version) -> dict[str, Any]:
    content = version.content
    return {
        "description": content.description,
        "labels": dict(content.labels),
        "content": content.body,
        "content_hash": content.content_hash,
        "called": sorted(content.called),
        "authors": list(version.authors),
    }


def _moved(version: Version) -> dict[str, Any]:
    return {
        "state": version.state.value,
        "revision": version.revision,
        "updated_at": version.updated_at,
        "calls": [list(each) for each in version.calls],
    }


def _read(row: Row[Any]) -> Version:
    return Version(
        definition_id=row.definition_id,
        number=row.version,
        state=VersionState(row.state),
        content=Content(
            name=row.name,
            description=row.description,
            labels=row.labels,
            body=getattr(row, "content", b""),
            content_hash=row.content_hash,
            called=frozenset(row.called),
        ),
        revision=row.revision,
        authors=tuple(row.authors),
        created_at=row.created_at,
        updated_at=row.updated_at,
        calls=tuple(CalledVersion(name, number) for name, number in row.calls),
    )
