"""Finding what is in force or planned, with all that it calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from function_backend.services.rules.domain.distribution import Followed, PublishedDefinition, VersionKey
from function_backend.services.rules.domain.version import CalledVersion, Version
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.publication import PublicationRepository
from function_backend.services.rules.repository.version import VersionRepository

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork


class PublishedRepository:
    """What is published of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def find(self, followed: Followed, *, now: datetime, limit: int) -> list[PublishedDefinition]:
        """Those of the followed decisions that were ever published, in order of name."""
        definitions = DefinitionRepository(self._work).followed(followed, limit=limit)
        timelines = PublicationRepository(self._work).timelines([each.id for each in definitions])
        return [
            PublishedDefinition(id=each.id, name=each.name, periods=tuple(timelines[each.id].ahead(now)))
            for each in definitions
            if each.id in timelines
        ]

    def with_called(self, keys: Collection[VersionKey]) -> dict[VersionKey, list[Version]]:
        """Each of the versions with all that it calls; what is called comes first."""
        versions: dict[CalledVersion, Version] = {}
        found = wanted = VersionRepository(self._work).find_all(keys)
        # Round by round: a graph is a few calls deep.
        while found:
            versions |= {CalledVersion(each.name, each.number): each for each in found}
            missing = {call for each in found for call in each.calls if call not in versions}
            names = frozenset(call.name for call in missing)
            called = DefinitionRepository(self._work).followed(Followed(names=names, prefix=""), limit=len(names))
            ids = {each.name: each.id for each in called}
            further = {(ids[call.name], call.version) for call in missing if call.name in ids}
            found = VersionRepository(self._work).find_all(further)
        return {VersionKey(each.definition_id, each.number): _called_first(each, versions) for each in wanted}


def _called_first(version: Version, versions: Mapping[CalledVersion, Version]) -> list[Version]:
    order: dict[CalledVersion, Version] = {}

    def visit(call: CalledVersion) -> None:
        found = versions.get(call)
        if found is not None and call not in order:
            for further in found.calls:
                visit(further)
            order[call] = found

    visit(CalledVersion(version.name, version.number))
    return list(order.values())
