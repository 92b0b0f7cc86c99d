"""Storing and finding when versions are in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, or_, select, update

from function_backend.services.rules.domain.publication import Publication, Timeline
from function_backend.services.rules.domain.version import VersionState
from function_backend.services.rules.tables import definition_table, publication_table, version_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_publication = publication_table.c
_definition = definition_table.c
_version = version_table.c


class KnownPublications(NamedTuple):
    """When the versions of a decision are in force, and which of them may decide."""

    definition_id: UUID
    timeline: Timeline
    published: dict[int, str]
    """The content hashes of the versions that were published and are not retired, by number."""


class PublicationRepository:
    """The publications of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, definition_id: UUID, publication: Publication) -> None:
        """Stores a new one."""
        self._work.connection.execute(
            insert(publication_table).values(
                tenant_id=self._work.tenant_id,
                definition_id=definition_id,
                number=publication.number,
                version=publication.version,
                valid_from=publication.valid_from,
                valid_until=publication.valid_until,
                ended_at=publication.ended_at,
                published_at=publication.published_at,
                publisher=publication.publisher,
                comment=publication.comment,
            )
        )

    def end(self, definition_id: UUID, versions: Sequence[int], *, at: datetime) -> None:
        """Ends those of the versions that last beyond the time, or begin later."""
        self._work.connection.execute(
            update(publication_table)
            .where(
                _publication.tenant_id == self._work.tenant_id,
                _publication.definition_id == definition_id,
                _publication.version.in_(list(versions)),
                _publication.ended_at.is_(None),
                or_(_publication.valid_until.is_(None), _publication.valid_until > at),
            )
            .values(ended_at=at)
        )

    def of(self, definition_id: UUID) -> list[Publication]:
        """All of a decision, in the order in which they were made."""
        query = select(publication_table).where(
            _publication.tenant_id == self._work.tenant_id, _publication.definition_id == definition_id
        )
        return [_read(row) for row in self._work.connection.execute(query.order_by(_publication.number))]

    def timelines(self, definition_ids: Sequence[UUID]) -> dict[UUID, Timeline]:
        """When versions of these decisions are in force; nothing for those never published."""
        if not definition_ids:
            return {}
        query = select(publication_table).where(
            _publication.tenant_id == self._work.tenant_id, _publication.definition_id.in_(list(definition_ids))
        )
        found: defaultdict[UUID, list[Publication]] = defaultdict(list)
        for row in self._work.connection.execute(query):
            found[row.definition_id].append(_read(row))
        return {definition_id: Timeline(publications) for definition_id, publications in found.items()}

    def known(self, name: str) -> KnownPublications | None:
        """The publications of a decision by its name, and which versions may decide; None when there is none.

        In one statement, so that both are of one moment.
        """
        query = (
            select(_definition.id, publication_table, _version.state, _version.content_hash)
            .select_from(definition_table)
            .outerjoin(
                publication_table,
                (_publication.tenant_id == _definition.tenant_id) & (_publication.definition_id == _definition.id),
            )
            .outerjoin(
                version_table,
                (_version.tenant_id == _publication.tenant_id)
                & (_version.definition_id == _publication.definition_id)
                & (_version.version == _publication.version),
            )
            .where(_definition.tenant_id == self._work.tenant_id, _definition.name == name)
        )
        rows = self._work.connection.execute(query).all()
        if not rows:
            return None
        made = [row for row in rows if row.number is not None]
        return KnownPublications(
            definition_id=rows[0].id,
            timeline=Timeline([_read(row) for row in made]),
            published={row.version: row.content_hash for row in made if row.state == VersionState.PUBLISHED.value},
        )


def _read(row: Row[Any]) -> Publication:
    return Publication(
        number=row.number,
        version=row.version,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        ended_at=row.ended_at,
        published_at=row.published_at,
        publisher=row.publisher,
        comment=row.comment,
    )
